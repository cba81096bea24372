"""A review as it is read with edits in force: through revised masks, then with what rules set, then with overrides."""

from collections.abc import Mapping

import streamlit as st

from sparsecbm.concepts.distribution import format_override
from sparsecbm.revision.edit import Override
from sparsecbm.revision.history import History, State, describe
from sparsecbm.revision.rule import Lasting
from sparsecbm.schema import ConceptSchema
from sparsecbm.service import Explainer
from sparsecbm.types import InterventionResult
from sparsecbm.ui.loaded_model import load_explainer
from sparsecbm.ui.session import change, current_view, run_again

_HISTORY, _LOOKED_AT, _TEXT = "interventions:history", "interventions:looked-at", "interventions:text"
_FOLLOWING, _DRAWN, _FINDINGS = "interventions:following", "interventions:drawn", "interventions:findings"

Overrides = Mapping[str, tuple[float, ...]]


def history() -> History:
    """This session's edits; none at first."""
    kept: History = st.session_state.setdefault(_HISTORY, History())
    return kept


def looked_at() -> int | None:
    """How many edits were in force in the earlier state that is looked at; None when none is."""
    position: int | None = st.session_state.get(_LOOKED_AT)
    return position


def read_only() -> bool:
    """True while an earlier state is looked at: then nothing can be done, undone or redone."""
    return looked_at() is not None


def state() -> State:
    """What is in force, or was in the earlier state that is looked at."""
    position = looked_at()
    return history().now if position is None else history().at(position)


def opened_history(schema: ConceptSchema) -> History:
    """The history at the start of a page run, after the view was opened.

    What the view sets is taken up: where one undo or redo leads there, by that, otherwise as new edits. With another
    review the overrides go, which were of the last one; revisions and rules stay.
    """
    view, before = current_view(), history()
    if st.session_state.setdefault(_TEXT, view.text) != view.text:
        st.session_state[_TEXT] = view.text
        st.session_state.pop(_LOOKED_AT, None)
        before = _lasting(before)
    after = _taken_up(before, view.overrides, schema)
    if after is not history():
        st.session_state.pop(_LOOKED_AT, None)
        _keep(after)
    st.session_state[_FOLLOWING], st.session_state[_DRAWN] = {}, _shown()
    return after


def follow(panel: str, live: bool = False) -> str:
    """The key for the fragment of a panel that `refresh` draws again.

    A `live` one shows the overrides and is drawn after a move of a concept's control, once there is a pause; the others
    need not, because the whole page is drawn where revisions or rules change.
    """
    key = f"interventions:{panel}"
    followers: dict[str, bool] = st.session_state[_FOLLOWING]
    followers[key] = live
    return key


def page_is_old() -> bool:
    """True when more changed since the page was drawn than the panels that `refresh` draws show: revisions or rules,
    whether the residual counts, or another state is looked at."""
    return bool(_shown() != st.session_state[_DRAWN])


def refresh(*panels: str, live: bool = False) -> None:
    """Draw what follows the edits: all of the page where that is old.

    Otherwise every panel that follows; with `live` only those that are live, and `panels`. The last thing that a
    callback does; nothing after it runs.
    """
    if page_is_old():
        run_again()
    named = {f"interventions:{panel}" for panel in panels}
    st.rerun([key for key, moves in st.session_state[_FOLLOWING].items() if moves or not live or key in named])


def do(edit: Override | Lasting, description: str) -> None:
    """Put an edit in force. For callbacks."""
    if not read_only():
        _keep(history().do(edit, description))


def undo() -> None:
    """Take the last edit back, if there is one. For callbacks."""
    if not read_only() and history().position:
        _keep(history().undo())


def redo() -> None:
    """Do the first undone edit again, if there is one. For callbacks."""
    if not read_only() and history().undone:
        _keep(history().redo())


def look_at(position: int | None) -> None:
    """Look at the state after so many edits; None, or what is in force, is back to now. For callbacks.

    InputError for a position that the history does not have.
    """
    if position is None or position == history().position:
        st.session_state.pop(_LOOKED_AT, None)
    else:
        history().at(position)
        st.session_state[_LOOKED_AT] = position


def note(number: int, text: str) -> None:
    """A person's words on an edit, numbered from 0. For callbacks."""
    _keep(history().note(number, text))


def seen(edits: tuple[str, ...], key: str, finding: str) -> None:
    """A person has looked at the impact `key` of these edits, and read its `finding`. InputError when others are in
    force."""
    _keep(history().seen(edits, key))
    st.session_state.setdefault(_FINDINGS, {})[key] = finding


def impact_seen() -> str:
    """What the impact of what is in force came to; empty when nobody looked at it in this session."""
    last = next((entry for entry in reversed(state().entries) if not isinstance(entry.edit, Override)), None)
    findings: dict[str, str] = st.session_state.get(_FINDINGS, {})
    return findings.get(last.reviewed or "", "") if last else ""


def restore(other: History) -> None:
    """A history from a file in place of this session's. For callbacks."""
    st.session_state.pop(_LOOKED_AT, None)
    _keep(other)


def _shown() -> tuple[object, ...]:
    """What every panel of the page depends on; overrides, which move often, are not among it."""
    return looked_at(), current_view().residual, *state().lasting


def _keep(new: History) -> None:
    st.session_state[_HISTORY] = new
    if new.now.overrides != current_view().overrides:
        change(overrides=new.now.overrides)


def _lasting(old: History) -> History:
    kept = [not isinstance(entry.edit, Override) for entry in old.entries]
    entries = tuple(entry for entry, stays in zip(old.entries, kept, strict=True) if stays)
    return History(entries, sum(kept[: old.position]))


def _taken_up(old: History, overrides: Overrides, schema: ConceptSchema) -> History:
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
    """What the address says of them: it rounds shares, and the browser's way back leads through it."""
    return {format_override(concept, shares, schema) for concept, shares in overrides.items()}


_READING, _RESULT = "interventions:reading", "interventions:result"


def read_with(explainer: Explainer, text: str, edits: State) -> InterventionResult:
    """A review through the revised masks, and then as the rules leave it, which is what overrides start from.

    Its `overrides` are what the rules set. A text that was read before with the same revisions runs no backbone pass.
    """
    prediction = explainer.predict_changed(text, edits.changes)
    return explainer.apply_rules(prediction, edits.rules)


def current_reading() -> InterventionResult:
    """The review at hand with the revisions and rules of the state that is looked at; the last one is kept."""
    explainer, text, now = load_explainer(), current_view().text, state()
    key = explainer.checkpoint.hash, text, now.lasting
    kept = st.session_state.get(_READING)
    if kept is None or kept[0] != key:
        kept = st.session_state[_READING] = key, read_with(explainer, text, now)
    reading: InterventionResult = kept[1]
    return reading


def current_result() -> InterventionResult:
    """The same before and after the overrides of that state; the last one is kept, so that it is computed once."""
    reading, overrides, residual = current_reading(), state().overrides, current_view().residual
    kept = st.session_state.get(_RESULT)
    if kept is None or kept[0] is not reading or kept[1:3] != (overrides, residual):
        result = load_explainer().override(reading.after, overrides, residual)
        kept = st.session_state[_RESULT] = reading, overrides, residual, result
    found: InterventionResult = kept[3]
    return found
