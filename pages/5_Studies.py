"""Intervention studies: the researcher builds, follows and reads them; a link with a study's id lets people take part.

What a participant sees has no menu: the other pages would tell the answers.
"""

import streamlit as st

from sparsecbm import ui

invited = ui.takes_part()
ui.page("Studies", menu=not invited)
if not invited:
    st.markdown("## Intervention studies")
with ui.errors_shown():
    with st.spinner("Loading the study…" if invited else "Loading the model…"):
        explainer = ui.load_explainer()
    if invited:
        ui.participant_panel(explainer)
    else:
        ui.studies_panel(explainer)
