"""Change what the model understood, or the weights it reads with, and see what that does before it is kept."""

import streamlit as st

from sparsecbm import ui

ui.page("Interventions")
st.markdown("## Change it and see")
with ui.errors_shown():
    with st.spinner("Loading the model…"):
        explainer = ui.load_explainer()
    view = ui.opened_view(explainer)
    if explainer.checkpoint.kind == "black_box":
        ui.nothing_to_change()
        st.stop()
    ui.opened_history(explainer.schema)
    ui.write_address(explainer.schema)
    ui.address_notices()
    ui.review_form(view, explainer.schema, "Read it")
    if view.text.strip():
        with st.spinner("Reading the review…"):
            ui.text_notices(view, ui.predicted(explainer, view.text))
    ui.interventions_section()
