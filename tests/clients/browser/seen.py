"""What tests in a browser share: how wide a window is, what is serious to somebody who cannot see or click, lists."""

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import httpx2
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page

from estates_api.domain.quarters import quarter_of

WIDE, PHONE = (1280, 900), (390, 800)
LEVELS = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"]

KEY = "the-key-of-the-clients"

Open = Callable[..., Page]


def list_serious(page: Page) -> list[tuple[str, list[str]]]:
    """What axe finds that is serious or worse (WCAG 2.2 AA): each rule with the elements that break it."""
    found: list[dict[str, Any]] = Axe().run(page, options={"runOnly": LEVELS}).response["violations"]
    return [(one["id"], [node["html"] for node in one["nodes"]]) for one in found
            if one["impact"] in {"serious", "critical"}]  # fmt: skip


def wider(page: Page) -> int:
    """By how many pixels the page is wider than its window."""
    wide: int = page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
    return wide


def publish_lists(address: str) -> str:
    """Publish the lists of an earlier quarter and of this one, which is given."""
    now = str(quarter_of(datetime.now(UTC).date()))
    for quarter in ("2015-Q1", now):
        told = httpx2.post(f"{address}/shortlists/{quarter}/publications", headers={"X-API-Key": KEY},
                           json={"by": "A Board", "allow_stale": "the returns are of 2017"}, timeout=60)  # fmt: skip
        assert told.status_code == 201, told.text
    return now
