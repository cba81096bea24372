"""The history section: undo and redo, every edit of the session with its time and note, and earlier states."""

import streamlit as st

from sparsecbm.figures.text import as_html, counted
from sparsecbm.revision.edit import Override
from sparsecbm.revision.history import Entry, History
from sparsecbm.revision.panel_session import (
    fragment_key,
    history,
    note,
    past_position,
    read_only,
    redo,
    refresh,
    show_past,
    undo,
)
from sparsecbm.ui.safe_text import clean_text, shortened, table_html
from sparsecbm.ui.session import seed_widget
from sparsecbm.ui.shell import errors_shown
from sparsecbm.ui.shell import note as small_print
from sparsecbm.ui.unsaved import unsaved_line

HELP = (
    "Every edit that you made, the first one first. An undone edit can be redone until you make a new one. You can "
    "view the state after any edit: the whole page then shows it, and nothing can be changed until you go back. "
    "Concepts that you set are dropped with their text; revisions and rules stay as long as your session."
)
MAX_NOTE_LENGTH = 500
#: A longer list scrolls.
VISIBLE_EDITS = 8
_VIEW, _NOTE = "interventions:view", "interventions:note"


def undo_redo_bar(keys: str) -> None:
    """Undo, redo, the last edit in words, and the banner; `keys` starts the keys of the buttons."""
    with st.container(horizontal=True, vertical_alignment="center", gap="small"):
        st.button("Undo", key=f"{keys}:undo", icon=":material/undo:", on_click=_undo,
                  disabled=not history().position or read_only())
        st.button("Redo", key=f"{keys}:redo", icon=":material/redo:", on_click=_redo,
                  disabled=not history().undone or read_only())
        st.html(as_html(edits_text()))
    banner(keys)


def banner(keys: str) -> None:
    """Says that the page shows an earlier state, with a button to go back; `keys` starts its key."""
    position = past_position()
    unsaved_line("edits", "Revisions, rules and their history are",
                 any(not isinstance(entry.edit, Override) for entry in history().entries), keys)
    if position is not None:
        with st.container(horizontal=True, vertical_alignment="center", border=True):
            st.markdown(f":material/history: **This is an earlier state: after {counted(position, 'edit')} of "
                        f"{len(history().entries)}.** Your edits are still in force; nothing can be changed here.",
                        width="stretch")
            st.button("Back to the current state", key=f"{keys}:now", type="primary", on_click=_show, args=(None,))


def edits_text() -> str:
    """How many edits are in force, and the last one in words."""
    done, undone = history().now.entries, history().undone
    parts = [f"{counted(len(done), 'edit')} in force, the last: {done[-1].description}" if done else "No edit in force"]
    if undone:
        parts.append(f"{len(undone)} undone, the next: {undone[0].description}")
    return " · ".join(parts)


def history_panel() -> None:
    """The list of edits, a note on each, and the way to an earlier state."""
    st.markdown("### History", help=HELP)
    st.fragment(_panel, key=fragment_key("history", live=True))()


def _panel() -> None:
    with errors_shown():
        edits = history()
        if not edits.entries:
            small_print("No edit yet. Set a concept or revise a subnetwork: each edit is listed here with its time. "
                        "You can undo it, note why you made it, and view any earlier state.")
            return
        undo_redo_bar("interventions:history")
        with st.container(height=330 if len(edits.entries) > VISIBLE_EDITS else "content", border=False):
            st.html(history_html(edits, past_position()))
        _one_edit(edits)


def history_html(edits: History, viewed: int | None) -> str:
    """The edits as a table; all text in it is escaped. `viewed` is the number of edits in the state that is viewed."""
    rows = [(str(number), f"{entry.time:%Y-%m-%d %H:%M:%S}", entry.description, entry.note,
             _status(number, edits.position, viewed)) for number, entry in enumerate(edits.entries, 1)]
    return table_html("Edits of this session", ("No.", "Time (UTC)", "Edit", "Note", "Status"), rows,
                      pale=[number > edits.position for number, _ in enumerate(edits.entries, 1)])


def _status(number: int, position: int, viewed: int | None) -> str:
    status = "in force" if number <= position else "undone"
    return f"{status}, viewed" if number == viewed else status


def _one_edit(edits: History) -> None:
    """One of the edits: the state after it, and its note."""
    key = f"{_VIEW}:{len(edits.entries)}:{edits.position}"  # after each edit, undo and redo: the current state again
    with st.container(horizontal=True, vertical_alignment="bottom", gap="medium"):
        numbers = list(range(len(edits.entries) + 1))
        number: int = st.selectbox("Edit", numbers, edits.position, key=key, width=420,
                                   format_func=lambda chosen: _name(chosen, edits.entries))
        shown = edits.position if past_position() is None else past_position()
        st.button("View the state after this edit" if number else "View the state before all edits", on_click=_show,
                  args=(number,), key=f"{_VIEW}:show", icon=":material/history:", disabled=number == shown,
                  help="The page shows that state read-only. Your edits stay in force")
        if number:
            box = f"{_NOTE}:{number}"
            st.text_input(f"Note on edit {number}", seed_widget(box, edits.entries[number - 1].note), key=box,
                          max_chars=MAX_NOTE_LENGTH, placeholder="Why you made it", on_change=_noted, args=(number,))


def _name(number: int, entries: tuple[Entry, ...]) -> str:
    return f"{number}. {shortened(entries[number - 1].description, 90)}" if number else "Before all edits"


def _undo() -> None:
    undo()
    refresh()


def _redo() -> None:
    redo()
    refresh()


def _show(position: int | None) -> None:
    show_past(position)
    refresh()


def _noted(number: int) -> None:
    note(number - 1, clean_text(st.session_state[f"{_NOTE}:{number}"]).strip())
    refresh()
