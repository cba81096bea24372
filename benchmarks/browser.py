"""A visitor of the app in a real browser without a window: Chromium, Chrome or Edge, wherever it is installed."""

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from playwright.sync_api import BrowserContext, sync_playwright

#: Names the browser's program where it is none of the usual ones.
VARIABLE = "CHROME_PATH"
_NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome", "msedge", "microsoft-edge")
#: Where Windows and macOS keep what is not on the path, below the folders for programs.
_PLACES = ("Google/Chrome/Application/chrome.exe", "Chromium/Application/chrome.exe",
           "Microsoft/Edge/Application/msedge.exe", *(f"{name}.app/Contents/MacOS/{name}" for name in (
               "Google Chrome", "Chromium", "Microsoft Edge")))


def found_browser() -> str | None:
    """The program of a browser that Playwright can drive; None where there is none."""
    if named := os.environ.get(VARIABLE):
        return named
    folders = [os.environ.get(name) for name in ("PROGRAMFILES", "PROGRAMFILES(X86)", "LOCALAPPDATA")]
    places = [Path(folder, place) for folder in (*folders, Path.home() / "Applications", "/Applications") if folder
              for place in _PLACES]
    return next(filter(None, map(shutil.which, (*_NAMES, *map(str, places)))), None)


CHROMIUM = found_browser()
ARGUMENTS = ["--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
             "--disable-background-networking", "--disable-component-update", "--disable-sync"]


@contextmanager
def chromium(patience: float) -> Iterator[BrowserContext]:
    """One visitor while the block lasts, who waits so many milliseconds at most for anything."""
    if CHROMIUM is None:
        raise SystemExit(f"No Chromium, Chrome or Edge was found. Install one (Debian: apt-get install chromium), or "
                         f"name its program in {VARIABLE}.")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, headless=True, args=ARGUMENTS)
        context = browser.new_context(viewport={"width": 1280, "height": 900})
        context.set_default_timeout(patience)
        yield context
        browser.close()
