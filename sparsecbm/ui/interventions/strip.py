"""Undo and redo, how many edits are in force, and a banner while an earlier state is looked at."""

import streamlit as st

from sparsecbm.figures.escaping import as_html
from sparsecbm.ui.interventions.session import history, look_at, looked_at, read_only, redo, refresh, undo


def history_strip(keys: str) -> None:
    """The two buttons and what was done last, and the banner; `keys` starts the keys of the buttons."""
    with st.container(horizontal=True, vertical_alignment="center", gap="small"):
        st.button("Undo", key=f"{keys}:undo", icon=":material/undo:", on_click=_undo,
                  disabled=not history().position or read_only())
        st.button("Redo", key=f"{keys}:redo", icon=":material/redo:", on_click=_redo,
                  disabled=not history().undone or read_only())
        st.html(as_html(edits_text()))
    banner(keys)


def banner(keys: str) -> None:
    """Says that an earlier state is looked at, with the way back; `keys` starts the key of its button."""
    position = looked_at()
    if position is not None:
        with st.container(horizontal=True, vertical_alignment="center", border=True):
            st.markdown(f":material/history: **You look at an earlier state: after {counted(position, 'edit')} of "
                        f"{len(history().entries)}.** What is in force is kept, and nothing can be changed here.",
                        width="stretch")
            st.button("Back to now", key=f"{keys}:now", type="primary", on_click=_back_to_now)


def counted(number: int, what: str) -> str:
    """Such as: 1 edit, 2 edits."""
    return f"{number:,} {what}" if number == 1 else f"{number:,} {what}s"


def edits_text() -> str:
    """How many edits are in force, and what was done last."""
    done, undone = history().now.entries, history().undone
    parts = [f"{counted(len(done), 'edit')} in force, the last: {done[-1].description}" if done else "No edit in force"]
    if undone:
        parts.append(f"{len(undone)} undone, the next: {undone[0].description}")
    return " · ".join(parts)


def _undo() -> None:
    undo()
    refresh()


def _redo() -> None:
    redo()
    refresh()


def _back_to_now() -> None:
    look_at(None)
    refresh()
