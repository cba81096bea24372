"""One review: the words the model went by, what it understood of each concept, and what changing a concept does."""

import streamlit as st

from sparsecbm import panels

panels.page("Explain")
st.markdown("## Explain one review")
with panels.errors_shown():
    with st.spinner("Loading the model…"):
        explainer = panels.load_explainer()
    view = panels.opened_view(explainer)
    panels.write_address(explainer.schema)
    panels.address_notices()
    panels.review_form(view, explainer.schema)
    if not view.text.strip():
        panels.nothing_to_explain()
        st.stop()
    with st.spinner("Reading the review…"):
        prediction = panels.predicted(explainer, view.text)
    panels.text_notices(view, prediction)
    panels.revisions_elsewhere()
    panels.word_panel(prediction)
    if explainer.checkpoint.kind == "black_box":
        panels.label_panel(prediction)
    else:
        panels.concept_panel(prediction, view.residual)
