"""The edits of a session: its history, the state that the page shows, and the prediction with that state's edits."""

from collections.abc import Mapping

import streamlit as st

from sparsecbm.concepts.contributions import format_override
from sparsecbm.revision.edit import Override
from sparsecbm.revision.history import EditState, History, describe
from sparsecbm.revision.rule import LastingEdit
from sparsecbm.schema import ConceptSchema
from sparsecbm.service import Explainer
from sparsecbm.types import InterventionResult
from sparsecbm.ui.loaded_model import load_explainer
from sparsecbm.ui.session import change, current_view, run_again

_HISTORY, _PAST, _TEXT = "interventions:history", "interventions:past", "interventions:text"
_FRAGMENTS, _DRAWN, _FINDINGS = "interventions:fragments", "interventions:drawn", "interventions:findings"

Overrides = Mapping[str, tuple[float, ...]]


def history() -> History:
    """This session's edits; none at first."""
    edits: History = st.session_state.setdefault(_HISTORY, History())
    return edits


def past_position() -> int | None:
    """The number of edits in the earlier state that the page shows; None when it shows the current state."""
    position: int | None = st.session_state.get(_PAST)
    return position


def read_only() -> bool:
    """True while the page shows an earlier state: nothing can be changed then."""
    return past_position() is not None


def state() -> EditState:
    """The edits in force, or those of the earlier state that the page shows."""
    position = past_position()
    return history().now if position is None else history().at(position)


def opened_history(schema: ConceptSchema) -> History:
    """The history at the start of a page run, after the view was opened.

    It is brought in line with the overrides of the view: by one undo or redo where that suffices, else by new edits.
    Overrides belong to a text and are dropped with it; revisions and rules stay.
    """
    view, before = current_view(), history()
    if st.session_state.setdefault(_TEXT, view.text) != view.text:
        st.session_state[_TEXT] = view.text
        st.session_state.pop(_PAST, None)
        before = _lasting(before)
    after = _with_overrides(before, view.overrides, schema)
    if after is not history():
        st.session_state.pop(_PAST, None)
        _store(after)
    st.session_state[_FRAGMENTS], st.session_state[_DRAWN] = {}, _shown()
    return after


def fragment_key(panel: str, live: bool = False) -> str:
    """The key for the fragment of a panel, which `refresh` draws again.

    A `live` fragment shows overrides, so it is drawn again after a concept was set, as soon as the person pauses. The
    others are not: the whole page is drawn again when revisions or rules change.
    """
    key = f"interventions:{panel}"
    fragments: dict[str, bool] = st.session_state[_FRAGMENTS]
    fragments[key] = live
    return key


def page_is_stale() -> bool:
    """True when revisions, rules, the use of the residual or the shown state changed since the page was drawn."""
    return bool(_shown() != st.session_state[_DRAWN])


def refresh(*panels: str, live: bool = False) -> None:
    """Draw again what depends on the edits: the whole page when it is stale, otherwise every panel's fragment.

    With `live` only the live ones and `panels`. A callback calls it last: nothing after it runs.
    """
    if page_is_stale():
        run_again()
    named = {f"interventions:{panel}" for panel in panels}
    st.rerun([key for key, shows in st.session_state[_FRAGMENTS].items() if shows or not live or key in named])


def do(edit: Override | LastingEdit, description: str) -> None:
    """Put an edit in force. For callbacks."""
    if not read_only():
        _store(history().do(edit, description))


def undo() -> None:
    """Undo the last edit, if there is one. For callbacks."""
    if not read_only() and history().position:
        _store(history().undo())


def redo() -> None:
    """Redo the first undone edit, if there is one. For callbacks."""
    if not read_only() and history().undone:
        _store(history().redo())


def show_past(position: int | None) -> None:
    """Show the state after so many edits; None, or the number in force, shows the current state. For callbacks.

    InputError for a position that the history does not have.
    """
    if position is None or position == history().position:
        st.session_state.pop(_PAST, None)
    else:
        history().at(position)
        st.session_state[_PAST] = position


def note(number: int, text: str) -> None:
    """Note something on an edit, numbered from 0. For callbacks."""
    _store(history().note(number, text))


def mark_impact_viewed(edits: tuple[str, ...], key: str, finding: str) -> None:
    """Mark the impact `key` of these edits as viewed, with its `finding`. InputError when others are in force."""
    _store(history().mark_impact_viewed(edits, key))
    st.session_state.setdefault(_FINDINGS, {})[key] = finding


def viewed_impact() -> str:
    """The finding of the impact of the edits in force; empty when nobody viewed it in this session."""
    last = next((entry for entry in reversed(state().entries) if not isinstance(entry.edit, Override)), None)
    findings: dict[str, str] = st.session_state.get(_FINDINGS, {})
    return findings.get(last.impact_key or "", "") if last else ""


def _shown() -> tuple[object, ...]:
    """What every panel depends on. Overrides are left out, because they change often."""
    return past_position(), current_view().residual, *state().lasting


def _store(new: History) -> None:
    st.session_state[_HISTORY] = new
    if new.now.overrides != current_view().overrides:
        change(overrides=new.now.overrides)


def _lasting(old: History) -> History:
    kept = [not isinstance(entry.edit, Override) for entry in old.entries]
    entries = tuple(entry for entry, stays in zip(old.entries, kept, strict=True) if stays)
    return History(entries, sum(kept[: old.position]))


def _with_overrides(old: History, overrides: Overrides, schema: ConceptSchema) -> History:
    wanted = _as_address(overrides, schema)
    for position in (old.position, old.position - 1, old.position + 1):
        if 0 <= position <= len(old.entries) and _as_address(old.at(position).overrides, schema) == wanted:
            return old if position == old.position else History(old.entries, position)
    for concept in schema.concepts:
        edit = Override(concept, overrides.get(concept))
        if old.now.overrides.get(concept) != edit.distribution:
            old = old.do(edit, describe(edit, schema))
    return old


def _as_address(overrides: Overrides, schema: ConceptSchema) -> set[str]:
    """The overrides as the address has them, which rounds shares and is what the browser goes back to."""
    return {format_override(concept, shares, schema) for concept, shares in overrides.items()}


_BEFORE, _RESULT = "interventions:before-overrides", "interventions:result"


def predict_with_edits(explainer: Explainer, text: str, edits: EditState) -> InterventionResult:
    """A text predicted with the revised masks (`before`), and then with what rules set (`after`, `overrides`).

    Overrides of a person start from there. A text that was predicted with the same revisions before runs no backbone
    pass.
    """
    prediction = explainer.predict_changed(text, edits.changes)
    return explainer.apply_rules(prediction, edits.rules)


def result_before_overrides() -> InterventionResult:
    """The current text with the revisions and rules of the shown state; the last result is cached."""
    explainer, text, now = load_explainer(), current_view().text, state()
    key = explainer.checkpoint.hash, text, now.lasting
    cached = st.session_state.get(_BEFORE)
    if cached is None or cached[0] != key:
        cached = st.session_state[_BEFORE] = key, predict_with_edits(explainer, text, now)
    result: InterventionResult = cached[1]
    return result


def current_result() -> InterventionResult:
    """That prediction before and after the overrides of the shown state; the last result is cached."""
    before, overrides, residual = result_before_overrides(), state().overrides, current_view().residual
    cached = st.session_state.get(_RESULT)
    if cached is None or cached[0] is not before or cached[1:3] != (overrides, residual):
        result = load_explainer().override(before.after, overrides, residual)
        cached = st.session_state[_RESULT] = before, overrides, residual, result
    found: InterventionResult = cached[3]
    return found
