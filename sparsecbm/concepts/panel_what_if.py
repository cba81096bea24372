"""What if a concept were different? Before and after side by side, and the exact ledger between concepts and label.

The panel is one fragment: moving a control runs the label head and redraws the panel, no backbone pass, no heatmap.
"""

from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

import numpy as np
import streamlit as st
from jaxtyping import Float

from sparsecbm.concepts.contributions import Part, certain_value, label_ledger, largest, move_share
from sparsecbm.concepts.panel_before_after import flip_html, result_receipt, result_tables, side_html, sides_html
from sparsecbm.figures.text import as_html, label_name, percent, signed
from sparsecbm.schema import ConceptSchema
from sparsecbm.types import InterventionResult, Prediction
from sparsecbm.ui.bars import contribution_html, distribution_html, label_bars_html
from sparsecbm.ui.engine import load_explainer
from sparsecbm.ui.pin import pin
from sparsecbm.ui.scene_parts import result_parts, result_title
from sparsecbm.ui.session import change, chosen, current_view, run_again, seed_widget, write_address
from sparsecbm.ui.shell import INTERVENTIONS, errors_shown, link, note
from sparsecbm.ui.text import as_markdown

#: On a window 1000 pixels wide the third column still holds all values; what stands beside them goes below them there.
WIDTHS = (1.1, 2.5, 4.2, 1.8)


def header(schema: ConceptSchema, label: str) -> None:
    """The names of the columns."""
    titles = ("Concept", "What the model understood", "Set it yourself", f"Contribution to {label}")
    for column, title in zip(st.columns(WIDTHS, vertical_alignment="bottom"), titles, strict=True):
        column.markdown(f"**{as_markdown(title)}**")


def concept_row(concept: str, result: InterventionResult, part: Part, limit: float) -> None:
    """A concept's line. Its controls change this session's view and nothing else."""
    schema, k = result.before.schema, result.before.schema.concept_index(concept)
    override = current_view().overrides.get(concept)
    before, after = result.before.concept_probabilities[k], result.after.concept_probabilities[k]
    name, reading, control, contribution = st.columns(WIDTHS, vertical_alignment="center")
    whose = "as read" if override is None else "set by you"
    name.html(f'<div title="{as_html(schema.concept_help[k])}"><b>{as_html(concept)}</b><br>'
              f'<span style="font-size:.8rem;opacity:.75">{whose}</span></div>')
    with reading:
        st.html(distribution_html(schema.values, before, after))
    with control, st.container(horizontal=True, gap="small", vertical_alignment="center"):
        _value_control(concept, override, schema)
        popover = st.popover("Mix", help=f"Give each value of {concept} a share", key=f"explain:mix:{concept}",
                             on_change="rerun")
        if popover.open:  # sliders drawn in a closed popover would miss the values that are set meanwhile
            with popover, st.container(width=320):
                note(f"How sure are you about {as_markdown(concept)}? Move one share; the others make room, so that "
                     "all add up to 100 %.")
                share_sliders(concept, after if override is None else np.asarray(override), schema, "explain", _set)
        st.button("Reset", key=f"explain:reset:{concept}", help=f"Give {concept} back to the model", type="tertiary",
                  disabled=override is None, on_click=_reset, args=(concept,))
    with contribution:
        st.html(contribution_html(part.before, part.after, limit))


def fixed_row(name: str, explanation: str, part: Part, limit: float, switch: bool | None = None) -> None:
    """A line that is no concept; `switch` is the state of the switch that counts it, None for no switch."""
    title, text, control, contribution = st.columns(WIDTHS, vertical_alignment="center")
    title.markdown(f"**{name}**")
    with text:
        note(explanation)
    if switch is not None:
        control.toggle("Count the residual", seed_widget("explain:residual", switch), key="explain:residual",
                       on_change=_residual_switched)
    with contribution:
        st.html(contribution_html(part.before, part.after, limit))


def share_sliders(
    concept: str, distribution: Float[np.ndarray, " value"], schema: ConceptSchema, page: str,
    moved: Callable[[str, tuple[float, ...]], None],
) -> None:
    """A slider for each value's share; `moved` gets the concept and its new distribution."""
    for index, value in enumerate(schema.values):
        key = f"{page}:share:{concept}:{value}"
        share = seed_widget(key, round(100 * float(distribution[index])))
        st.slider(f"{concept}: {value}", 0, 100, share, key=key, format="%d %%", on_change=_share_moved,
                  args=(concept, key, index, tuple(distribution.tolist()), moved))


def _reset(concept: str) -> None:
    """Give a concept back to the model."""
    change(overrides={name: shares for name, shares in current_view().overrides.items() if name != concept})


def reset_all() -> None:
    """Give every concept back to the model, and the residual too."""
    change(overrides={}, residual=True)


def _value_control(concept: str, override: Sequence[float] | None, schema: ConceptSchema) -> None:
    key = f"explain:set:{concept}"
    certain = None if override is None else certain_value(override)
    value = seed_widget(key, None if certain is None else schema.values[certain])
    st.segmented_control(f"Set {concept} to", schema.values, key=key, default=value, required=True,
                         label_visibility="collapsed", on_change=_value_chosen, args=(concept, key, schema))


def _value_chosen(concept: str, key: str, schema: ConceptSchema) -> None:
    wanted: Any = st.session_state[key]
    if wanted is not None:
        _set(concept, tuple(float(value == wanted) for value in schema.values))


def _share_moved(
    concept: str, key: str, index: int, distribution: tuple[float, ...],
    moved: Callable[[str, tuple[float, ...]], None],
) -> None:
    if chosen(key):
        moved(concept, move_share(distribution, index, st.session_state[key] / 100))


def _set(concept: str, distribution: tuple[float, ...]) -> None:
    change(overrides={**current_view().overrides, concept: distribution})


def _residual_switched() -> None:
    change(residual=st.session_state["explain:residual"])


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
