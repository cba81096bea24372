"""The word scores of a study's cases, computed before anyone opens a case: once for all participants.

The scores of one text take seconds. One thread computes them, text after text in turn with other slow work, and pauses
while somebody acts.
"""

import threading
from collections import OrderedDict
from collections.abc import Hashable, Iterator
from concurrent.futures import Future
from contextlib import contextmanager
from dataclasses import dataclass, field

from cachetools import LRUCache

from sparsecbm.service import Explainer
from sparsecbm.service.turns import TURNS
from sparsecbm.studies.protocol import Protocol, offers
from sparsecbm.types import Explanation, Target

#: Texts that are kept, some ten kilobytes each.
TEXTS_KEPT = 1024
#: Seconds after which it goes on although somebody still acts, so that those who wait for a case get it.
LONGEST_PAUSE = 2.0


@dataclass(eq=False)
class Prepared:
    """A text: what came or will come of it (None where no words are asked for), and the share done, 0..1."""

    explanation: Future[Explanation | None] = field(default_factory=Future)
    share: float = 0.0


class Preparation:
    """Explanations of the predicted label by text, each computed once. Safe for many threads."""

    def __init__(self) -> None:
        self._lock, self._quiet, self._acting = threading.Lock(), threading.Event(), 0
        self._quiet.set()
        self._thread: threading.Thread | None = None
        self._prepared: LRUCache[Hashable, Prepared] = LRUCache(TEXTS_KEPT)
        self._waiting: OrderedDict[Hashable, tuple[Explainer, str, bool, Prepared]] = OrderedDict()

    def prepare(self, explainer: Explainer, protocol: Protocol) -> None:
        """Compute every case of a study, in the order of the protocol: its words where an arm shows them."""
        words = any(offers(arm, "words") for arm in protocol.arms)
        for case in (*protocol.practice, *protocol.cases):
            self._ask(explainer, case.text, words)

    def of(self, explainer: Explainer, text: str) -> Prepared:
        """The words of a text behind the predicted label, before all that still waits."""
        return self._ask(explainer, text, True, next_=True)

    @contextmanager
    def paused(self) -> Iterator[None]:
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

    def _ask(self, explainer: Explainer, text: str, words: bool, next_: bool = False) -> Prepared:
        key = explainer.checkpoint.hash, text, words
        with self._lock:
            found = self._prepared.get(key)
            if found is None:
                found = self._prepared[key] = Prepared()
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
                explainer, text, words, prepared = self._waiting.popitem(last=False)[1]

            def report(share: float, prepared: Prepared = prepared) -> None:
                prepared.share = share
                self._quiet.wait(LONGEST_PAUSE)  # between two batches: whoever acts comes first
                TURNS.pass_on(prepared, lambda: True)

            TURNS.take(prepared, lambda: True)
            try:
                prediction = explainer.predict_changed(text, ())
                prepared.explanation.set_result(
                    explainer.explain(text, [Target(None, prediction.label)], progress=report) if words else None)
            except BaseException as error:  # raised where the explanation is used; a panic of Rust is no Exception
                prepared.explanation.set_exception(
                    error if isinstance(error, Exception) else RuntimeError(repr(error)))
            finally:
                TURNS.end(prepared)


#: That of this process.
PREPARATION = Preparation()
