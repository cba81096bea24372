"""Where the loaded model is wrong: reviews of any source, judged, sliced, and read one by one."""

import streamlit as st

from sparsecbm import ui

ui.page("Failures")
st.markdown("## Where is it wrong?")
with ui.errors_shown():
    with st.spinner("Loading the model…"):
        explainer = ui.load_explainer()
    ui.failures_panel(explainer)
