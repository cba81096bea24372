"""What if a concept were different? Before and after side by side, and the exact ledger between concepts and label.

The panel is one fragment: moving a control runs the label head and redraws the panel, no backbone pass, no heatmap.
"""

import streamlit as st

from sparsecbm.figures.escaping import as_html
from sparsecbm.figures.names import label_name, label_with_probability, percent, receipt_line, signed
from sparsecbm.schema import ConceptSchema
from sparsecbm.types import InterventionResult, Prediction
from sparsecbm.ui.bars import label_bars_html
from sparsecbm.ui.concept_row import concept_row, fixed_row, header, reset_all
from sparsecbm.ui.engine import load_explainer
from sparsecbm.ui.ledger import Part, label_ledger, largest, ledger_table, probability_table
from sparsecbm.ui.markdown import as_markdown
from sparsecbm.ui.session import change, current_view, seed_widget, write_address
from sparsecbm.ui.shell import errors_shown, note

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
            st.rerun()  # the words of the label change with it
        write_address(schema)
        result = explainer.override(prediction, view.overrides, residual=view.residual)
        st.markdown("### What if a concept were different?", help=HELP)
        _outcome(result, view.edited)
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
        _tables(result, ledger, label_name(label, schema))


def label_panel(prediction: Prediction) -> None:
    """All there is to show of a model without concepts."""
    st.markdown("### What does it say?")
    st.html(label_bars_html(prediction, "Prediction", changed=True))
    st.info("This checkpoint is a black box: it was trained without concepts, so there is nothing to set. Load a dense "
            "or sparse checkpoint to change concepts.")


def _outcome(result: InterventionResult, edited: bool) -> None:
    before, middle, after = st.columns([5, 2.2, 5], vertical_alignment="center", gap="medium")
    with before:
        st.markdown(f"Before: **{as_markdown(label_with_probability(result.before))}**, as the model read it")
        st.html(label_bars_html(result.before, "Before", changed=False))
    with after:
        note = "with your changes" if edited else "nothing changed yet"
        st.markdown(f"After: **{as_markdown(label_with_probability(result.after))}**, {note}")
        st.html(label_bars_html(result.after, "After", changed=edited))
    schema = result.before.schema
    old, new = (as_html(label_name(side.label, schema)) for side in (result.before, result.after))
    if result.label_changed:
        text = f'<div style="font-size:2.6rem;line-height:1">➜</div><b>{old} → {new}</b><br>The label flips.'
    elif edited:
        text = f'<div style="font-size:2.6rem;line-height:1;opacity:.45">➜</div>The label stays <b>{new}</b>.'
    else:
        text = '<div style="font-size:2.6rem;line-height:1;opacity:.25">➜</div>Set a concept below and watch this side.'
    middle.html(f'<div role="status" style="text-align:center;font-size:.95rem">{text}</div>')


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


def _tables(result: InterventionResult, ledger: dict[str, Part], label: str) -> None:
    with st.expander("The same as tables"):
        left, right = st.columns(2, gap="medium")
        with left:
            note(f"Contributions to {as_markdown(label)}, in logits")
            st.dataframe(ledger_table(ledger), hide_index=True, alt=f"Contributions to {label}, before and after")
        with right:
            note("Probability of every label, in percent")
            st.dataframe(probability_table(result), hide_index=True, alt="Probability of every label, before and after")
    note(receipt_line(result.receipt, "no backbone pass"))
