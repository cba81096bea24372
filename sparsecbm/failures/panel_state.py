"""The state of the Failures page: its source, the slice in force, a person's own tags and saved slices.

A session holds names and ids only, and a table of its own.
"""

from collections.abc import Callable
from typing import Any

import streamlit as st

from sparsecbm.batch.compute_store import PredictionStore
from sparsecbm.data.reviews import Reviews
from sparsecbm.errors import DataError
from sparsecbm.failures.error_analysis import ErrorAnalysis
from sparsecbm.failures.panel_address import STATE, Known, Looking
from sparsecbm.failures.slices import Slice
from sparsecbm.figures.text import counted_documents
from sparsecbm.service import Explainer
from sparsecbm.types import Predictions
from sparsecbm.ui.loaded_model import load_explainer
from sparsecbm.ui.loaded_sources import opened_reviews, source_titles
from sparsecbm.ui.shell import errors_shown
from sparsecbm.ui.tasks import Job, Progress, Work, request_work, work_state

#: A source is predicted for so long, in seconds, after its page was last seen.
GOES_ON = 1800.0
#: Sources whose error analysis is kept.
MOST_ANALYSES = 8


def predictions(explainer: Explainer, reviews: Reviews, progress: Progress = lambda _: None) -> Predictions:
    """What a model, this one or another, predicts for a source; what is done is kept when `progress` stops it."""
    return _store().predict(explainer, reviews.texts, progress)


def analysis_of(explainer: Explainer, reviews: Reviews) -> ErrorAnalysis:
    """The error analysis of a source; it is predicted first where that has not been done."""
    return _analysis(explainer, reviews, explainer.checkpoint.hash, reviews.digest, reviews.name)


def prediction_work(explainer: Explainer, reviews: Reviews) -> Work:
    """The predictions of a source as work; equal keys mean equal work, whichever page asks for it."""
    def run(progress: Progress) -> bool:
        return len(predictions(explainer, reviews, progress)) == len(reviews)

    return Work(("failures", explainer.checkpoint.hash, reviews.digest),
                f"Predicting {counted_documents(len(reviews), reviews.schema)}", run)


def prediction_progress(job: Job, reviews: Reviews, key: str, run_again: Callable[[], None], looking: bool) -> None:
    """A panel for `polling_fragment`: how far a source is predicted; `key` starts the keys of its buttons."""
    with errors_shown():
        explainer = load_explainer()
        request_work(job, [prediction_work(explainer, reviews)], looking, run_again)
        done = _store().finished(explainer, reviews.texts)
        work_state(job, key, job.cancel, f"The predictions of {done:,} of "
                   f"{counted_documents(len(reviews), reviews.schema)} are kept.")


@st.cache_resource(max_entries=1, show_spinner=False)
def _store() -> PredictionStore:
    return PredictionStore()


@st.cache_resource(max_entries=MOST_ANALYSES, show_spinner=False)
def _analysis(_explainer: Explainer, _reviews: Reviews, checkpoint: str, digest: str, name: str) -> ErrorAnalysis:
    found = predictions(_explainer, _reviews)
    return ErrorAnalysis.of(_reviews, found, _explainer.fixable(found, _reviews.labels),
                            _explainer.checkpoint.kind != "black_box")


#: Rows of a page of the table.
PAGE_ROWS = 15

_MARKS, _SAVED = "failures:marks", "failures:saved"
Marks = dict[str, set[str]]


def opened_looking(explainer: Explainer) -> Looking:
    """What the page shows when a run of it starts, from the address or the session."""
    return STATE.opened(Known(explainer.schema, source_titles(explainer.schema, unloaded=True)))


def the_source() -> str:
    """The name of the source on screen."""
    return STATE.current.source or next(iter(source_titles(load_explainer().schema, unloaded=True)))


def the_reviews() -> Reviews | None:
    """The documents on screen; None while a table of one's own is not loaded."""
    return opened_reviews(the_source(), load_explainer().schema)


def the_slice() -> Slice:
    """The slice in force."""
    return STATE.current.slice


def set_slice(chosen: Slice) -> None:
    """Put a slice in force; for callbacks, which run before the page does."""
    STATE.change(slice=chosen, page=1, open=None)


def change(**changes: Any) -> None:
    """Change another part of the page; for callbacks."""
    STATE.change(**changes)


def analysis() -> ErrorAnalysis:
    """The error analysis of the source. DataError while a table of one's own is not loaded."""
    explainer, reviews = load_explainer(), the_reviews()
    if reviews is None:
        raise DataError("No table is loaded; allowed: a file, or a data set of the Hub. Load one at the top of the "
                        "page.")
    return analysis_of(explainer, reviews)


def marks() -> Marks:
    """This person's own tags of the source: the ids of the rows that bear each."""
    every: dict[str, Marks] = st.session_state.setdefault(_MARKS, {})
    reviews = the_reviews()
    return every.setdefault(f"{the_source()}:{reviews.name if reviews else ''}", {})


def saved_slices() -> dict[str, Slice]:
    """The slices that this person saved."""
    saved: dict[str, Slice] = st.session_state.setdefault(_SAVED, {})
    return saved
