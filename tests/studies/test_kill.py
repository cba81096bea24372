"""Processes that write are killed at any moment: what they acknowledged is in the database, once."""

import random
from multiprocessing import get_all_start_methods, get_context
from multiprocessing.connection import Connection

import pytest

from sparsecbm.studies.store import Store
from tests.studies import writer
from tests.studies.toys import a_protocol

pytestmark = pytest.mark.slow

#: Rounds of killing, processes that write at once in each, and participants that each writes for.
ROUNDS, PROCESSES, EACH = 2, 2, 3


def test_every_acknowledged_event_is_kept_exactly_once(url: str) -> None:
    chance, processes = random.Random(7), get_context("spawn")
    if "forkserver" in get_all_start_methods():
        processes = get_context("forkserver")
        processes.set_forkserver_preload(["tests.studies.writer"])  # imported once, not once for each process
    with Store.open(url) as store:
        study = store.add_study(a_protocol())
        codes = [store.enrol(study) for _ in range(PROCESSES * EACH)]
        acknowledged: dict[str, list[int]] = {code: [] for code in codes}
        for _ in range(ROUNDS):
            started = []
            for i in range(PROCESSES):
                mine, theirs = processes.Pipe(duplex=False)
                started.append((processes.Process(target=writer.main, args=(url, codes[i::PROCESSES], theirs)), mine))
                started[-1][0].start()
                theirs.close()
            for _, mine in started:  # the last one is running too by then
                for _ in range(chance.randint(1, 20)):
                    acknowledge(acknowledged, mine)
            for process, _ in started:
                process.kill()  # SIGKILL, wherever its threads are in their next steps
            for process, mine in started:
                while acknowledge(acknowledged, mine):
                    pass
                process.join()
                mine.close()
        assert sum(map(len, acknowledged.values())) >= ROUNDS * PROCESSES
        for code in codes:
            kept = [event.entry.sequence for event in store.course(code).events]
            assert kept == list(range(len(kept))) and set(acknowledged[code]) <= set(kept)
            assert len(kept) <= len(set(acknowledged[code])) + ROUNDS  # each kill loses at most one acknowledgement


def acknowledge(acknowledged: dict[str, list[int]], mine: Connection) -> bool:
    """Note an acknowledged event, False at the end; one that comes again must say that it was written before."""
    try:
        code, sequence, status = mine.recv()
    except (EOFError, OSError):
        return False
    assert status == "repeated" or status == "written" and sequence not in acknowledged[code]
    acknowledged[code].append(sequence)
    return True
