"""The predictions of a source, as work that goes on while its page is left, and the error analysis made of them.

Both are shared by all sessions.
"""

from collections.abc import Callable

import streamlit as st

from sparsecbm.batch.compute_store import PredictionStore
from sparsecbm.data.reviews import Reviews
from sparsecbm.failures.error_analysis import ErrorAnalysis
from sparsecbm.service import Explainer
from sparsecbm.types import Predictions
from sparsecbm.ui.loaded_model import load_explainer
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

    return Work(("failures", explainer.checkpoint.hash, reviews.digest), f"Predicting {len(reviews):,} reviews", run)


def prediction_progress(job: Job, reviews: Reviews, key: str, run_again: Callable[[], None], looking: bool) -> None:
    """A panel for `polling_fragment`: how far a source is predicted; `key` starts the keys of its buttons."""
    with errors_shown():
        explainer = load_explainer()
        request_work(job, [prediction_work(explainer, reviews)], looking, run_again)
        done = _store().finished(explainer, reviews.texts)
        work_state(job, key, job.cancel, f"The predictions of {done:,} of {len(reviews):,} reviews are kept.")


@st.cache_resource(max_entries=1, show_spinner=False)
def _store() -> PredictionStore:
    return PredictionStore()


@st.cache_resource(max_entries=MOST_ANALYSES, show_spinner=False)
def _analysis(_explainer: Explainer, _reviews: Reviews, checkpoint: str, digest: str, name: str) -> ErrorAnalysis:
    found = predictions(_explainer, _reviews)
    return ErrorAnalysis.of(_reviews, found, _explainer.fixable(found, _reviews.labels),
                            _explainer.checkpoint.kind != "black_box")
