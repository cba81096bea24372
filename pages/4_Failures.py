"""Where the loaded model is wrong: its predictions for any source, sliced, and read one by one."""

import streamlit as st

from sparsecbm import panels

panels.page("Failures")
st.markdown("## Failures")
with panels.errors_shown():
    with st.spinner("Loading the model…"):
        explainer = panels.load_explainer()
    panels.model_notice()
    panels.failures_panel(explainer)
