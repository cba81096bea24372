"""A process that writes events until it is killed, a thread for each participant. It loads little: no torch."""

import threading
from multiprocessing.connection import Connection

from sparsecbm.studies.log import Entry, Event, now, stamp
from sparsecbm.studies.store import Store


def write(store: Store, code: str, acknowledged: Connection, turn: threading.Lock) -> None:
    """Write on from where the log is, without end; after each acknowledged event tell code, number and status.

    After a start the last event is sent again, as a browser does whose server was gone.
    """
    sequence = max(0, len(store.course(code).events) - 1)
    shown = {"label": "bad", "probabilities": {"bad": 1 / 3}, "concepts": {}}
    while True:
        event = Event(Entry("open", sequence, f"key {sequence}"), stamp(now()), before=shown, after=shown)
        recorded = store.append(code, event)
        with turn:
            acknowledged.send((code, sequence, recorded.status))
        sequence = len(recorded.course.events)


def main(url: str, codes: list[str], acknowledged: Connection) -> None:
    """Start all threads, and wait to be killed."""
    turn = threading.Lock()
    with Store.open(url) as store:
        threads = [threading.Thread(target=write, args=(store, code, acknowledged, turn)) for code in codes]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
