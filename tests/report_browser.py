"""A headless browser for tests of the report page, and pages to open in it."""

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, sync_playwright

BROWSERS = ("chromium", "chromium-browser", "google-chrome")
ARGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
DESKTOP, PHONE = (1280, 800), (390, 844)  # width and height in CSS px
PAPER = (718, 1047)  # A4 within margins of 1 cm


@contextmanager
def launched() -> Iterator[Browser]:
    """Chromium or Chrome; tests are skipped where there is none."""
    found = next(filter(None, map(shutil.which, BROWSERS)), None)
    if found is None:
        pytest.skip("needs a browser: apt-get install chromium, or install Google Chrome")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=found, args=ARGS)
        yield browser
        browser.close()


def at(browser: Browser, path: Path, size_wh: tuple[int, int] = DESKTOP, script: bool = True) -> Page:
    """The page of a file, opened in a window of this size, in a browser session of its own."""
    viewport = {"width": size_wh[0], "height": size_wh[1]}
    page = browser.new_context(viewport=viewport, java_script_enabled=script).new_page()  # type: ignore[arg-type]
    page.goto(path.as_uri())
    return page
