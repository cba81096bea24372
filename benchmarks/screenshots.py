"""Make the documentation's pictures again: every page of the app as a visitor of a new server sees it.

    python -m benchmarks.screenshots [--output docs/images] [page ...]

Each page is 1440 x 900 pixels, in few colours so that the files stay small. Studies and patches are empty.
"""

import argparse
import io
from collections.abc import Mapping
from pathlib import Path
from tempfile import TemporaryDirectory
from urllib.parse import urlencode

from PIL import Image
from playwright.sync_api import Page

from benchmarks.browser import chromium
from benchmarks.server import APP, ROOT, served

#: Irony: the model takes the praise for a warning, and the correction turns 1 star into 5.
REVIEW = "Warning: these people will ruin you for everywhere else by actually remembering your name."
CORRECTED = {"text": REVIEW, "target": "service=Negative", "override": "service=Positive"}
#: The page of each picture, and the part of its address that says what it shows.
PAGES: Mapping[str, tuple[str, Mapping[str, str]]] = {
    "home": ("", {}),
    "explain": ("Explain", CORRECTED),
    "subnetworks": ("Subnetworks", {}),
    "interventions": ("Interventions", CORRECTED),
    "failures": ("Failures", {}),
    "studies": ("Studies", {}),
    "evaluation": ("Evaluation", {}),
}
SIZE = (1440, 900)
#: The nearest of so many colours differs from each pixel's by 6 of 255 at most, in a third of the bytes.
COLOURS = 256
PATIENCE = 300_000.0  # milliseconds; Failures predicts all samples first
#: True once nothing has run, and nothing was said to be in progress, for two seconds.
QUIET = """() => {
    const app = document.querySelector("[data-testid=stApp]")
    const busy = app?.dataset.testScriptState !== "notRunning"
        || document.querySelector("[data-testid=stProgress], [data-testid=stSpinner], [data-testid=stSkeleton]")
    if (busy || !window.quietSince) window.quietSince = performance.now()
    return !busy && performance.now() - window.quietSince > 2000
}"""


def picture(page: Page, address: str) -> Image.Image:
    """What the page shows once it is quiet."""
    page.goto(address)
    page.wait_for_function(QUIET)
    image = Image.open(io.BytesIO(page.screenshot())).convert("RGB")
    return image.quantize(COLOURS, Image.Quantize.MAXCOVERAGE, kmeans=1, dither=Image.Dither.NONE)


def make(names: list[str], folder: Path) -> None:
    """Write the pictures of these pages into the folder, which is made when it is not there."""
    folder.mkdir(parents=True, exist_ok=True)
    with TemporaryDirectory() as empty, chromium(PATIENCE) as browser, served(
            APP, SPARSECBM_STUDIES=f"{empty}/studies.sqlite", SPARSECBM_PATCHES=f"{empty}/patches") as url:
        for name in names:
            path, parts = PAGES[name]
            page = browser.new_page()
            page.set_viewport_size({"width": SIZE[0], "height": SIZE[1]})
            picture(page, f"{url}/{path}?{urlencode(parts)}").save(folder / f"{name}.png", optimize=True)
            page.close()


def main() -> None:
    """Read the command line and make the pictures."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.screenshots", description=__doc__.splitlines()[0])
    parser.add_argument("page", nargs="*", default=list(PAGES), help=f"{', '.join(PAGES)} (default: all)")
    parser.add_argument("--output", type=Path, default=ROOT / "docs" / "images", help="folder of the PNG files")
    options = parser.parse_args()
    unknown = set(options.page) - set(PAGES)
    if unknown:
        parser.error(f"no page is called {', '.join(sorted(unknown))}; allowed: {', '.join(PAGES)}")
    make(options.page, options.output)


if __name__ == "__main__":
    main()
