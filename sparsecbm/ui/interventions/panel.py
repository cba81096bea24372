"""Set concepts and watch the label: before, controls, after, and what to do next.

A move of a control draws one fragment again, which writes a few pieces of HTML around the controls: the label head
runs, and no backbone pass. The controls themselves are drawn when something else sets them.
"""

from collections.abc import Sequence
from typing import TYPE_CHECKING

import streamlit as st

from sparsecbm.edits.edit import Revision
from sparsecbm.edits.history import State
from sparsecbm.figures.escaping import as_html
from sparsecbm.figures.names import label_name, listed
from sparsecbm.schema import ConceptSchema
from sparsecbm.types import InterventionResult
from sparsecbm.ui.before_after import arrow_html, flip_html, result_receipt, result_tables, side_html, sides_html
from sparsecbm.ui.engine import load_explainer
from sparsecbm.ui.interventions.advice import next_html, next_step, smallest_fix
from sparsecbm.ui.interventions.controls import TABLES, concept_controls, mixture_sliders, tables_key, unsure_concepts
from sparsecbm.ui.interventions.ledger_lines import (
    SUM,
    change_notes,
    contributions_html,
    line_heights,
    range_note,
    understood_html,
)
from sparsecbm.ui.interventions.reading import current_reading, current_result, with_overrides
from sparsecbm.ui.interventions.session import follow, refresh, state
from sparsecbm.ui.interventions.strip import counted, edits_html, history_buttons
from sparsecbm.ui.interventions.uncertain import range_html, range_text
from sparsecbm.ui.ledger import label_ledger
from sparsecbm.ui.session import change, current_view, seed_widget, write_address
from sparsecbm.ui.shell import errors_shown

if TYPE_CHECKING:
    from streamlit.delta_generator import DeltaGenerator

HELP = (
    "Set a concept to what the review really says, and watch the label follow: it is computed from the concepts by a "
    "plain sum. **Mix** gives each value a share. **Not sure** shows all that the label could be. **As read** gives "
    "the concept back to the model. Every change can be undone."
)
LABEL_HELP = (
    "In logits: each +0.69 doubles the odds of the label against any other one that stays where it is. The parts add "
    "up to the label's logit exactly."
)
_WIDTHS = (2.6, 4.6, 2.4)
_LABEL = "interventions:label"


def set_concepts_panel() -> None:
    """The undo buttons, both sides, a line per concept, and what to do next."""
    shown = follow("shown", live=True)  # the first in line
    schema, before = load_explainer().schema, current_reading().after
    heights = line_heights(schema, bool(before.residual.any()))
    st.markdown("### Set concepts", help=HELP)
    history_buttons()
    outcome = st.empty()
    _headings(schema, current_view().label or before.label)
    left, middle, right = st.columns(_WIDTHS, gap="medium")
    understood, contributions = left.empty(), right.empty()
    with middle:
        concept_controls({name: height for name, height in heights.items() if name != SUM})
    mixture_sliders()
    left, right = st.columns(2, gap="large")
    with left:
        advice = next_step()
    with right:
        smallest_fix()
    st.fragment(_shown, key=shown)((outcome, understood, contributions, advice), heights)
    st.fragment(_tables, key=follow(TABLES))()


def _shown(boxes: Sequence["DeltaGenerator"], heights: dict[str, int]) -> None:
    """All that a move changes."""
    outcome, understood, contributions, advice = boxes
    with errors_shown():
        explainer, view, now, unsure = load_explainer(), current_view(), state(), unsure_concepts()
        schema = explainer.schema
        write_address(schema)
        reading = current_reading()
        result = with_overrides(reading)
        label = view.label or result.before.label
        notes = change_notes(explainer.single_effects(result.before, result.after), schema)
        notes |= {concept: range_note(concept, label, explainer.effects(), schema) for concept in unsure}
        outcome.html(edits_html() + _outcome_html(result, unsure, now, view.residual))
        found = explainer.suggest(result.after, view.policy, result.overrides)
        whose = {concept: "set by you" if concept in now.overrides else "not sure" if concept in unsure
                 else "set by a rule" if concept in reading.overrides else "as read" for concept in schema.concepts}
        understood.html(understood_html(result, heights, whose))
        contributions.html(contributions_html(result, label, heights, notes))
        advice.html(next_html(found))


def _outcome_html(result: InterventionResult, unsure: tuple[str, ...], now: State, residual: bool) -> str:
    edited, schema = bool(result.overrides) or not residual, result.before.schema
    before = side_html(result.before, "Before", _lasting_text(now) or "as the model read it", changed=False)
    receipt = f'<div style="font-size:.75rem;margin-top:.5rem">{as_html(result_receipt(result))}</div>'
    if unsure:
        found = load_explainer().unsure(result.after, unsure)
        between = arrow_html(f'<div style="font-size:.8rem;text-align:left">{as_html(range_text(found, schema))}</div>',
                             0.45)
        return sides_html(before, between, range_html(found, schema)) + receipt
    after = side_html(result.after, "After", "with your settings" if edited else "nothing set yet", changed=edited)
    return sides_html(before, flip_html(result, edited), after) + receipt


def _headings(schema: ConceptSchema, label: str) -> None:
    left, middle, right = st.columns(_WIDTHS, vertical_alignment="bottom", gap="medium")
    left.html("<b>What the model understood</b>")
    middle.html("<b>Set it yourself</b>")
    right.selectbox("Contributions to", schema.labels, schema.label_index(seed_widget(_LABEL, label)), key=_LABEL,
                    format_func=lambda name: label_name(name, schema), on_change=_label_chosen, help=LABEL_HELP)


def _tables() -> None:
    fold = st.expander("The same as tables", key=tables_key(), on_change="rerun")
    if fold.open:
        with fold:
            result, schema = current_result(), load_explainer().schema
            label = current_view().label or result.before.label
            result_tables(result, label_ledger(result, label), label_name(label, schema))


def _lasting_text(now: State) -> str:
    revisions = sum(isinstance(edit, Revision) for edit in now.lasting)
    numbers = ((revisions, "revision"), (len(now.lasting) - revisions, "rule"))
    return f"with {listed([counted(number, what) for number, what in numbers if number])}" if now.lasting else ""


def _label_chosen() -> None:
    change(label=st.session_state[_LABEL])
    refresh(TABLES, live=True)
