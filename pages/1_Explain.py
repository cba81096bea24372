"""One review: the words the model went by, what it understood of each concept, and what changing a concept does."""

import streamlit as st

from sparsecbm import ui

ui.page("Explain")
st.markdown("## Explain one review")
with ui.errors_shown():
    with st.spinner("Loading the model…"):
        explainer = ui.load_explainer()
    view = ui.opened_view(explainer)
    ui.write_address(explainer.schema)
    ui.address_notices()
    ui.review_form(view, explainer.schema)
    if not view.text.strip():
        ui.nothing_to_explain()
        st.stop()
    with st.spinner("Reading the review…"):
        prediction = ui.predicted(explainer, view.text)
    ui.text_notices(view, prediction)
    ui.revisions_elsewhere()
    ui.word_panel(prediction)
    if explainer.checkpoint.kind == "black_box":
        ui.label_panel(prediction)
    else:
        ui.concept_panel(prediction, view.residual)
