"""A review as it is read with edits in force: through revised masks, then with what rules set, then with overrides."""

import streamlit as st

from sparsecbm.edits.history import State
from sparsecbm.explainer import Explainer
from sparsecbm.types import InterventionResult
from sparsecbm.ui.engine import load_explainer, predicted
from sparsecbm.ui.interventions.session import state
from sparsecbm.ui.session import current_view

_READING = "interventions:reading"


def read_with(explainer: Explainer, text: str, edits: State) -> InterventionResult:
    """A review through the revised masks, and then as the rules leave it, which is what overrides start from.

    Its `overrides` are what the rules set. A text that was read before with the same revisions runs no backbone pass.
    """
    prediction = explainer.predict_changed(text, edits.changes) if edits.changes else predicted(explainer, text)
    return explainer.apply_rules(prediction, edits.rules)


def current_reading() -> InterventionResult:
    """The review at hand with the revisions and rules of the state that is looked at; the last one is kept."""
    explainer, text, now = load_explainer(), current_view().text, state()
    key = explainer.checkpoint.hash, text, now.lasting
    kept = st.session_state.get(_READING)
    if kept is None or kept[0] != key:
        kept = st.session_state[_READING] = key, read_with(explainer, text, now)
    reading: InterventionResult = kept[1]
    return reading


def current_result() -> InterventionResult:
    """The same before and after the overrides of that state."""
    return with_overrides(current_reading())


def with_overrides(reading: InterventionResult) -> InterventionResult:
    """What the overrides of the state that is looked at make of a reading."""
    return load_explainer().override(reading.after, state().overrides, current_view().residual)
