"""The system's own Chromium; nothing is downloaded for the tests."""

import os
import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from playwright.sync_api import Browser, Page, sync_playwright

__all__ = ["ALL_SENT", "chromium", "photograph"]

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


_SCREENSHOTS = Path("artifacts") / "screenshots"


def photograph(page: Page, name: str) -> None:
    """Keep what a page looked like at the end of a test, for people to look at; CI keeps the folder."""
    if os.environ.get("CI"):
        _SCREENSHOTS.mkdir(parents=True, exist_ok=True)
        page.screenshot(path=_SCREENSHOTS / f"{re.sub(r'[^A-Za-z0-9_.-]', '_', name)}.png")


@contextmanager
def chromium() -> Iterator[Browser]:
    """A running browser."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=str(_PROGRAM), args=_ARGUMENTS)
        yield browser
        browser.close()
