"""One line of the ledger: a concept with its distribution, the control that overrides it, and what it contributes."""

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import streamlit as st
from jaxtyping import Float

from sparsecbm.figures.escaping import as_html
from sparsecbm.schema import ConceptSchema
from sparsecbm.types import InterventionResult
from sparsecbm.ui.bars import contribution_html, distribution_html
from sparsecbm.ui.ledger import Part
from sparsecbm.ui.markdown import as_markdown
from sparsecbm.ui.mixing import certain_value, move_share
from sparsecbm.ui.session import change, chosen, current_view, seed_widget
from sparsecbm.ui.shell import note

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
