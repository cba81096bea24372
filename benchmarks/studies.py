"""Twenty scripted participants at once against the running app: how long a step takes, and whether anything is lost.

    python -m benchmarks.studies

Starts the app with a database of its own, makes a study of the built-in reviews, and has the participants click through
all of it over websockets, as browsers do, with pauses for thought. The clock of a step runs from the click until the
page has ended. Then what every screen showed is held against the database: each click is there once, in its order and
with its participant's own words, each answer of the model is drawn as it is kept, and arms and orders are those of the
design. With --kill N the server is killed N times with SIGKILL in the midst of it, and started again. Exit code 1 when
anything is lost or crossed, or when the 95th percentile of a step is above the limit. A revision of weights is work of
its own and is not among the steps.
"""

import argparse
import json
import os
import random
import statistics
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from threading import Thread
from typing import Any

import psutil

from benchmarks.server import app_with
from benchmarks.taking_part import ARMS, Visit, findings, protocol, take_part
from sparsecbm.service import Explainer
from sparsecbm.studies.log import Course
from sparsecbm.studies.store import Store

MOST_MILLISECONDS = 300.0
#: Mean pause before a click, in seconds.
THOUGHT = 2.0


def measure(checkpoint: Path, people: int, cases: int, thought: float, kills: int, url: str) -> dict[str, Any]:
    """The whole trial; milliseconds of the steps after the first of each participant."""
    explainer = Explainer.load(checkpoint)
    with Store.open(url) as store, app_with(checkpoint, url) as server:
        study = store.add_study(protocol(explainer.schema, explainer.checkpoint.hash, cases))
        store.note(study, "started")
        prepared = time.perf_counter()
        for number in range(len(ARMS)):  # these wait for each case to be prepared, as it comes in each arm
            take_part(server, study, Visit(number), 0.0, dry="1")
        prepared = time.perf_counter() - prepared
        everyone = [Visit(number) for number in range(people)]
        threads = [Thread(target=take_part, args=(server, study, visit, thought)) for visit in everyone]
        for thread in threads:
            thread.start()
        for _ in range(kills):
            time.sleep(random.uniform(1, 5))
            server.kill_and_start()
        for thread in threads:
            thread.join()
        courses = {visit.number: store.course(visit.code or "") for visit in everyone}
        wrong = [f"participant {visit.number}: {one}" for visit in everyone
                 for one in findings(visit, courses[visit.number])]
        extra = len(store.courses(study)) - people  # a kill can fall between a code that is kept and its first screen
    return summary(everyone, list(courses.values()), wrong, extra, prepared, kills)


def summary(
    everyone: Sequence[Visit], courses: Sequence[Course], wrong: Sequence[str], extra: int, prepared: float, kills: int
) -> dict[str, Any]:
    """Numbers of the trial; within the limits when nothing is wrong and, where nobody was killed, steps are quick."""
    taken = sorted(one for visit in everyone for one in visit.milliseconds)
    quick = statistics.quantiles(taken, n=20)[-1]
    orders = Counter(" > ".join(dict.fromkeys(trial.arm for trial in course.trials)) for course in courses)
    return {"participants": len(everyone), "finished": sum(visit.done for visit in everyone), "steps": len(taken),
            "events": sum(len(course.events) for course in courses), "p50_ms": statistics.median(taken),
            "p95_ms": quick, "most_ms": taken[-1], "lost_or_crossed": list(wrong), "begun_twice": extra,
            "orders": dict(orders), "kills": kills, "seconds_to_prepare": prepared, "limit_ms": MOST_MILLISECONDS,
            "cores": os.cpu_count(), "load": psutil.getloadavg()[0],
            "within_limits": not wrong and (kills > 0 or quick <= MOST_MILLISECONDS)}


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the trial; 0 within the limits, 1 beyond them."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.studies", description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--checkpoint", type=Path, default=Path("checkpoints/cebab-minilm"))
    parser.add_argument("--participants", type=int, default=20)
    parser.add_argument("--cases", type=int, default=6, help="an even number (default: %(default)s)")
    parser.add_argument("--thought", type=float, default=THOUGHT, help="mean pause in seconds (default: %(default)s)")
    parser.add_argument("--kill", type=int, default=0, help="how often the server is killed (default: never)")
    parser.add_argument("--database", help="its URL (default: a new SQLite file)")
    options = parser.parse_args(arguments)
    with tempfile.TemporaryDirectory() as folder:
        url = options.database or f"sqlite:///{folder}/studies.sqlite"
        result = measure(options.checkpoint, options.participants, options.cases, options.thought, options.kill, url)
    sys.stdout.write(json.dumps(result, indent=1) + "\n")
    return 0 if result["within_limits"] else 1


if __name__ == "__main__":
    sys.exit(main())
