"""How long a person waits on the Interventions page from a press to the server's answer, in a real browser.

    python -m benchmarks.page_moves --checkpoint DIR

Starts the app, opens a review in Chromium, and sets concepts by button and by the keys of a slider, one move at a
time. The clock runs inside the browser, from the release of the mouse or key until the panel has drawn the answer of
the server, which takes the place of the browser's own preview. The same is measured for a page of Streamlit that does
nothing but say which of two buttons was pressed: what is left of a move without the app, so that a slow machine can be
told from a slow app. Exit code 1 when the median of the moves is above the bound.
"""

import argparse
import sys
import tempfile
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from typing import Any
from urllib.parse import quote

from playwright.sync_api import Page

from benchmarks.browser import chromium
from benchmarks.report import report, spread, write
from benchmarks.server import APP, served

MOST_MILLISECONDS = 80.0
REVIEW = "The soup was cold and bland, but our waiter was a delight."
#: A page of Streamlit with one fragment that does nothing of its own.
EMPTY = '''
import streamlit as st

@st.fragment
def panel():
    pressed = st.segmented_control("Set food to", ["Negative", "Positive"])
    st.html(f'<div role="img" aria-label="After: {pressed}">{pressed}</div>')

panel()
'''
#: Milliseconds between a changed chart and the next press: what follows a move is done by then.
PAUSE = 600
#: Milliseconds between two looks at whether a move is done: to look at every frame would slow the page down.
POLL = 100
PATIENCE = 120_000

#: Notes for every press how long it takes until the concept panel is drawn anew by the server, or, on a page without
#: it, until the chart under `After:` is another one.
WATCH = """chart => {
    if (window.moves) {
        window.moves = [];
        return;
    }
    const root = chart.getRootNode();
    const drawn = () => root.querySelector("[data-turn]")?.dataset.turn
        ?? root.querySelector('[role=img][aria-label^="After:"]')?.outerHTML;
    let shown = drawn(), began = null;
    window.moves = [];
    for (const kind of ["pointerup", "keyup"])
        window.addEventListener(kind, () => { began = performance.now(); }, true);
    new MutationObserver(() => {
        const now = drawn();
        if (!now || now === shown) return;
        shown = now;
        if (began !== null) window.moves.push(performance.now() - began);
        began = null;
    }).observe(root, { subtree: true, childList: true, attributes: true, characterData: true });
}"""


def watched(page: Page, presses: Sequence[Callable[[], None]], warm_up: int = 2) -> list[float]:
    """Milliseconds from each press to the answer, the first few of them left out."""
    page.get_by_role("img", name="After:").evaluate(WATCH)
    for done, press in enumerate(presses, 1):
        press()
        page.wait_for_function(f"window.moves.length >= {done}", timeout=PATIENCE, polling=POLL)
        page.wait_for_timeout(PAUSE)
    taken: list[float] = page.evaluate("window.moves")
    return taken[warm_up:]


def buttons(page: Page, concepts: Sequence[str], count: int) -> list[Callable[[], None]]:
    """Presses that set one concept after the other to one value and then to the other one."""

    def press(concept: str, value: str) -> None:
        page.get_by_role("radiogroup", name=f"Set {concept} to").get_by_role("radio", name=value, exact=True).click()

    moves = [partial(press, concept, value) for value in ("Negative", "Positive") for concept in concepts]
    return [moves[number % len(moves)] for number in range(count)]


def keys(page: Page, count: int) -> list[Callable[[], None]]:
    """Moves of a slider by one step each, by keyboard."""
    slider = page.get_by_role("group", name="food", exact=True).get_by_role("slider")
    slider.focus()
    direction = "ArrowRight" if float(slider.input_value()) < 1 else "ArrowLeft"
    return [lambda: slider.press(direction)] * count


def measure(url: str, empty: str, moves: int) -> dict[str, Any]:
    """Both pages in one browser; half of the moves are buttons, half are keys."""
    with chromium(PATIENCE) as context:
        nothing = context.new_page()
        nothing.goto(empty)
        nothing.get_by_role("img", name="After:").wait_for()
        least = watched(nothing, buttons(nothing, ["food"], moves + 2))
        nothing.close()  # a page behind another one is drawn late
        app = context.new_page()
        app.goto(f"{url}/Interventions?text={quote(REVIEW)}")
        app.get_by_role("img", name="After:").wait_for()
        app.wait_for_selector("[data-testid=stApp][data-test-script-state=notRunning]", state="attached")
        pressed = watched(app, buttons(app, ["food", "service"], moves // 2 + 2))
        app.wait_for_timeout(PAUSE)
        slid = watched(app, keys(app, moves - moves // 2 + 2))
    return summary(pressed, slid, least)


def summary(pressed: Sequence[float], slid: Sequence[float], least: Sequence[float]) -> dict[str, Any]:
    """Milliseconds of moves by button and by slider, and of those of the empty page."""
    return report(milliseconds={"moves": spread([*pressed, *slid], MOST_MILLISECONDS), "buttons": spread(pressed),
                                "slider": spread(slid), "empty_page": spread(least)})


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the comparison; 0 within the bound, 1 beyond it."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.page_moves", description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--checkpoint", default="checkpoints/cebab-minilm", help="a model with the concepts food and "
                        "service, each Negative or Positive (default: %(default)s)")
    parser.add_argument("--moves", type=int, default=20, help="moves that are timed (default: %(default)s)")
    options = parser.parse_args(arguments)
    with tempfile.TemporaryDirectory() as folder:
        script = Path(folder) / "empty.py"
        script.write_text(EMPTY, encoding="utf-8")
        with served(APP, SPARSECBM_CHECKPOINT=options.checkpoint) as url, served(script) as empty:
            result = measure(url, empty, options.moves)
    return write(result)


if __name__ == "__main__":
    sys.exit(main())
