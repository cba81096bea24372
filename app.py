"""Home: the loaded checkpoint, its honest numbers, three of its failures, a box to type a review, and the deck."""

import streamlit as st

from sparsecbm import ui

ui.page("Home")
scene = ui.presented()
if scene is not None:
    ui.scene_shown(scene)
    st.stop()
st.markdown("## Why did the model say that?")
with ui.errors_shown():
    with st.spinner("Loading the model…"):
        explainer = ui.load_explainer()
    ui.introduction(explainer.schema)
    ui.review_box(explainer.schema)
    failures = st.container()
    ui.deck_panel()  # a deck need not wait for the failures above it, which have to be found first
    with failures:
        ui.failure_cards(explainer)
    ui.model_numbers(explainer.checkpoint)
