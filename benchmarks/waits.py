"""How long a person waits: from `streamlit run` to a first page that can be used, and from Explain to coloured words.

    python -m benchmarks.waits [--write docs/speed.md]

Starts the app several times; the clock runs from the start of its process until Home's box can be typed into in
Chromium. Then opens Explain and presses its button for one new text of 45 tokens after the other; the clock runs inside
the browser, from the event of the press until words are coloured. After each press one dense pass of the same backbone
is timed, so that both are slow on a slow machine. Exit code 1 when a median is above its bound.
"""

import argparse
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from playwright.sync_api import Page

from benchmarks.browser import chromium
from benchmarks.page_moves import PAUSE
from benchmarks.page_presses import CLOCK, IDLE
from benchmarks.report import ratio, report, spread, write
from benchmarks.server import APP, Server
from sparsecbm.benchmark.compute_clock import Procedure
from sparsecbm.benchmark.compute_requests import dense_pass
from sparsecbm.benchmark.compute_subject import Subject
from sparsecbm.benchmark.speed_page import markdown_table, number, place_of_part, write_part
from sparsecbm.model.checkpoint import load_checkpoint

MOST_FIRST_PAGE, MOST_EXPLAIN = 6000.0, 1000.0
POLL, PATIENCE = 10, 120_000
#: The part of a page that `--write` replaces.
PART = "waits"
#: True once a word has a colour; words stand in a component's own tree of elements.
COLOURED = """[...document.querySelectorAll('*')].some(
    node => node.shadowRoot?.querySelector('.review .word[style*=background]'))"""


def first_page(checkpoint: Path) -> float:
    """Milliseconds from the start of the server until Home's box can be typed into, in a browser that is open."""
    with chromium(PATIENCE) as context:
        page = context.new_page()
        started = time.perf_counter()
        with Server(APP, SPARSECBM_CHECKPOINT=str(checkpoint)) as server:
            page.goto(f"http://{server.address}")
            page.locator("textarea:enabled").first.wait_for()
            return 1000 * (time.perf_counter() - started)


def rotated(text: str, turn: int) -> str:
    """The same words from another one on: a text that nobody asked about before, of as many tokens."""
    words = text.split()
    turn %= len(words)
    return " ".join([*words[turn:], *words[:turn]])


def explained(page: Page, url: str, text: str) -> float:
    """Milliseconds from the press of Explain until words are coloured, on a page that was just opened."""
    page.goto(f"{url}/Explain")
    box = page.locator("textarea").first
    box.wait_for()
    page.wait_for_function(IDLE)
    page.wait_for_timeout(PAUSE)
    box.fill(text)
    page.evaluate(CLOCK)
    page.get_by_role("button", name="Explain", exact=True).first.click(no_wait_after=True)
    page.wait_for_function(f"() => ({COLOURED}) && ((window.seen = performance.now()), true)", polling=POLL,
                           timeout=PATIENCE)
    return float(page.evaluate("window.seen - window.began"))


def presses(page: Page, url: str, text: str, times: int, dense: Procedure) -> tuple[list[float], list[float]]:
    """Milliseconds of each press but the first, and of a dense pass after each."""
    taken, reference = [], []
    for turn in range(times + 1):
        milliseconds = explained(page, url, rotated(text, turn))
        page.wait_for_function(IDLE)
        for _ in range(2):  # the first one warms the caches of the processor
            started = time.perf_counter()
            dense()
            pass_ms = 1000 * (time.perf_counter() - started)
        if turn:
            taken.append(milliseconds)
            reference.append(pass_ms)
    return taken, reference


def measure(checkpoint: Path, starts: int, times: int, start: Callable[[Path], float] = first_page) -> dict[str, Any]:
    """Both waits in milliseconds, and the second one as a multiple of a dense pass."""
    subject = Subject.of(load_checkpoint(checkpoint, "cpu"))
    started = [start(checkpoint) for _ in range(starts)]
    with Server(APP, SPARSECBM_CHECKPOINT=str(checkpoint)) as server, chromium(PATIENCE) as context:
        taken, dense = presses(context.new_page(), f"http://{server.address}", subject.text, times, dense_pass(subject))
    return summary(started, taken, dense)


def summary(started: Sequence[float], explained: Sequence[float], dense: Sequence[float]) -> dict[str, Any]:
    """The report of these milliseconds."""
    return report(milliseconds={"first_page": spread(started, MOST_FIRST_PAGE),
                                "explain_to_heatmap": spread(explained, MOST_EXPLAIN), "dense_pass": spread(dense)},
                  ratios={"explain_to_heatmap_over_dense": ratio(explained, dense)})


def table(result: dict[str, Any]) -> str:
    """The report as a table of Markdown."""
    rows = [(f"{name.replace('_', ' ')}{unit}", number(one["median"]),
             f"{number(one['low'])} to {number(one['high'])}", number(one["bound"]))
            for group, unit in (("milliseconds", ", ms"), ("ratios", "")) for name, one in result[group].items()]
    return markdown_table(("what", "median", "95 % interval", "at most"), rows)


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure and write JSON; 0 within the bounds, 1 beyond them."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.waits", description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--checkpoint", type=Path, default=Path("checkpoints/cebab-minilm"),
                        help="(default: %(default)s)")
    parser.add_argument("--starts", type=int, default=5, help="starts of the app (default: %(default)s)")
    parser.add_argument("--times", type=int, default=9, help="presses that are timed (default: %(default)s)")
    parser.add_argument("--write", type=Path, metavar="PAGE", help=f"also write a table between <!-- {PART} --> and "
                        f"<!-- /{PART} --> of a text file")
    options = parser.parse_args(arguments)
    if options.write:
        place_of_part(options.write, PART)  # before minutes are spent
    result = measure(options.checkpoint.absolute(), options.starts, options.times)
    if options.write:
        write_part(options.write, PART, table(result))
    return write(result)


if __name__ == "__main__":
    sys.exit(main())
