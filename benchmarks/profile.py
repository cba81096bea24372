"""Where the time goes: shares by part of a prediction, word scores, an override, a revision, and each opened page.

    python -m benchmarks.profile [--write docs/speed.md]

While a request repeats, another thread looks a thousand times a second at what runs, and counts the time
since its last look for the part that the innermost known function belongs to. Pages are opened without a browser
(`streamlit.testing`), in a new session of a process that has opened them before.
"""

import argparse
import os
import statistics
import sys
import threading
import time
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from itertools import count
from pathlib import Path
from types import FrameType

import torch
from streamlit.testing.v1 import AppTest

from benchmarks.page_moves import REVIEW
from benchmarks.server import ROOT
from sparsecbm.benchmark.compute_machine import machine
from sparsecbm.benchmark.compute_subject import TOKENS, text_of
from sparsecbm.benchmark.speed_page import machine_line, markdown_table, place_of_part, write_part
from sparsecbm.model.checkpoint import load_checkpoint
from sparsecbm.service import Explainer
from sparsecbm.shipped import CHECKPOINT_VARIABLE

PART = "profile"
LOOK = 0.001
OTHER = "other"
#: Parts by what the path of a source file contains; the first that fits counts, and libraries not named here count for
#: whoever called them.
PARTS: Mapping[str, str] = {
    "/sparsecbm/model/encoding": "tokens",
    "/sparsecbm/model/network": "passes", "/sparsecbm/model/small_pass": "passes", "/sparsecbm/model/lean": "passes",
    "/sparsecbm/model/side_by_side": "passes", "/sparsecbm/model/logit_terms": "passes",
    "/sparsecbm/model/cuda_graphs": "passes", "/torch/autograd/": "gradients",
    "/captum/": "integration of gradients", "/sparsecbm/words/compute": "integration of gradients",
    "/sparsecbm/revision/compute": "choice of weights", "/sparsecbm/model/": "heads, results",
    "/sparsecbm/data/": "data", "/pandas/": "tables", "/pyarrow/": "tables", "/plotly/": "figures",
    "/figure": "figures", "/sparsecbm/export/": "export", "/panel": "panels",
    "/sparsecbm/ui/": "panels", "/pages/": "panels", "/sparsecbm/": "computation", "/streamlit/": "Streamlit",
}
#: Where a thread is that waits for another one.
WAITING = ("/threading.py", "/selectors.py", "/queue.py", "/concurrent/futures/thread.py")
PAGES = ("Home", "Explain", "Subnetworks", "Interventions", "Failures", "Studies", "Evaluation")


def part_of(frame: FrameType | None) -> str:
    """The part of the innermost function on the stack that belongs to one."""
    while frame is not None:
        path = frame.f_code.co_filename.replace("\\", "/")
        for piece, part in PARTS.items():
            if piece in path:
                return part
        frame = frame.f_back
    return OTHER


def shares(work: Callable[[], object], seconds: float) -> tuple[float, dict[str, float]]:
    """Median milliseconds of a call, and each part's share, 0..1, while the work repeats for so long, at least twice.

    Several threads may work, such as that of a page; a thread that waits counts for nothing.
    """
    taken, found, done = list[float](), Counter[str](), threading.Event()

    def look() -> None:
        last = time.perf_counter()
        while not done.wait(LOOK):
            now = time.perf_counter()
            parts = [part_of(frame) for thread, frame in sys._current_frames().items()
                     if thread != threading.get_ident() and not waits(frame)]
            found[next((part for part in parts if part != OTHER), OTHER)] += now - last  # type: ignore[assignment]
            last = now

    watcher, interval = threading.Thread(target=look), sys.getswitchinterval()
    sys.setswitchinterval(LOOK / 10)
    watcher.start()
    try:
        end = time.perf_counter() + seconds
        while len(taken) < 2 or time.perf_counter() < end:
            started = time.perf_counter()
            work()
            taken.append(1000 * (time.perf_counter() - started))
    finally:
        done.set()
        watcher.join()
        sys.setswitchinterval(interval)
    whole = sum(found.values()) or 1.0
    return statistics.median(taken), {part: spent / whole for part, spent in found.most_common()}


def waits(frame: FrameType) -> bool:
    """True of a thread that waits for another one."""
    return frame.f_code.co_filename.replace("\\", "/").endswith(WAITING)


def requests(explainer: Explainer) -> dict[str, Callable[[], object]]:
    """What is asked of a loaded model, each time with a text that it has not read before."""
    words, number = text_of(explainer._encoder, TOKENS).split(), count(1)

    def text() -> str:
        turn = next(number)
        return " ".join([*words[turn % len(words):], *words[: turn % len(words)], "." * (turn // len(words))]).strip()

    schema, read = explainer.schema, explainer.predict(" ".join(words))
    certain = [0.0] * (len(schema.values) - 1) + [1.0]

    def revise() -> object:
        fresh = text()
        least = explainer.predict(fresh).concept_probabilities[0].argsort()[-2]
        return explainer.revise(fresh, schema.concepts[0], schema.values[least])

    return {"predict": lambda: explainer.predict(text()), "explain": lambda: explainer.explain(text()),
            "override": lambda: explainer.override(read, {schema.concepts[0]: certain}), "revise": revise}


def opening(page: str) -> Callable[[], object]:
    """Opens a page in a new session."""
    def open_page() -> object:
        at = AppTest.from_file(str(ROOT / "app.py"), default_timeout=600)
        if page != "Home":
            at.switch_page(next(path.relative_to(ROOT).as_posix() for path in (ROOT / "pages").glob(f"?_{page}.py")))
            at.query_params["text"] = REVIEW
        at.run()
        if at.exception:
            raise SystemExit(f"{page} failed: {at.exception[0].value}")
        return at

    return open_page


def rows(work: Mapping[str, Callable[[], object]], seconds: float) -> list[tuple[str, str, str]]:
    """For each work its name, milliseconds, and the parts with at least one hundredth of the time."""
    made = []
    for name, procedure in work.items():
        procedure()
        milliseconds, parts = shares(procedure, seconds)
        said = ", ".join(f"{part} {share:.0%}" for part, share in parts.items() if share >= 0.01)
        made.append((name, f"{milliseconds:.3g}" if milliseconds < 100 else f"{milliseconds:.0f}", said))
    return made


def main(arguments: Sequence[str] | None = None) -> int:
    """Profile and write the table."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.profile", description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--checkpoint", default="checkpoints/cebab-minilm", help="(default: %(default)s)")
    parser.add_argument("--seconds", type=float, default=5.0, help="time for each line (default: %(default)s)")
    parser.add_argument("--write", type=Path, metavar="PAGE", help=f"write the table between <!-- {PART} --> and "
                        f"<!-- /{PART} --> of a text file, instead of to standard output")
    options = parser.parse_args(arguments)
    if options.write:
        place_of_part(options.write, PART)  # before minutes are spent
    os.environ[CHECKPOINT_VARIABLE] = str(Path(options.checkpoint).absolute())
    explainer = Explainer(load_checkpoint(options.checkpoint, "cpu"))
    work = requests(explainer) | {f"open {page}": opening(page) for page in PAGES}
    text = "\n\n".join([f"Measured on: {machine_line(machine(torch.device('cpu')))}.",
                        markdown_table(("what", "ms", "shares of the time"), rows(work, options.seconds))])
    if options.write:
        write_part(options.write, PART, text)
    else:
        sys.stdout.write(text + "\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
