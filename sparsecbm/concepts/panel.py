"""Set concepts and watch the label: the concept panel of Interventions, and what to do next.

A press draws one fragment with one component again: the label head runs once, and no backbone pass. What else on the
page shows overrides follows when the person pauses.
"""

import streamlit as st

from sparsecbm.concepts.compute_policies import POLICIES, Suggestion
from sparsecbm.concepts.compute_uncertainty import LabelRange as Found
from sparsecbm.concepts.contributions import RESIDUAL, SingleEffect, label_contributions
from sparsecbm.concepts.panel_advice import NEXT_HELP, smallest_fix
from sparsecbm.concepts.panel_before_after import result_receipt, result_tables
from sparsecbm.concepts.panel_concepts import (
    Advice,
    LabelRange,
    ResidualRow,
    Row,
    Side,
    Steps,
    concept_view,
    result_panel,
)
from sparsecbm.concepts.panel_controls import FIX, SHOWN, TABLES, act, range_text, unsure_concepts, winners_text
from sparsecbm.concepts.panel_explain import RESIDUAL_TEXT
from sparsecbm.deck.parts import Part, Passage
from sparsecbm.familiarity.panel import unlike_note
from sparsecbm.figures.text import counted, label_name, listed, percent, signed
from sparsecbm.revision.edit import Override, Revision
from sparsecbm.revision.history import EditState
from sparsecbm.revision.panel_history import banner, edits_text
from sparsecbm.revision.panel_session import (
    current_result,
    fragment_key,
    history,
    page_is_stale,
    read_only,
    refresh,
    result_before_overrides,
    state,
)
from sparsecbm.schema import ConceptSchema
from sparsecbm.service import Explainer
from sparsecbm.ui.loaded_model import load_explainer
from sparsecbm.ui.pin import pin
from sparsecbm.ui.scene_parts import result_parts, result_title
from sparsecbm.ui.session import current_view, run_again, text_key, write_address
from sparsecbm.ui.shell import errors_shown, two_columns
from sparsecbm.words.panel_word_scores import plain_review

HELP = (
    "Set a concept to what the text really says, and watch the label follow: it is computed from the concepts by a "
    "plain sum. Press a value, or drag the slider between two of them. **Mix** gives each value a share. **Not sure** "
    "shows all that the label could be. **As predicted** gives the concept back to the model. Every change can be "
    "undone.\n\n"
    f"**Check next**: {NEXT_HELP}\n\n"
    "**Contributions** are in logits: each +0.69 doubles the odds of the label against any other one that stays where "
    "it is. The parts add up to the label's logit exactly."
)
_VIEW, _OPEN = "interventions:concepts", "interventions:tables"


def set_concepts_panel() -> None:
    """The text, both answers, a row per concept, and what to do next."""
    shown = fragment_key(SHOWN)  # the first in line
    banner("interventions")
    text, concepts = two_columns()
    with concepts:
        st.markdown("### Concepts", help=HELP)
        st.fragment(_shown, key=shown)()
    with text:
        st.markdown("### Text")
        plain_review(current_view().text, words=load_explainer().words(current_view().text))
        unlike_note(load_explainer().predict(current_view().text))
        pin("interventions", lambda: result_title(current_result()), lambda: scene_parts(load_explainer()),
            lambda: result_receipt(current_result()))
        smallest_fix()
        st.fragment(_tables, key=fragment_key(TABLES))()
    st.fragment(_address, key=fragment_key("address", live=True))()


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


def change_notes(effects: tuple[SingleEffect, ...], schema: ConceptSchema) -> dict[str, str]:
    """What each single change did by itself, and what the others do without it."""

    def top(shares: list[float]) -> str:
        y = shares.index(max(shares))
        return f"{schema.label_display[y]} ({percent(shares[y])})"

    return {one.part: f"alone: {top(one.alone.tolist())}"
            + (f"; without it: {top(one.without.tolist())}" if len(effects) > 1 else "") for one in effects}


def _shown() -> None:
    """All that a press changes at once."""
    with errors_shown():
        explainer, view, now, unsure = load_explainer(), current_view(), state(), unsure_concepts()
        schema, result, effects = explainer.schema, current_result(), explainer.effects()
        label = view.label or result.before.label
        notes = change_notes(explainer.single_effects(result.before, result.after), schema)
        rows = {name: _row(name, now, notes.get(name, "")) for name in schema.concepts}
        for name in unsure:
            found = effects[schema.concept_index(name), :, schema.label_index(label)]
            note = f"can be anything from {signed(float(found.min()))} to {signed(float(found.max()))}"
            rows[name] = Row("not sure", "unsure", note)
        residual = ResidualRow(RESIDUAL_TEXT, view.residual, notes.get(RESIDUAL, ""))
        concept_view(text_key(_VIEW), result_panel(
            result, label, rows, effects, before=Side.of(result.before, "Before", _lasting_text(now) or "as predicted"),
            after=Side.of(result.after, "After", "with your settings"), offers=("set", "mix", "unsure"),
            edited=bool(result.overrides) or not view.residual, disabled=read_only(), settles=True,
            residual=residual if result.before.residual.any() else None, history=_steps(),
            range=_range(explainer.unsure(result.after, unsure), schema) if unsure else None,
            advice=_advice(explainer.suggest(result.after, view.policy, result.overrides), view.policy)), act, _settled)
    if page_is_stale():
        run_again()


def _row(name: str, now: EditState, note: str) -> Row:
    if name in now.overrides:
        return Row("set by you", "set", note)
    return Row("set by a rule" if name in result_before_overrides().overrides else "as predicted", note=note)


def _steps() -> Steps:
    edits, able = history(), not read_only()
    return Steps(able and edits.position > 0, able and bool(edits.undone), edits_text())


def _advice(found: tuple[Suggestion, ...], policy: str) -> Advice:
    policies = [(name, one.title) for name, one in POLICIES.items()]
    if not found:
        return Advice("Every concept is set", ": nothing is left to check.", None, policies, policy)
    others = f" Then {listed([one.concept for one in found[1:]])}." if found[1:] else ""
    return Advice(f"Check {found[0].concept} next.", f"{found[0].reason}{others}",
                  None if read_only() else found[0].concept, policies, policy)


def _range(found: Found, schema: ConceptSchema) -> LabelRange:
    rows = list(zip(found.lowest.tolist(), found.highest.tolist(), found.expected.tolist(), strict=True))
    return LabelRange("After", winners_text(found, schema), range_text(found, schema), rows,
                      [schema.label_index(label) for label in found.winners])


def _address() -> None:
    """Apart from the panel, which a person waits for: the browser draws all of the page for a new address."""
    write_address(load_explainer().schema)


def _tables() -> None:
    fold = st.expander("The same as tables", key=_OPEN, on_change="rerun")
    if fold.open:
        with fold:
            result, schema = current_result(), load_explainer().schema
            label = current_view().label or result.before.label
            result_tables(result, label_contributions(result, label), label_name(label, schema))


def _lasting_text(now: EditState) -> str:
    revisions = sum(isinstance(edit, Revision) for edit in now.lasting)
    numbers = ((revisions, "revision"), (len(now.lasting) - revisions, "rule"))
    return f"with {listed([counted(number, what) for number, what in numbers if number])}" if now.lasting else ""


def _settled() -> None:
    """Draw what is not drawn with every press, where there is some of it."""
    panels = {FIX: current_view().wanted is not None, TABLES: st.session_state.get(_OPEN, False)}
    refresh(*(panel for panel, is_open in panels.items() if is_open), live=True)
