"""Set concepts and watch the label: before, controls, after, and what to do next.

A move of a control draws one fragment with one component again: the label head runs, and no backbone pass. What else
on the page shows overrides follows when the person pauses.
"""

import streamlit as st

from sparsecbm.concepts.compute_policies import POLICIES
from sparsecbm.concepts.contributions import label_ledger
from sparsecbm.concepts.panel_advice import NEXT_HELP, next_html, smallest_fix
from sparsecbm.concepts.panel_before_after import (
    arrow_html,
    flip_html,
    result_receipt,
    result_tables,
    side_html,
    sides_html,
)
from sparsecbm.concepts.panel_controls import (
    FIX,
    SHOWN,
    TABLES,
    act,
    range_html,
    range_text,
    unsure_concepts,
    winners_text,
)
from sparsecbm.concepts.panel_ledger import (
    Choice,
    LedgerData,
    change_notes,
    ledger_lines,
    ledger_view,
    presses,
    range_note,
)
from sparsecbm.deck.parts import Part, Passage
from sparsecbm.figures.text import as_html, label_name, listed
from sparsecbm.revision.edit import Override, Revision
from sparsecbm.revision.history import State
from sparsecbm.revision.panel_history import banner, counted, edits_text
from sparsecbm.revision.panel_session import (
    current_reading,
    current_result,
    follow,
    history,
    page_is_old,
    read_only,
    refresh,
    state,
    with_overrides,
)
from sparsecbm.schema import ConceptSchema
from sparsecbm.service import Explainer
from sparsecbm.types import InterventionResult
from sparsecbm.ui.engine import load_explainer
from sparsecbm.ui.pin import pin
from sparsecbm.ui.scene_parts import result_parts, result_title
from sparsecbm.ui.session import current_view, run_again, write_address
from sparsecbm.ui.shell import errors_shown


def pin_result() -> None:
    """The pin; what it keeps is the state at the moment when it is pressed."""
    pin("interventions", lambda: result_title(current_result()), lambda: scene_parts(load_explainer()),
        lambda: result_receipt(current_result()))


def scene_parts(explainer: Explainer) -> tuple[Part, ...]:
    """Revisions and rules in force, and of which concepts the person is not sure, come before the numbers."""
    result, unsure = current_result(), unsure_concepts()
    said = [entry.description for entry in state().entries if not isinstance(entry.edit, Override)]
    parts = [Passage(f"In force on both sides: {'; '.join(said)}.")] if said else []
    if unsure:
        found = explainer.unsure(result.after, unsure)
        parts.append(Passage(f"Not sure: the answer is {winners_text(found, explainer.schema)}. "
                             f"{range_text(found, explainer.schema)}"))
    review, *rest = result_parts(result, current_view().label or result.before.label)
    return (review, *parts, *rest)


HELP = (
    "Set a concept to what the review really says, and watch the label follow: it is computed from the concepts by a "
    "plain sum. **Mix** gives each value a share. **Not sure** shows all that the label could be. **As read** gives "
    "the concept back to the model. Every change can be undone.\n\n"
    f"**Check next**: {NEXT_HELP}\n\n"
    "**Contributions** are in logits: each +0.69 doubles the odds of the label against any other one that stays where "
    "it is. The parts add up to the label's logit exactly."
)
_VIEW, _TURN = "interventions:ledger", "interventions:turn"
_OPEN = "interventions:tables"


def set_concepts_panel() -> None:
    """Both sides, a line per concept, and what to do next."""
    shown = follow(SHOWN)  # the first in line
    st.markdown("### Set concepts", help=HELP)
    banner("interventions")
    st.fragment(_shown, key=shown)()
    pin_result()
    smallest_fix()
    st.fragment(_tables, key=follow(TABLES))()
    st.fragment(_address, key=follow("address", live=True))()


def _shown() -> None:
    """All that a move changes at once."""
    with errors_shown():
        explainer, view, now, unsure = load_explainer(), current_view(), state(), unsure_concepts()
        schema, reading = explainer.schema, current_reading()
        result = with_overrides(reading)
        label = view.label or result.before.label
        notes = change_notes(explainer.single_effects(result.before, result.after), schema)
        notes |= {concept: range_note(concept, label, explainer.effects(), schema) for concept in unsure}
        whose = {concept: "set by you" if concept in now.overrides else "not sure" if concept in unsure
                 else "set by a rule" if concept in reading.overrides else "as read" for concept in schema.concepts}
        found = explainer.suggest(result.after, view.policy, result.overrides)
        ledger_view(_VIEW, LedgerData(
            review=_review(), turn=_turn(), edits=edits_text(), undo=history().position > 0 and not read_only(),
            redo=bool(history().undone) and not read_only(), outcome=_outcome_html(result, unsure, now, view.residual),
            next=next_html(found), policy=_policy_choice(view.policy),
            go=found[0].concept if found and not read_only() else None, disabled=read_only(),
            label=_label_choice(label, schema), lines=ledger_lines(result, label, whose, notes, view.residual)),
            _pressed, _settled)
    if page_is_old():
        run_again()


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


def _label_choice(label: str, schema: ConceptSchema) -> Choice:
    options = tuple((name, label_name(name, schema)) for name in schema.labels)
    return Choice("label", "Contributions to", options, label)


def _policy_choice(policy: str) -> Choice:
    return Choice("policy", "Check next by", tuple((name, one.title) for name, one in POLICIES.items()), policy)


def _address() -> None:
    """Apart from the chart, which a person waits for: the browser draws all of the page for a new address."""
    write_address(load_explainer().schema)


def _tables() -> None:
    fold = st.expander("The same as tables", key=_OPEN, on_change="rerun")
    if fold.open:
        with fold:
            result, schema = current_result(), load_explainer().schema
            label = current_view().label or result.before.label
            result_tables(result, label_ledger(result, label), label_name(label, schema))


def _lasting_text(now: State) -> str:
    revisions = sum(isinstance(edit, Revision) for edit in now.lasting)
    numbers = ((revisions, "revision"), (len(now.lasting) - revisions, "rule"))
    return f"with {listed([counted(number, what) for number, what in numbers if number])}" if now.lasting else ""


def _review() -> str:
    """Tells reviews apart while this server runs."""
    return str(hash(current_view().text))


def _turn() -> int:
    """The number of the last press that was dealt with."""
    turn: int = st.session_state.setdefault(_TURN, 0)
    return turn


def _pressed() -> None:
    for number, what, *details in presses(_VIEW, _review(), _turn()):
        st.session_state[_TURN] = int(number)
        act(what, *details)


def _settled() -> None:
    """Draw what is not drawn with every move, where there is some of it."""
    panels = {FIX: current_view().wanted is not None, TABLES: st.session_state.get(_OPEN, False)}
    refresh(*(panel for panel, is_open in panels.items() if is_open), live=True)
