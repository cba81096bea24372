"""Many visitors at once against the running app: how long they wait, what they cost, and whether memory comes back.

    python -m benchmarks.load --visitors 50 --seconds 60

Starts the app on this machine and measures one visitor alone. Then all visitors open Explain at the same moment, each
with a text of their own, wait for the words, and set concepts or open another text, one action every two seconds or so.
A page counts as usable when its concept panel is there, which can be pressed before the words have scores. Every answer
is held against the one that the visitor's own text has: a visitor who sees another's is counted as crossed. Exit code 1
beyond the limits. With --leave it waits until the app has forgotten the visitors, which takes Streamlit two minutes.
"""

import argparse
import itertools
import json
import os
import random
import statistics
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import psutil

from benchmarks.server import app_with
from benchmarks.visitor import CONCEPTS, Visitor
from sparsecbm.data.clauses import load_clauses

WORDS = "panel_tokens"
#: Mean pause between two actions, and how long words may take, in seconds; the most visitors and seconds of a run.
PAUSE, LONGEST = 2.0, 300.0
MOST_VISITORS, MOST_SECONDS = 200, 3600
#: Share of the actions that open another text.
OTHER_TEXT = 0.1
#: Limits: first pages and overrides as multiples of one visitor's or in seconds, whichever is more, CPU and memory.
PAGES_AT_MOST, OVERRIDE_SECONDS, OVERRIDE_TIMES = 20.0, 1.0, 5.0
CPU_MS, SESSION_MIB, PEAK_MIB, BACK_WITHIN = 25.0, 15.0, 1536.0, 0.1


@dataclass
class Waits:
    """What visitors waited for, in milliseconds, and what went wrong."""

    usable: list[float] = field(default_factory=list)
    words: list[float] = field(default_factory=list)
    override: list[float] = field(default_factory=list)
    errors: list[str] = field(default_factory=list)
    crossed: int = 0


def visit(address: str, texts: Iterator[str], seconds: float, waits: Waits, seed: int) -> None:
    """One visitor: opens pages and sets concepts for some seconds, or until something goes wrong."""
    chance, end, someone = random.Random(seed), time.monotonic() + seconds, None
    try:
        someone = _opened(address, next(texts), waits)
        while time.monotonic() < end:
            someone.stay(chance.expovariate(1 / PAUSE))
            if chance.random() < OTHER_TEXT:
                someone.close()
                someone = _opened(address, next(texts), waits)
            else:
                _override(someone, chance, waits)
    except Exception as error:  # counted, and the others go on
        waits.errors.append(f"{type(error).__name__}: {error}")
    finally:
        if someone is not None:
            someone.close()


def _opened(address: str, text: str, waits: Waits) -> Visitor:
    """A visitor who has opened a text and has seen its words."""
    began = time.perf_counter()
    someone = Visitor(address, "Explain", text=text)
    waits.usable.append(someone.arrived[CONCEPTS])
    shown = someone.component(WORDS)
    waits.crossed += shown is None or shown["review"] != text
    if someone.stay(LONGEST, lambda: _coloured(someone)):
        waits.words.append(1000 * (time.perf_counter() - began))
    else:
        waits.errors.append(f"no words after {LONGEST:g} seconds")
    return someone


def _override(someone: Visitor, chance: random.Random, waits: Waits) -> None:
    """Set a concept to a value, and see that it is this one that is set."""
    panel = someone.concepts
    assert panel is not None
    k = chance.randrange(len(panel["concepts"]))
    values = [0.0] * len(panel["values"][k])
    values[chance.randrange(len(values))] = 1.0
    waits.override.append(someone.act("set", panel["concepts"][k]["name"], values))
    after = someone.concepts
    waits.crossed += after is None or after["after"]["concepts"][k] != values


def _pieces(shown: dict[str, Any]) -> Iterator[dict[str, Any]]:
    for piece in shown["pieces"]:
        yield from piece.get("inside", [piece])


def _coloured(someone: Visitor) -> bool:
    shown = someone.component(WORDS)
    return shown is not None and any(piece.get("style") for piece in _pieces(shown))


@contextmanager
def highest_memory(process: psutil.Process) -> Iterator[Callable[[], float]]:
    """The most resident memory of a process while the block lasts, in MiB, looked at ten times a second."""
    done, seen = threading.Event(), [_mib(process)]

    def look() -> None:
        while not done.wait(0.1):
            seen.append(_mib(process))

    thread = threading.Thread(target=look, daemon=True)
    thread.start()
    try:
        yield lambda: max(seen)
    finally:
        done.set()
        thread.join()


def _mib(process: psutil.Process) -> float:
    return float(process.memory_info().rss) / 2**20


def measure(checkpoint: Path, visitors: int, seconds: float, leave: bool) -> dict[str, Any]:
    """One visitor alone, then all of them."""
    texts = (f"{text} {number}" for number, text in enumerate(itertools.cycle(load_clauses(1, 2000).texts)))
    own = [iter([next(texts) for _ in range(1000)]) for _ in range(visitors + 1)]
    with tempfile.TemporaryDirectory() as folder, app_with(checkpoint, f"sqlite:///{folder}/s.sqlite") as app:
        process, alone, all_ = psutil.Process(app.pid), Waits(), Waits()
        visit(app.address, own[-1], 0.0, Waits(), seed=-1)  # the first loads the model
        visit(app.address, own[-1], min(seconds, 20.0), alone, seed=-1)
        before, busy = _mib(process), sum(process.cpu_times()[:2])
        with highest_memory(process) as highest:
            threads = [threading.Thread(target=visit, args=(app.address, own[number], seconds, all_, number))
                       for number in range(visitors)]
            for thread in threads:
                thread.start()
            for thread in threads:
                thread.join()
            peak = highest()
        busy = sum(process.cpu_times()[:2]) - busy
        cpu = override_cpu(app.address, own[-1], process)
        after = None
        if leave:
            time.sleep(150)
            Visitor(app.address, "Explain").close()  # sessions that left are forgotten when somebody comes
            after = _mib(process)
    return summary(alone, all_, visitors, {"before": before, "peak": peak, "after": after}, busy, cpu)


def override_cpu(address: str, texts: Iterator[str], process: psutil.Process, times: int = 50) -> float:
    """CPU milliseconds of the server for one override, mean of `times` of one visitor."""
    someone, chance, waits = _opened(address, next(texts), Waits()), random.Random(0), Waits()
    before = sum(process.cpu_times()[:2])
    for _ in range(times):
        _override(someone, chance, waits)
    taken = sum(process.cpu_times()[:2]) - before
    someone.close()
    return float(1000 * taken / times)


def quantiles(values: Sequence[float]) -> dict[str, float]:
    """Median, 95th and 99th percentile and the most, in milliseconds."""
    cuts = statistics.quantiles(values, n=100, method="inclusive") if len(values) > 1 else [*values] * 99
    return {"n": len(values)} | dict(zip(("p50", "p95", "p99", "most"), (cuts[49], cuts[94], cuts[98], max(values)),
                                         strict=True)) if values else {"n": 0}


def summary(
    alone: Waits, all_: Waits, visitors: int, memory: Mapping[str, float | None], busy: float, cpu: float
) -> dict[str, Any]:
    """The figures, with the limits and what is beyond them."""
    report = {name: {"alone": quantiles(getattr(alone, name)), "all": quantiles(getattr(all_, name))}
              for name in ("usable", "words", "override")}
    before, peak, after = memory["before"], memory["peak"], memory["after"]
    assert before is not None and peak is not None
    override_limit = max(1000 * OVERRIDE_SECONDS, OVERRIDE_TIMES * report["override"]["alone"]["p50"])
    beyond = {
        "errors": bool(all_.errors), "crossed": bool(all_.crossed),
        "usable": report["usable"]["all"].get("most", 0.0) > PAGES_AT_MOST * report["usable"]["alone"]["p50"],
        "override": report["override"]["all"].get("p95", 0.0) > override_limit, "cpu": cpu > CPU_MS,
        "peak": peak > PEAK_MIB, "session": peak - before > SESSION_MIB * visitors,
        "back": after is not None and after > (1 + BACK_WITHIN) * before}
    return {"visitors": visitors, "cores": os.cpu_count(), "load": psutil.getloadavg()[0], **report,
            "errors": all_.errors[:10], "crossed": all_.crossed, "memory_mib": memory,
            "session_mib": (peak - before) / visitors, "server_cpu_s": busy, "override_cpu_ms": cpu,
            "beyond": [name for name, is_so in beyond.items() if is_so]}


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the trial; 0 within the limits, 1 beyond them."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.load", description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--checkpoint", type=Path, default=Path("checkpoints/cebab-minilm"))
    parser.add_argument("--visitors", type=int, default=50, help=f"1 to {MOST_VISITORS} (default: %(default)s)")
    parser.add_argument("--seconds", type=float, default=60.0, help=f"at most {MOST_SECONDS} (default: %(default)s)")
    parser.add_argument("--leave", action="store_true", help="also measure the memory after all have left")
    options = parser.parse_args(arguments)
    if not 1 <= options.visitors <= MOST_VISITORS or not 0 < options.seconds <= MOST_SECONDS:
        parser.error(f"--visitors is 1 to {MOST_VISITORS} and --seconds at most {MOST_SECONDS}.")
    result = measure(options.checkpoint, options.visitors, options.seconds, options.leave)
    sys.stdout.write(json.dumps(result, indent=1) + "\n")
    return 1 if result["beyond"] else 0


if __name__ == "__main__":
    sys.exit(main())
