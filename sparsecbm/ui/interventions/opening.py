"""What the page says when there is nothing to change."""

import streamlit as st

from sparsecbm.ui.shell import EXPLAIN, link


def nothing_to_set() -> None:
    """The empty page says what to do."""
    st.info("**No review at hand yet.** Type one above and press *Read it*, or open a sample. Then you can set what "
            "the model understood of each concept, see which concept to check next and the smallest fix for the label "
            "you want, and undo whatever you try.", icon=":material/arrow_upward:")
    link(EXPLAIN, "See first which words the model goes by: Explain", ":material/arrow_forward:")


def nothing_to_change() -> None:
    """A model without concepts has nothing to set."""
    st.info("This checkpoint is a black box: it was trained without concepts, so there is nothing to set. Load a dense "
            "or sparse checkpoint to change concepts.")
    link(EXPLAIN, "Explain a review by its words", ":material/arrow_forward:")
