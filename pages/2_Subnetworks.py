"""What the subnetworks share, whether they carry their concepts, and what taking them out does."""

import streamlit as st

from sparsecbm import panels

panels.page("Subnetworks")
st.markdown("## Subnetworks")
with panels.errors_shown():
    with st.spinner("Loading the model…"):
        explainer = panels.load_explainer()
    panels.model_notice()
    if explainer.checkpoint.kind != "sparse":
        panels.no_subnetworks(explainer.checkpoint)
        st.stop()
    panels.opened_selection(explainer)
    panels.selection_notices()
    panels.sharing_panel(explainer)
    panels.subnetworks_section()
