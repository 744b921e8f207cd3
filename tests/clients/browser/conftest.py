"""A real browser for the pages and the map. What is beside this file is importable as `seen`."""

import os
import shutil
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, Request, expect, sync_playwright

sys.path.insert(0, str(Path(__file__).parent))

from seen import WIDE, Open

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser")
DRAWN_BY_SOFTWARE = ["--no-sandbox", "--use-angle=swiftshader", "--enable-unsafe-swiftshader", "--ignore-gpu-blocklist"]
PATIENCE_MS = 20_000

expect.set_options(timeout=PATIENCE_MS)


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """Debian's Chromium, drawing WebGL by software."""
    if CHROMIUM is None and os.environ.get("CI") != "true":
        pytest.skip("no Chromium here (apt-get install chromium)")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=DRAWN_BY_SOFTWARE)
        yield browser
        browser.close()


@pytest.fixture
def opened(browser: Browser, request: pytest.FixtureRequest) -> Iterator[Open]:
    """Opens a path of the service, or of the one at `on`, in a fresh window; when the test is over, nothing was wrong
    and nothing was asked of other hosts."""
    wrong: list[str] = []
    contexts = []

    def open_(
        path: str, size: tuple[int, int] = WIDE, *, before: str = "", javascript: bool = True, refused: int = 0,
        on: str | None = None,
    ) -> Page:  # fmt: skip
        host = on or request.getfixturevalue("served")

        def asked(request: Request) -> None:
            if not request.url.startswith((host, "blob:", "data:")):
                wrong.append(f"asked {request.url}")

        context = browser.new_context(viewport={"width": size[0], "height": size[1]}, java_script_enabled=javascript)
        contexts.append(context)
        page = context.new_page()
        page.set_default_timeout(PATIENCE_MS)
        page.on("console", lambda said: wrong.append(said.text) if said.type in {"error", "warning"}
                and not (refused and str(refused) in said.text) else None)  # fmt: skip
        page.on("pageerror", lambda error: wrong.append(str(error)))
        page.on("request", asked)
        if before:
            page.add_init_script(before)
        page.goto(f"{host}{path}")
        return page

    yield open_
    for context in contexts:
        context.close()
    # Chromium itself tells of the software that it draws with.
    assert [one for one in wrong if "GPU stall due to ReadPixels" not in one] == []
