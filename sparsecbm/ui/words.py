"""Which words the model went by: the review as a heatmap for one target, and for all of them side by side."""

import pandas as pd
import streamlit as st

from sparsecbm.explainer import Explainer, default_targets
from sparsecbm.schema import ConceptSchema
from sparsecbm.types import Attribution, Explanation, Prediction, Target
from sparsecbm.ui.address import View
from sparsecbm.ui.engine import explained, load_explainer
from sparsecbm.ui.heatmap import far_from_complete, full_colour, heatmap_html, legend_html
from sparsecbm.ui.literal import as_markdown
from sparsecbm.ui.names import label_name, receipt_line, signed, target_name
from sparsecbm.ui.session import change, current_view, seed_widget, write_address
from sparsecbm.ui.shell import errors_shown, note

HELP = (
    "Gradient × input, per word, in logits. Blue words (+) push the model towards the answer, orange words (−) away "
    "from it. Each concept is read through its own subnetwork, so its words can differ from those of the label. The "
    "completeness gap is what the scores, added up, miss of the answer's logit: a small gap makes them worth reading."
)
_SUBJECT = "explain:subject"


@st.fragment
def word_panel(prediction: Prediction) -> None:
    """The heatmap for a chosen target; choosing another one redraws this panel only."""
    with errors_shown():
        explainer, view, schema = load_explainer(), current_view(), prediction.schema
        write_address(schema)
        st.markdown("### Which words did it go by?", help=HELP)
        label_only = explainer.checkpoint.kind == "black_box"
        target = view.target
        if target is None or (label_only and target.concept is not None):
            target = Target(None, prediction.label)
        _choose_target(target, prediction, label_only)
        explanation = explained(explainer, prediction.text, (target,), view.residual)
        _draw(explanation, schema, view)
        _all_targets(explainer, prediction, view)


def _choose_target(target: Target, prediction: Prediction, label_only: bool) -> None:
    schema = prediction.schema
    subjects = [schema.label_title] if label_only else [schema.label_title, *schema.concepts]
    subject = target.concept or schema.label_title
    seed_widget(_SUBJECT, subject)
    value_key = f"explain:target:{subject}"
    seed_widget(value_key, target.name)
    with st.container(horizontal=True, vertical_alignment="bottom", gap="medium"):
        st.segmented_control("Explain", subjects, key=_SUBJECT, required=True, on_change=_subject_chosen,
                             args=(prediction,))
        own = label_name(prediction.label, schema) if target.concept is None else prediction.value(target.concept)
        names = schema.labels if target.concept is None else schema.values
        display = dict(zip(schema.labels, schema.label_display, strict=True)) if target.concept is None else {}
        st.segmented_control(f"Answer (the model says {own})", names, key=value_key, required=True,
                             format_func=lambda name: display.get(name, name), on_change=_name_chosen,
                             args=(target.concept, value_key))


def _subject_chosen(prediction: Prediction) -> None:
    subject = st.session_state[_SUBJECT]
    if subject == prediction.schema.label_title:
        change(target=None)
    else:
        change(target=Target(subject, prediction.value(subject)))


def _name_chosen(concept: str | None, key: str) -> None:
    change(target=Target(concept, st.session_state[key]))


def _draw(explanation: Explanation, schema: ConceptSchema, view: View) -> None:
    attribution, prediction, receipt = explanation.attributions[0], explanation.prediction, explanation.receipt
    dark, limit = st.context.theme.type == "dark", full_colour(explanation.attributions)
    name = target_name(attribution.target, schema)
    without = " without the residual" if attribution.target.concept is None and not view.residual else ""
    st.markdown(f"Words for and against **{as_markdown(name)}**{without}")
    with st.container(border=True):
        st.html(heatmap_html(attribution, prediction.text, limit, dark, prediction.truncated))
    st.html(legend_html(limit, dark, name))
    gap = f"completeness gap {attribution.completeness_gap:.2f} of {signed(attribution.difference)}"
    note(receipt_line(receipt, gap))
    if far_from_complete(attribution):
        note(":material/warning: Read these words with care: their scores, added up, miss more than half of what moved "
             "this answer. The sum further down is exact.")


def _all_targets(explainer: Explainer, prediction: Prediction, view: View) -> None:
    panel = st.expander("All concepts side by side, and the scores as a table", key="explain:all", on_change="rerun")
    if not panel.open:
        return
    schema = prediction.schema
    targets = default_targets(prediction)
    if explainer.checkpoint.kind == "black_box":
        targets = targets[-1:]
    attributions = explained(explainer, prediction.text, targets, view.residual).attributions
    limit, dark = full_colour(attributions), st.context.theme.type == "dark"
    with panel:
        for attribution in attributions:
            name = as_markdown(target_name(attribution.target, schema))
            st.markdown(f"**{name}**, completeness gap {attribution.completeness_gap:.2f}")
            st.html(heatmap_html(attribution, prediction.text, limit, dark, prediction.truncated))
        st.html(legend_html(limit, dark, "the target"))
        st.dataframe(_table(attributions, schema), hide_index=True,
                     alt="Score of every word for every target, in logits")


def _table(attributions: tuple[Attribution, ...], schema: ConceptSchema) -> pd.DataFrame:
    columns: dict[str, list[str] | list[float]] = {"word": [word.text for word in attributions[0].words]}
    for attribution in attributions:
        columns[target_name(attribution.target, schema)] = attribution.scores.round(4).tolist()
    return pd.DataFrame(columns)
