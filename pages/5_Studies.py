"""Intervention studies: the researcher builds, follows and reads them; a link with a study's id lets people take part.

What a participant sees has no menu: the other pages would tell the answers.
"""

import streamlit as st

from sparsecbm import panels

invited = panels.takes_part()
panels.page("Studies", menu=not invited, least="analyst")
if not invited:
    st.markdown("## Intervention studies")
with panels.errors_shown():
    if invited:
        panels.participant_panel()
    else:
        with st.spinner("Loading the model…"):
            explainer = panels.load_explainer()
        panels.model_notice()
        panels.studies_panel(explainer)
