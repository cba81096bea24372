"""The state of the Failures page: its source, the slice in force, a person's own tags and saved slices.

A session holds names and ids only, and a table of its own.
"""

from typing import Any

import streamlit as st

from sparsecbm.data.reviews import Reviews
from sparsecbm.errors import DataError
from sparsecbm.failures.error_analysis import ErrorAnalysis
from sparsecbm.failures.panel_address import STATE, Known, Looking
from sparsecbm.failures.panel_predictions import analysis_of
from sparsecbm.failures.slices import Slice
from sparsecbm.service import Explainer
from sparsecbm.ui.loaded_model import load_explainer
from sparsecbm.ui.sources import opened_reviews, source_titles

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
