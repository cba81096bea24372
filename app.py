"""Home: the loaded checkpoint, its honest numbers, three of its failures, a box to type a review, and the deck."""

import streamlit as st

from sparsecbm import panels

if __name__ != "__main__":  # imported by the server, which serves this app, and not run for a visitor
    app = st.App(__file__, middleware=panels.middleware(), lifespan=panels.lifespan,
                 routes=[*panels.page_routes(), *panels.sign_in_routes(), *panels.endpoints()])
else:
    panels.page("Home")
    scene = panels.presented()
    if scene is not None:
        panels.scene_shown(scene)
        st.stop()
    st.markdown("## Why did the model say that?")
    with panels.errors_shown():
        with st.spinner("Loading the model…"):
            explainer = panels.load_explainer()
        panels.model_notice()
        panels.introduction(explainer.schema)
        panels.review_box(explainer.schema)
        failures = st.container()
        panels.deck_panel()  # a deck need not wait for the failures above it, which have to be found first
        with failures:
            panels.failure_cards(explainer)
        panels.model_numbers(explainer.checkpoint)
        panels.access_note()
