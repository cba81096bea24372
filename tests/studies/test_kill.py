"""Programs that write are killed at any moment: what they acknowledged is in the database, once."""

import random
import subprocess
import sys
from pathlib import Path

from sparsecbm.studies.store import Store
from tests.studies.toys import a_protocol

ROOT = Path(__file__).parents[2]
#: Rounds of killing, programs that write at once in each, and participants that each writes for.
ROUNDS, PROGRAMS, EACH = 2, 2, 3


def test_every_acknowledged_event_is_kept_exactly_once(url: str) -> None:
    chance = random.Random(7)
    with Store.open(url) as store:
        study = store.add_study(a_protocol())
        codes = [store.enrol(study) for _ in range(PROGRAMS * EACH)]
        told: dict[str, list[int]] = {code: [] for code in codes}
        for _ in range(ROUNDS):
            writers = [subprocess.Popen([sys.executable, "-m", "tests.studies.writer", url, *codes[i::PROGRAMS]],
                                        cwd=ROOT, stdout=subprocess.PIPE, text=True) for i in range(PROGRAMS)]
            for writer in writers:  # the last one is running too by then
                assert writer.stdout is not None
                for _ in range(chance.randint(1, 20)):
                    acknowledge(told, writer.stdout.readline())
            for writer in writers:
                writer.kill()  # SIGKILL, wherever its threads are in their next steps
            for writer in writers:
                assert writer.stdout is not None
                for line in writer.stdout:
                    acknowledge(told, line)
                writer.wait()
                writer.stdout.close()
        assert sum(map(len, told.values())) >= ROUNDS * PROGRAMS
        for code in codes:
            kept = [event.entry.sequence for event in store.course(code).events]
            assert kept == list(range(len(kept))) and set(told[code]) <= set(kept)
            assert len(kept) <= len(set(told[code])) + ROUNDS  # at most one for each kill was kept and not told


def acknowledge(told: dict[str, list[int]], line: str) -> None:
    """Note what was told; the same event may be told again, but only as one that was written before."""
    code, sequence, status = line.split()
    assert status == "repeated" or status == "written" and int(sequence) not in told[code]
    told[code].append(int(sequence))
