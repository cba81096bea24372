"""Processes that correct are killed at any moment: what they acknowledged is in the database, once."""

import random
from collections import Counter
from multiprocessing import get_all_start_methods, get_context
from multiprocessing.connection import Connection

import pytest

from sparsecbm.corrections.compute_store import CorrectionStore
from tests.corrections import writer

pytestmark = pytest.mark.slow

#: Rounds of killing, processes that write at once in each, and people that each writes for.
ROUNDS, PROCESSES, EACH = 2, 2, 3


def test_every_acknowledged_correction_and_undo_is_kept_exactly_once(url: str) -> None:
    chance, processes = random.Random(7), get_context("spawn")
    if "forkserver" in get_all_start_methods():
        processes = get_context("forkserver")
        processes.set_forkserver_preload(["tests.corrections.writer"])  # imported once, not once for each process
    people = [f"p{i}" for i in range(PROCESSES * EACH)]
    acknowledged: dict[str, list[tuple[int, int]]] = {who: [] for who in people}
    CorrectionStore.open(url).close()
    for _ in range(ROUNDS):
        started = []
        for i in range(PROCESSES):
            mine, theirs = processes.Pipe(duplex=False)
            last = {who: acknowledged[who][-1][0] if acknowledged[who] else 0 for who in people[i::PROCESSES]}
            started.append((processes.Process(target=writer.main, args=(url, last, theirs)), mine))
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
    with CorrectionStore.open(url) as store:
        history = store.history()
    kept = Counter(one.correction.id for one in history)
    assert set(kept.values()) == {1}
    undone = {one.correction.id for one in history if one.undo}
    for who in people:
        numbers = {number for number, _ in acknowledged[who]}
        assert {f"{who}{number:08d}" for number in numbers} <= kept.keys()
        assert {f"{who}{number:08d}" for number in numbers if number % 3 == 0} <= undone
        mine = sum(one.correction.who == who for one in history)
        assert len(numbers) <= mine <= len(numbers) + ROUNDS  # each kill loses at most one acknowledgement
        rows = sum(rows for _, rows in acknowledged[who])  # what a write says of itself adds up to what is there
        assert rows <= mine + sum(f"{who}{number:08d}" in undone for number in range(mine))


def acknowledge(acknowledged: dict[str, list[tuple[int, int]]], mine: Connection) -> bool:
    """Note an acknowledged write, False at the end; one that comes again must say that it was written before."""
    try:
        who, number, rows = mine.recv()
    except (EOFError, OSError):
        return False
    if number in [before for before, _ in acknowledged[who]]:
        assert rows == 0
    acknowledged[who].append((number, rows))
    return True
