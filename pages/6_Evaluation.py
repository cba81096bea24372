"""Stored measurements of the loaded model: scores, correction, rewritings, another model, word scores, training."""

import streamlit as st

from sparsecbm import panels

panels.page("Evaluation")
st.markdown("## Evaluation")
with panels.errors_shown():
    with st.spinner("Loading the model…"):
        explainer = panels.load_explainer()
    panels.model_notice()
    panels.evaluation_panel(explainer)
