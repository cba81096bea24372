"""One document: the words behind the label, what is predicted of each concept, and what setting a concept does."""

import streamlit as st

from sparsecbm import panels

panels.page("Explain")
st.markdown("## Explain")
with panels.errors_shown():
    with st.spinner("Loading the model…"):
        explainer = panels.load_explainer()
    panels.model_notice()
    view = panels.opened_view(explainer)
    panels.write_address(explainer.schema)
    panels.address_notices()
    panels.review_form(view, explainer.schema)
    if view.blank:
        panels.nothing_to_explain(explainer.schema)
        st.stop()
    with st.spinner("Predicting…"):
        prediction = explainer.predict(view.text)
    panels.text_notices(view, prediction)
    panels.revisions_elsewhere()
    words, concepts = panels.two_columns()
    with concepts:  # drawn first: words can take seconds
        if explainer.checkpoint.kind == "black_box":
            panels.label_panel(prediction)
        else:
            panels.concept_panel(prediction, view.residual)
    with words:
        panels.heatmap_panel(prediction)
    panels.correction_fold(view.text, "explain")
    panels.word_questions(prediction)
