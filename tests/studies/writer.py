"""A program that writes events until it is killed: `python -m tests.studies.writer URL CODE..`; a thread for each code.

A line for each acknowledged event: code, sequence number, status. After a start the last event of each code is sent
again, as a browser does whose server was gone. It loads little: no torch.
"""

import os
import sys
import threading

from sparsecbm.studies.log import Entry, Event, now, stamp
from sparsecbm.studies.store import Store


def write(store: Store, code: str) -> None:
    """Write on from where the log is, without end."""
    sequence = max(0, len(store.course(code).events) - 1)
    shown = {"label": "bad", "probabilities": {"bad": 1 / 3}, "concepts": {}}
    while True:
        event = Event(Entry("open", sequence, f"key {sequence}"), stamp(now()), before=shown, after=shown)
        recorded = store.append(code, event)
        os.write(1, f"{code} {sequence} {recorded.status}\n".encode())  # one call a line: threads cannot mix them
        sequence = len(recorded.course.events)


def main(url: str, *codes: str) -> None:
    """Start all threads, and wait to be killed."""
    with Store.open(url) as store:
        threads = [threading.Thread(target=write, args=(store, code)) for code in codes]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()


if __name__ == "__main__":
    main(*sys.argv[1:])
