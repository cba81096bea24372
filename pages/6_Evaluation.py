"""What was measured of the loaded model: scores, correction, effects of edits, another model, word scores, training."""

import streamlit as st

from sparsecbm import ui

ui.page("Evaluation")
st.markdown("## What was measured")
with ui.errors_shown():
    with st.spinner("Loading the model…"):
        explainer = ui.load_explainer()
    ui.evaluation_panel(explainer)
