"""What a case's screens show of the model, worked out before anyone opens the case: once for all participants.

The word scores of one text take seconds; one thread makes them, text after text, and rests while somebody acts. The
thread knows no Streamlit.
"""

import threading
from collections import OrderedDict
from collections.abc import Hashable, Iterator
from concurrent.futures import Future
from contextlib import contextmanager

from cachetools import LRUCache

from sparsecbm.explainer import Explainer
from sparsecbm.studies.protocol import Protocol, offers
from sparsecbm.types import Explanation, Target

#: Texts that are kept, some ten kilobytes each.
TEXTS_KEPT = 1024
#: Seconds after which it goes on although somebody still acts, so that those who wait for a case get it.
LONGEST_REST = 2.0


class Ahead:
    """Explanations of the predicted label by text, each made once. Safe for many threads."""

    def __init__(self) -> None:
        self._lock, self._quiet, self._acting = threading.Lock(), threading.Event(), 0
        self._quiet.set()
        self._thread: threading.Thread | None = None
        self._made: LRUCache[Hashable, Future[Explanation | None]] = LRUCache(TEXTS_KEPT)
        self._waiting: OrderedDict[Hashable, tuple[Explainer, str, bool, Future[Explanation | None]]] = OrderedDict()

    def prepare(self, explainer: Explainer, protocol: Protocol) -> None:
        """Have every case of a study worked out, in the order of the protocol: its words where an arm shows them."""
        words = any(offers(arm, "words") for arm in protocol.arms)
        for case in (*protocol.practice, *protocol.cases):
            self._ask(explainer, case.text, words)

    def explained(self, explainer: Explainer, text: str) -> Future[Explanation | None]:
        """The words of a text behind the predicted label, before all that still waits."""
        return self._ask(explainer, text, True, next_=True)

    @contextmanager
    def resting(self) -> Iterator[None]:
        """Let somebody act: the thread goes no further than it must."""
        self._act(1)
        try:
            yield
        finally:
            self._act(-1)

    def _act(self, more: int) -> None:
        with self._lock:
            self._acting += more
            self._quiet.clear() if self._acting else self._quiet.set()

    def _ask(self, explainer: Explainer, text: str, words: bool, next_: bool = False) -> Future[Explanation | None]:
        key = explainer.checkpoint.hash, text, words
        with self._lock:
            found = self._made.get(key)
            if found is None:
                found = self._made[key] = Future()
                self._waiting[key] = explainer, text, words, found
            if next_ and key in self._waiting:
                self._waiting.move_to_end(key, last=False)
            if self._thread is None and self._waiting:
                self._thread = threading.Thread(target=self._work, name="study", daemon=True)
                self._thread.start()
        return found

    def _work(self) -> None:
        while True:
            with self._lock:
                if not self._waiting:
                    self._thread = None
                    return
                explainer, text, words, made = self._waiting.popitem(last=False)[1]
            try:
                prediction = explainer.predict_changed(text, ())
                made.set_result(explainer.explain(text, [Target(None, prediction.label)],
                                                  progress=lambda _: self._rest()) if words else None)
            except Exception as error:  # whoever asks is told
                made.set_exception(error)

    def _rest(self) -> None:
        """Between two batches, when nobody else has to wait for the model."""
        self._quiet.wait(LONGEST_REST)


#: That of this process.
AHEAD = Ahead()
