"""Set concepts or revise subnetworks, and see what that does before it is saved."""

import streamlit as st

from sparsecbm import panels

panels.page("Interventions")
st.markdown("## Interventions")
with panels.errors_shown():
    with st.spinner("Loading the model…"):
        explainer = panels.load_explainer()
    panels.model_notice()
    view = panels.opened_view(explainer)
    if explainer.checkpoint.kind == "black_box":
        panels.nothing_to_change()
        st.stop()
    panels.opened_history(explainer.schema)
    panels.write_address(explainer.schema)
    panels.address_notices()
    panels.review_form(view, explainer.schema, "Predict")
    if not view.blank:
        with st.spinner("Predicting…"):
            panels.text_notices(view, explainer.predict(view.text))
    panels.interventions_section()
    if not view.blank:
        panels.correction_fold(view.text, "interventions")
