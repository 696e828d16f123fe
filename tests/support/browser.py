"""The system's own Chromium; nothing is downloaded for the tests."""

import os
import re
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from playwright.sync_api import Browser, BrowserContext, Page, sync_playwright

__all__ = ["ALL_SENT", "beyond", "chromium", "photograph", "put_away"]

ALL_SENT = "() => !Object.keys(localStorage).some((key) => key.startsWith('inspection_decision '))"
"""True in a page when no decision waits in the browser."""

_PROGRAM = Path("/usr/bin/chromium")
_ARGUMENTS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]

_BEYOND = """() => [...document.querySelectorAll("body *")]
  .filter((one) => one.getBoundingClientRect().right > innerWidth + 1)
  .filter((one) => one.checkVisibility() && !one.closest(".scroll"))
  .map((one) => `${one.tagName} ${one.id} ${one.className}`)"""

_SCREENSHOTS = Path("artifacts") / "screenshots"


def photograph(page: Page, name: str) -> None:
    """Keep what a page looked like at the end of a test, for people to look at; CI keeps the folder."""
    if os.environ.get("CI"):
        _SCREENSHOTS.mkdir(parents=True, exist_ok=True)
        page.screenshot(path=_SCREENSHOTS / f"{re.sub(r'[^A-Za-z0-9_.-]', '_', name)}.png")


def put_away(page: Page | BrowserContext) -> None:
    """Close a page's whole context, or this one.

    Chromium never answers whoever closes a page that is just then on its way to another, as one whose session has
    ended is; without a network it gets nowhere.
    """
    context = page.context if isinstance(page, Page) else page
    context.set_offline(True)
    context.close()


def beyond(page: Page) -> list[str]:
    """What stays beyond the right edge of the window; charts follow a new width a moment later."""
    until = time.monotonic() + 5
    while (found := page.evaluate(_BEYOND)) and time.monotonic() < until:
        page.wait_for_timeout(50)
    return list(found)


@contextmanager
def chromium() -> Iterator[Browser]:
    """A running browser."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=str(_PROGRAM), args=_ARGUMENTS)
        yield browser
        browser.close()
