"""How long a person waits on Subnetworks and Failures: for a page that is opened again, and for what a press shows.

    python -m benchmarks.page_presses
    python -m benchmarks.page_presses --source folder-dev    (with SPARSECBM_DATA set to CEBaB's folder)

Starts the app, chooses layers and pairs of subnetworks and presses cells of the confusion matrix in Chromium, one
after the other. The clock runs inside the browser, from the event of the press until what it asks for is drawn; and,
without a limit, until the whole page has followed. All reviews of the source are predicted before anything is timed.
Exit code 1 when a median is above its limit.
"""

import argparse
import json
import sys
from collections.abc import Callable, Sequence
from typing import Any

from playwright.sync_api import Page

from benchmarks.browser import chromium
from benchmarks.page_moves import PAUSE
from benchmarks.report import report, spread, write
from benchmarks.server import APP, served

#: Milliseconds.
LIMITS = {"subnetworks": 1000.0, "layer": 1000.0, "pair": 1000.0, "failures": 1500.0, "cell": 300.0}
#: Milliseconds between two looks at whether something is drawn, and the longest that anything of it may take.
POLL, PATIENCE = 10, 60_000
#: Milliseconds that the predictions of a source may take.
PREDICTING = 1_800_000
#: The words of a part of the page, those inside our components too.
WORDS = """window.words = selector => {
    const said = node => node.nodeType === Node.TEXT_NODE ? node.data
        : [...(node.shadowRoot ?? node).childNodes].map(said).join("");
    return [...document.querySelectorAll(selector)].map(said).join("");
}"""
CLOCK = """addEventListener("pointerup", () => { window.began = performance.now(); }, { capture: true, once: true })"""
IDLE = "document.querySelector('[data-testid=stApp]').dataset.testScriptState === 'notRunning'"


def timed(page: Page, press: Callable[[], None], drawn: str) -> tuple[float, float]:
    """Milliseconds from a press until an expression in the browser holds, and until the page has followed."""
    page.evaluate(CLOCK)
    press()
    taken = []
    for done in (drawn, IDLE):
        page.wait_for_function(f"() => ({done}) && ((window.seen = performance.now()), true)", polling=POLL,
                               timeout=PATIENCE)
        taken.append(float(page.evaluate("window.seen - window.began")))
    page.wait_for_timeout(PAUSE)
    return taken[0], taken[1]


def menu(page: Page, name: str) -> Callable[[], None]:
    """A press on a page's name in the menu."""
    return lambda: page.get_by_role("link", name=name, exact=True).click()


def cell(page: Page, view: str, row: int, column: int) -> Callable[[], None]:
    """A press on a cell, which lies in sight before the clock starts."""
    place = page.locator(f".st-key-{view} [data-row='{row}'][data-column='{column}']")
    place.scroll_into_view_if_needed()
    place.hover()
    return lambda: place.click(no_wait_after=True)


def opened(page: Page, name: str, drawn: str, times: int) -> list[tuple[float, float]]:
    """Openings from Home."""
    taken = []
    for _ in range(times):
        menu(page, "Home")()
        page.wait_for_function(IDLE)
        page.wait_for_timeout(PAUSE)
        taken.append(timed(page, menu(page, name), drawn))
    return taken


def option(page: Page, key: str, number: int) -> Callable[[], None]:
    """A press on an option of an open list."""
    page.wait_for_function(IDLE)
    page.wait_for_timeout(PAUSE)  # a list that opens while the page is still drawn closes again
    page.locator(f".st-key-{key} input").click()
    place = page.get_by_role("option").nth(number)
    place.hover()
    return lambda: place.click(no_wait_after=True)


def subnetworks(page: Page, url: str, times: int) -> dict[str, list[tuple[float, float]]]:
    """Opens the page, and chooses its layers and pairs in turn, for which every model has lists."""
    drawn = "document.querySelector('.st-key-subnetworks-sharing .js-plotly-plot .point')"
    page.goto(f"{url}/Subnetworks")
    page.wait_for_function(drawn, timeout=PATIENCE)
    found = {"subnetworks": opened(page, "Subnetworks", drawn, times), "layer": [], "pair": []}
    for number in range(1, times + 1):
        shown = [f"words('.st-key-subnetworks-{part}').includes('Layer {number % 4}')" for part in ("heads", "neurons")]
        found["layer"].append(timed(page, option(page, "subnetworks-layer", 1 + number % 4), " && ".join(shown)))
        before = json.dumps(page.evaluate("words('[data-testid=stMain]')"))
        found["pair"].append(timed(page, option(page, "subnetworks-pair", 1 + number % 3),
                                   f"words('[data-testid=stMain]') !== {before}"))
    return found


def failures(page: Page, url: str, times: int, source: str) -> dict[str, list[tuple[float, float]]]:
    """Opens the page with all reviews predicted, and presses cells with different numbers of reviews."""
    drawn = ("words('.st-key-failures-confusion').length && "
             "document.querySelector('.st-key-failures-rows [data-testid=stDataFrame] canvas')")
    page.goto(f"{url}/Failures?source={source}")
    page.wait_for_function(drawn, timeout=PREDICTING)
    found = {"failures": opened(page, "Failures", drawn, times), "cell": []}
    cells = page.locator(".st-key-failures-confusion .cell")
    by_count = {one.inner_text(): (int(one.get_attribute("data-row") or 0), int(one.get_attribute("data-column") or 0))
                for one in cells.all()}  # no two of the same count
    filled = [place for count, place in by_count.items() if count not in ("", "0")]
    line = "[...document.querySelectorAll('p')].find(line => / of [\\d,]+ reviews/.test(line.textContent))?.innerText"
    for number in range(times):
        before = json.dumps(page.evaluate(line))
        press = cell(page, "failures-confusion", *filled[number % len(filled)])
        found["cell"].append(timed(page, press, f"![undefined, {before}].includes({line})"))
    return found


def measure(url: str, times: int, source: str) -> dict[str, Any]:
    """Both pages, one after the other."""
    with chromium(PATIENCE) as context:
        context.add_init_script(WORDS)
        page = context.new_page()
        found = subnetworks(page, url, times) | failures(page, url, times, source)
    return summary(found)


def summary(found: dict[str, list[tuple[float, float]]]) -> dict[str, Any]:
    """Milliseconds of each kind of press until it was answered, and until the page had followed."""
    answered = {name: spread([one for one, _ in presses], LIMITS[name]) for name, presses in found.items()}
    followed = {f"{name}_followed": spread([one for _, one in presses]) for name, presses in found.items()}
    return report(milliseconds=answered | followed)


def main(arguments: Sequence[str] | None = None) -> int:
    """Time the presses; 0 within the bounds, 1 beyond them."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.page_presses", description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--checkpoint", default="checkpoints/cebab-minilm", help="(default: %(default)s)")
    parser.add_argument("--source", default="samples", help="reviews of Failures, as its address names them (default: "
                        "%(default)s, the built-in ones)")
    parser.add_argument("--times", type=int, default=8, help="presses of each kind (default: %(default)s)")
    options = parser.parse_args(arguments)
    with served(APP, SPARSECBM_CHECKPOINT=options.checkpoint) as url:
        result = measure(url, options.times, options.source)
    return write(result)


if __name__ == "__main__":
    sys.exit(main())
