"""Which weights carry a concept: what the subnetworks share, whether they carry it, and what taking them out does."""

import streamlit as st

from sparsecbm import ui

ui.page("Subnetworks")
st.markdown("## Which weights carry a concept?")
with ui.errors_shown():
    with st.spinner("Loading the model…"):
        explainer = ui.load_explainer()
    if explainer.checkpoint.kind != "sparse":
        ui.no_subnetworks(explainer.checkpoint)
        st.stop()
    ui.opened_selection(explainer)
    ui.selection_notices()
    ui.sharing_panel(explainer)
    ui.subnetworks_section()
