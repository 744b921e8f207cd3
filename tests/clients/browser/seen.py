"""What tests in a browser share: how wide a window is, and what is serious to somebody who cannot see or click."""

from collections.abc import Callable
from typing import Any

from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page

WIDE, PHONE = (1280, 900), (390, 800)
LEVELS = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"]

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
