"""Home: the loaded checkpoint, its honest numbers, three of its failures, and a box to type a review."""

import streamlit as st

from sparsecbm import ui

ui.page("Home")
st.markdown("## Why did the model say that?")
with ui.errors_shown():
    with st.spinner("Loading the model…"):
        explainer = ui.load_explainer()
    ui.introduction(explainer.schema)
    ui.review_box(explainer.schema)
    ui.failure_cards(explainer)
    ui.model_numbers(explainer.checkpoint)
