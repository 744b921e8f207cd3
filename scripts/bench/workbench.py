"""Time the map in a real browser: its first view, and from letting a slider go to the list and the map that answer.

    python scripts/bench/workbench.py [SITES] [--rounds N] [--on ADDRESS]

Made-up sites over North Central London in a private PostgreSQL, served by a process of its own; or `--on` a service
that runs. Debian's Chromium draws by software. Playwright is among the dependencies of the tests.
"""

import argparse
import os
import shutil
import socket
import statistics
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent))

from playwright.sync_api import Browser, Page, sync_playwright
from shortlist import METHOD, TODAY, handed_in

from estates_api.domain.method_file import parse_method
from estates_api.domain.quarters import quarter_of
from estates_api.settings import ROOT
from estates_api.store.database import make_engine, transaction
from estates_api.workflows import setup, shortlist
from estates_api.workflows.adoption import InForce

DRAWN_BY_SOFTWARE = ["--no-sandbox", "--use-angle=swiftshader", "--enable-unsafe-swiftshader", "--ignore-gpu-blocklist"]
SHOWN = ("list shown", "map drawn")
"""What the page marks when it has shown its answer."""

# The newest of each mark since a moment, once both are there and have stayed for as long as a blink.
_SETTLED = """
async ([names, since]) => {
    const after = (one) => one.startTime > since;
    const newest = (name) => performance.getEntriesByName(name).filter(after).at(-1)?.startTime;
    let before = null;
    for (;;) {
        const now = JSON.stringify(names.map(newest));
        if (!now.includes("null") && now === before) return names.map(newest);
        before = now;
        await new Promise((done) => setTimeout(done, 300));
    }
}
"""


def main() -> None:
    """Make, serve, look."""
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("sites", type=int, nargs="?", default=5000)
    options.add_argument("--rounds", type=int, default=20)
    options.add_argument("--on", help="the address of a service that runs")
    wanted = options.parse_args()
    print(f"load {os.getloadavg()[0]:.1f} on {os.cpu_count()} cores")
    if wanted.on:
        look(wanted.on, wanted.rounds)
        return
    with made(wanted.sites) as url, served(url) as address:
        look(address, wanted.rounds)


@contextmanager
def made(sites: int) -> Iterator[str]:
    """A database of made sites, assessed and listed."""
    with handed_in(sites) as (url, area):
        engine, method = make_engine(url), parse_method(METHOD, setup.METHOD_FILE)
        with transaction(engine) as connection:
            shortlist.draft(connection, quarter_of(TODAY), area=area, by=InForce(method, METHOD), today=TODAY)
        engine.dispose()
        yield url


@contextmanager
def served(url: str) -> Iterator[str]:
    """The address of a service on a database."""
    with socket.create_server(("127.0.0.1", 0)) as probe:
        port = probe.getsockname()[1]
    command = [sys.executable, "-c", "from estates_api.cli.main import main; main()", "serve", "--port", str(port)]
    around = os.environ | {"ESTATES_DATABASE_URL": url, "ESTATES_LOG": "error"}
    with subprocess.Popen(command, cwd=ROOT, env=around) as process:  # noqa: S603 -- this very product
        try:
            yield _ready(f"http://127.0.0.1:{port}")
        finally:
            process.terminate()


def _ready(address: str) -> str:
    for _ in range(600):
        try:
            urllib.request.urlopen(f"{address}/health/ready")  # noqa: S310 -- our own address
        except OSError:
            time.sleep(0.1)
        else:
            return address
    raise SystemExit("the service does not answer")


def look(address: str, rounds: int) -> None:
    """Print the times of first views and of what-ifs."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=shutil.which("chromium"), args=DRAWN_BY_SOFTWARE)
        views = [first_view(browser, address) for _ in range(max(3, rounds // 4))]
        for number, what in enumerate(("list", "map", "bytes")):
            unit = "kB" if what == "bytes" else "ms"
            print(f"first view, {what}: {_told([view[number] for view in views], unit)}")
        asked = what_if(browser, address, rounds)
        for number, what in enumerate(("list", "map", "both")):
            print(f"what-if, {what}: {_told([one[number] for one in asked], 'ms')}")
        browser.close()


def _told(values: list[float], unit: str) -> str:
    ordered = sorted(values)
    late = ordered[min(len(ordered) - 1, round(0.95 * len(ordered)) - 1)]
    return f"median {statistics.median(values):.0f} {unit}, p95 {late:.0f} {unit} of {len(values)}"


def first_view(browser: Browser, address: str) -> tuple[float, float, float]:
    """Milliseconds from navigation to list and to map, and kilobytes over the wire, of a browser that kept nothing."""
    context = browser.new_context(viewport={"width": 1280, "height": 900})
    page = context.new_page()
    sizes: list[int] = []
    page.on("requestfinished", lambda request: sizes.append(sum(
        request.sizes()[name] for name in ("responseBodySize", "responseHeadersSize"))))  # fmt: skip
    page.goto(f"{address}/map", wait_until="commit")
    shown = _settled(page, 0)
    context.close()
    return shown[0], shown[1], sum(sizes) / 1000


def what_if(browser: Browser, address: str, rounds: int) -> list[tuple[float, float, float]]:
    """Milliseconds from letting a slider go to list, map, and both."""
    page = browser.new_page(viewport={"width": 1280, "height": 900})
    page.goto(f"{address}/map")
    _settled(page, 0)
    page.locator("#what-if summary").click()
    page.wait_for_timeout(1500)
    sliders = page.locator("#weights input[type=range]")
    found, several = [], sliders.count()
    for number in range(rounds + 1):
        slider, value = sliders.nth(number % several), 4 + (7 * number + number // several) % 15  # never as it stands
        since = slider.evaluate("(one, value) => { one.value = value; const now = performance.now(); "
                                "one.dispatchEvent(new Event('input')); one.dispatchEvent(new Event('change', "
                                "{ bubbles: true })); return now; }", str(value))  # fmt: skip
        shown = [moment - since for moment in _settled(page, since)]
        found.append((shown[0], shown[1], max(shown)))
    return found[1:]  # the first has everything made ready


def _settled(page: Page, since: float) -> list[float]:
    moments: list[float] = page.evaluate(_SETTLED, [list(SHOWN), since])
    return moments


if __name__ == "__main__":
    main()
