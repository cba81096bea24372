"""The model behind the screens, loaded once for all sessions, and cached results that sessions get as copies.

Only the explainer is shared, and it is never written to. Results are keyed by the checkpoint's content and the text.
"""

import gc
import os

import streamlit as st

from sparsecbm.data.samples import load_samples
from sparsecbm.home.sample_failures import Survey, few_of_each_kind, survey
from sparsecbm.service import Explainer
from sparsecbm.shipped import CHECKPOINT_VARIABLE, DEFAULT_CHECKPOINT
from sparsecbm.types import Prediction

#: Samples of each kind that the survey tries: enough to find failures in, and quick on a CPU.
SURVEYED_OF_EACH_KIND = 2


def load_explainer() -> Explainer:
    """The explainer of this process. CheckpointError when its checkpoint is missing or broken."""
    return _load(os.environ.get(CHECKPOINT_VARIABLE) or str(DEFAULT_CHECKPOINT))


@st.cache_resource(max_entries=1, show_spinner=False)
def _load(source: str) -> Explainer:
    explainer = Explainer.load(source)
    gc.collect()
    gc.freeze()  # what lives as long as the process need not be looked through again
    return explainer


def predicted(explainer: Explainer, text: str) -> Prediction:
    """The model's own prediction; a second call with the same text runs no backbone pass."""
    return _predict(explainer, explainer.checkpoint.hash, text)


def surveyed(explainer: Explainer) -> Survey:
    """How the model does on some sample reviews of each kind, worked out once."""
    return _survey(explainer, explainer.checkpoint.hash)


@st.cache_data(max_entries=512, show_spinner=False)
def _predict(_explainer: Explainer, checkpoint: str, text: str) -> Prediction:
    return _explainer.predict(text)


@st.cache_data(max_entries=4, show_spinner=False)
def _survey(_explainer: Explainer, checkpoint: str) -> Survey:
    samples = few_of_each_kind(load_samples(_explainer.schema), SURVEYED_OF_EACH_KIND)
    predictions = _explainer.predict_many([sample.text for sample in samples])
    return survey(samples, predictions, _explainer.override, _explainer.checkpoint.kind)
