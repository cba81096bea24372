"""What the model says of whole sources, kept for all sessions: done once, and taken up again where it was stopped."""

import hashlib
import threading
from collections.abc import Sequence

import numpy as np
from cachetools import LRUCache

from sparsecbm.explainer import Explainer
from sparsecbm.model.many import Predictions
from sparsecbm.ui.job import Progress

#: Rows that are predicted at a time. What is done of them is lost when the work is stopped, and no more.
WINDOW = 256
#: The rows of all sources together whose predictions are kept, some hundred bytes each.
MOST_KEPT = 200_000


class _Source:
    """The finished windows of one source. Who holds the lock works out the next one."""

    def __init__(self) -> None:
        self.lock, self.done = threading.Lock(), list[Predictions]()


class PredictionStore:
    """Predictions by checkpoint and texts; those looked at longest ago go first.

    Sessions that ask for the same at once share the work.
    """

    def __init__(self, most_rows: int = MOST_KEPT) -> None:
        self._lock, self._kept = threading.Lock(), LRUCache[str, tuple[_Source, int]](most_rows, lambda one: one[1])

    def predict(self, explainer: Explainer, texts: Sequence[str], progress: Progress) -> Predictions:
        """What the model says of the texts, in their order. `progress` gets the share done, 0..1, and may raise
        Cancelled: the next call goes on from the windows that are done."""
        source = self._of(explainer, texts)
        for number, start in enumerate(range(0, len(texts), WINDOW)):
            window = texts[start:start + WINDOW]

            def told(share: float, start: int = start, window: Sequence[str] = window) -> None:
                progress((start + share * len(window)) / len(texts))

            with source.lock:
                if len(source.done) == number:
                    source.done.append(explainer.predict_texts(window, (), told))
            told(1.0)
        return _joined(source.done, explainer)

    def finished(self, explainer: Explainer, texts: Sequence[str]) -> int:
        """How many of the texts are predicted already."""
        return sum(map(len, self._of(explainer, texts).done))

    def _of(self, explainer: Explainer, texts: Sequence[str]) -> _Source:
        key = hashlib.sha256(repr((explainer.checkpoint.hash, tuple(texts))).encode("utf-8", "replace")).hexdigest()
        with self._lock:
            if key not in self._kept:
                new = _Source(), len(texts)
                if len(texts) > self._kept.maxsize:
                    return new[0]
                self._kept[key] = new
            return self._kept[key][0]


def _joined(parts: Sequence[Predictions], explainer: Explainer) -> Predictions:
    if not parts:
        return explainer.predict_texts(())
    return Predictions(explainer.schema, *(np.concatenate([getattr(part, name) for part in parts]) for name in (
        "label_probabilities", "concept_probabilities", "truncated")))
