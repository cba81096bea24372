"""A process that corrects and undoes until it is killed. It loads little: no torch."""

import threading
from multiprocessing.connection import Connection

from sparsecbm.corrections.compute_store import CorrectionStore
from tests.corrections.toys import a_correction


def write(store: CorrectionStore, who: str, start: int, acknowledged: Connection, turn: threading.Lock) -> None:
    """Correct without end, undo each third; after each acknowledged write tell who wrote, its number, and how many
    rows it was.

    The first write is the last one of the process before, as when somebody presses again after a server was gone.
    """
    number = start
    while True:
        one = a_correction(number, who=who, id=f"{who}{number:08d}")
        rows = store.add(one)
        if number % 3 == 0:
            rows += store.undo(one.id, who)
        with turn:
            acknowledged.send((who, number, rows))
        number += 1


def main(url: str, people: dict[str, int], acknowledged: Connection) -> None:
    """Start a thread for each person, from a number, and wait to be killed."""
    turn = threading.Lock()
    with CorrectionStore.open(url) as store:
        threads = [threading.Thread(target=write, args=(store, who, start, acknowledged, turn))
                   for who, start in people.items()]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
