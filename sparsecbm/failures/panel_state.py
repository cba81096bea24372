"""The state of the Failures page: the source and the slice in force, its rows analysis, and a person's own tags.

Rows are analysis once for all sessions; a session holds names and ids only, and a table of its own.
"""

import hashlib
import threading
from collections.abc import Sequence
from typing import Any

import numpy as np
import streamlit as st
from cachetools import LRUCache
from jaxtyping import Int

from sparsecbm.data.catalogue import first_source, opened_reviews, source_titles
from sparsecbm.data.reviews import Reviews
from sparsecbm.errors import DataError
from sparsecbm.failures.error_analysis import ErrorAnalysis
from sparsecbm.failures.panel_address import Looking, from_address, ordered
from sparsecbm.failures.slice_address import from_params, to_params
from sparsecbm.failures.slices import Slice
from sparsecbm.service import Explainer
from sparsecbm.types import Predictions
from sparsecbm.ui.engine import load_explainer
from sparsecbm.ui.page_state import Kept
from sparsecbm.ui.tasks import Progress

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


#: Rows of a page of the table.
PAGE_ROWS = 15
#: Sources whose analysis rows are kept for all sessions.
MOST_ANALYSES = 8

KEPT = Kept("failures", Looking)
_MARKS, _SAVED = "failures:marks", "failures:saved"
Marks = dict[str, set[str]]


def opened_looking(explainer: Explainer) -> Looking:
    """What is looked at when a page run starts, from the address or the session."""
    schema, titles = explainer.schema, source_titles(explainer.schema)
    looking = KEPT.opened(lambda parts: from_address(parts, schema, titles))
    source, (chosen, problems) = looking.source, from_params(to_params(looking.slice), schema)
    if problems or source and source not in titles:  # another model was loaded since
        KEPT.change(source=source if source in titles else "", slice=chosen)
    return KEPT.current


def the_source() -> str:
    """The name of the source that is looked at."""
    return KEPT.current.source or first_source(load_explainer().schema)


def the_reviews() -> Reviews | None:
    """The reviews that are looked at; None while a table of one's own is not loaded."""
    return opened_reviews(the_source(), load_explainer().schema)


def the_slice() -> Slice:
    """The slice in force."""
    return KEPT.current.slice


def set_slice(chosen: Slice) -> None:
    """Put a slice in force; for callbacks, which run before the page does."""
    KEPT.change(slice=chosen, page=1, open=None)


def look(**changes: Any) -> None:
    """Change another part of what is looked at; for callbacks."""
    KEPT.change(**changes)


def analysis() -> ErrorAnalysis:
    """The rows of the source, analysis. DataError while a table of one's own is not loaded."""
    explainer, reviews = load_explainer(), the_reviews()
    if reviews is None:
        raise DataError("No table is loaded; allowed: a file, or a data set of the Hub. Load one at the top of the "
                        "page.")
    return analysis_of(explainer, reviews)


def analysis_of(explainer: Explainer, reviews: Reviews) -> ErrorAnalysis:
    """The rows of any source, analysis; predicted first where they are not yet."""
    return _judged(explainer, reviews, explainer.checkpoint.hash, reviews.digest, reviews.name)


def shown_rows() -> Int[np.ndarray, " shown"]:
    """Numbers of the rows of the slice, in the order of the table."""
    found, looking = analysis(), KEPT.current
    return ordered(found, looking.slice.rows(found, marks()), looking.sort)


def predict_all(explainer: Explainer, reviews: Reviews, progress: Progress) -> bool:
    """Predict every review of a source, so that `analysis` need not; what is done is kept when progress is stopped."""
    _store().predict(explainer, reviews.texts, progress)
    return True


def predictions(explainer: Explainer, reviews: Reviews, progress: Progress) -> Predictions:
    """What a model, this one or another, says of a source; kept as those of `predict_all` are."""
    return _store().predict(explainer, reviews.texts, progress)


def predicted_already(explainer: Explainer, reviews: Reviews) -> int:
    """How many reviews of a source are predicted."""
    return _store().finished(explainer, reviews.texts)


def marks() -> Marks:
    """This person's own tags of the source: the ids of the rows that bear each."""
    every: dict[str, Marks] = st.session_state.setdefault(_MARKS, {})
    reviews = the_reviews()
    return every.setdefault(f"{the_source()}:{reviews.name if reviews else ''}", {})


def saved_slices() -> dict[str, Slice]:
    """The slices that this person named."""
    saved: dict[str, Slice] = st.session_state.setdefault(_SAVED, {})
    return saved


@st.cache_resource(max_entries=1, show_spinner=False)
def _store() -> PredictionStore:
    return PredictionStore()


@st.cache_resource(max_entries=MOST_ANALYSES, show_spinner=False)
def _judged(_explainer: Explainer, _reviews: Reviews, checkpoint: str, digest: str, name: str) -> ErrorAnalysis:
    predictions = _store().predict(_explainer, _reviews.texts, lambda _: None)
    return ErrorAnalysis.of(_reviews, predictions, _explainer.fixable(predictions, _reviews.labels),
                     _explainer.checkpoint.kind != "black_box")
