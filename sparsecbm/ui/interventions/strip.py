"""Undo and redo, how many edits are in force, and a banner while an earlier state is looked at."""

import streamlit as st

from sparsecbm.figures.escaping import as_html
from sparsecbm.ui.interventions.session import follow, history, look_at, looked_at, read_only, redo, refresh, undo

BUTTONS = "buttons"
_DRAWN = "interventions:buttons-drawn"


def history_buttons() -> None:
    """Undo and redo, as a panel of its own that is drawn when something comes of its buttons."""
    st.fragment(_buttons, key=follow(BUTTONS))()


def buttons_changed() -> bool:
    """True when another button can be pressed now than when they were drawn."""
    return bool(st.session_state.get(_DRAWN) != _pressable())


def history_strip(keys: str = "interventions") -> None:
    """The two buttons and what was done last; `keys` starts the keys of its buttons."""
    with st.container(horizontal=True, vertical_alignment="center", gap="small"):
        _pair(keys)
        st.html(edits_html())
    _banner(keys)


def counted(number: int, what: str) -> str:
    """Such as: 1 edit, 2 edits."""
    return f"{number:,} {what}" if number == 1 else f"{number:,} {what}s"


def edits_html() -> str:
    """How many edits are in force, and what was done last."""
    done, undone = history().now.entries, history().undone
    parts = [f"<b>{counted(len(done), 'edit')} in force</b>" if done else "<b>No edit in force.</b>"]
    if done:
        parts.append(f"the last: {as_html(done[-1].description)}")
    if undone:
        parts.append(f"{len(undone)} undone, the next: {as_html(undone[0].description)}")
    return f'<div style="line-height:1.35">{" · ".join(parts)}</div>'


def _buttons() -> None:
    st.session_state[_DRAWN] = _pressable()
    with st.container(horizontal=True, gap="small"):
        _pair("interventions")
    _banner("interventions")


def _pair(keys: str) -> None:
    may_undo, may_redo = _pressable()
    st.button("Undo", key=f"{keys}:undo", icon=":material/undo:", on_click=_undo, disabled=not may_undo)
    st.button("Redo", key=f"{keys}:redo", icon=":material/redo:", on_click=_redo, disabled=not may_redo)


def _pressable() -> tuple[bool, bool]:
    return history().position > 0 and not read_only(), bool(history().undone) and not read_only()


def _banner(keys: str) -> None:
    position = looked_at()
    if position is not None:
        with st.container(horizontal=True, vertical_alignment="center", border=True):
            st.markdown(f":material/history: **You look at an earlier state: after {counted(position, 'edit')} of "
                        f"{len(history().entries)}.** What is in force is kept, and nothing can be changed here.",
                        width="stretch")
            st.button("Back to now", key=f"{keys}:now", type="primary", on_click=_back_to_now)


def _undo() -> None:
    undo()
    refresh()


def _redo() -> None:
    redo()
    refresh()


def _back_to_now() -> None:
    look_at(None)
    refresh()
