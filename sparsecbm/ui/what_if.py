"""What if a concept were different? Before and after side by side, and the exact ledger between concepts and label.

The panel is one fragment: moving a control runs the label head and redraws the panel, no backbone pass, no heatmap.
"""

from functools import partial

import streamlit as st

from sparsecbm.figures.names import label_name, percent, signed
from sparsecbm.schema import ConceptSchema
from sparsecbm.types import InterventionResult, Prediction
from sparsecbm.ui.bars import label_bars_html
from sparsecbm.ui.before_after import flip_html, result_receipt, result_tables, side_html, sides_html
from sparsecbm.ui.concept_row import concept_row, fixed_row, header, reset_all
from sparsecbm.ui.deck.parts import result_parts, result_title
from sparsecbm.ui.deck.pinning import pin
from sparsecbm.ui.engine import load_explainer
from sparsecbm.ui.ledger import Part, label_ledger, largest
from sparsecbm.ui.markdown import as_markdown
from sparsecbm.ui.session import change, current_view, run_again, seed_widget, write_address
from sparsecbm.ui.shell import INTERVENTIONS, errors_shown, link, note

HELP = (
    "The label is computed from the concepts by a plain sum, so each contribution is exact: bias + concepts + residual "
    "= logit of the label. Setting a concept replaces what the model understood of it and leaves the rest as it is. "
    "The residual is what the label takes from the text beside the concepts; switch it off to see what they alone say."
)
_LABEL = "explain:label"


@st.fragment
def concept_panel(prediction: Prediction, residual_drawn: bool) -> None:
    """The ledger and its controls. `residual_drawn` is the switch's state in the rest of the page."""
    with errors_shown():
        view, schema, explainer = current_view(), prediction.schema, load_explainer()
        if view.residual != residual_drawn:
            run_again()  # the words of the label change with it
        write_address(schema)
        result = explainer.override(prediction, view.overrides, residual=view.residual)
        st.markdown("### What if a concept were different?", help=HELP)
        after = "with your changes" if view.edited else "nothing changed yet"
        st.html(sides_html(side_html(result.before, "Before", "as the model read it", changed=False),
                           flip_html(result, view.edited), side_html(result.after, "After", after, view.edited)))
        label = view.label or prediction.label
        _toolbar(label, schema, view.edited)
        ledger = label_ledger(result, label)
        limit = largest(ledger)
        header(schema, label_name(label, schema))
        for concept in schema.concepts:
            concept_row(concept, result, ledger[concept], limit)
        if prediction.residual.any():
            fixed_row("residual", "What the label takes from the text beside the concepts", ledger["residual"], limit,
                      switch=view.residual)
        fixed_row("bias", "The same for every review", ledger["bias"], limit)
        _sum(result, label, ledger["sum"])
        with st.expander("The same as tables"):
            result_tables(result, ledger, label_name(label, schema))
        note(result_receipt(result))
        pin("concepts", partial(result_title, result), partial(result_parts, result, label), result_receipt(result))
        link(INTERVENTIONS, "More: smallest fix, what to check next, subnetwork edits", ":material/arrow_forward:")


def label_panel(prediction: Prediction) -> None:
    """All there is to show of a model without concepts."""
    st.markdown("### What does it say?")
    st.html(label_bars_html(prediction, "Prediction", changed=True))
    st.info("This checkpoint is a black box: it was trained without concepts, so there is nothing to set. Load a dense "
            "or sparse checkpoint to change concepts.")


def _toolbar(label: str, schema: ConceptSchema, edited: bool) -> None:
    with st.container(horizontal=True, vertical_alignment="bottom", gap="medium"):
        st.segmented_control(
            "Show contributions to", schema.labels, key=_LABEL, default=seed_widget(_LABEL, label), required=True,
            format_func=lambda name: label_name(name, schema), on_change=_label_chosen,
            help="A contribution is in logits: each +0.69 doubles the odds of the label against any other one that "
                 "stays where it is.")
        st.button("Reset all", disabled=not edited, on_click=reset_all, help="Back to what the model said by itself")


def _label_chosen() -> None:
    change(label=st.session_state[_LABEL])


def _sum(result: InterventionResult, label: str, part: Part) -> None:
    schema = result.before.schema
    index = schema.label_index(label)
    old, new = (percent(float(side.label_probabilities[index])) for side in (result.before, result.after))
    logits, shares = signed(part.after), new
    if part.moved:
        logits, shares = f"{signed(part.before)} → {logits}", f"{old} → {new}"
    st.markdown(f"**Sum**: logit of {as_markdown(label_name(label, schema))} **{logits}**, which among all labels "
                f"makes a probability of **{shares}**.")
