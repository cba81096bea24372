"""Every edit of the session with its time and note, and a look back at what was in force after any of them."""

from collections.abc import Callable

import streamlit as st

from sparsecbm.figures.text import as_html, counted
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
from sparsecbm.ui import action_result
from sparsecbm.ui.session import seed_widget
from sparsecbm.ui.shell import errors_shown
from sparsecbm.ui.shell import note as small_print
from sparsecbm.ui.text import clean_text, shortened, table_html

_KEY = "interventions:patches"


def attempt(action: Callable[[], str]) -> None:
    """Do something and keep what it says, or its problem; the last thing that a callback does."""
    action_result.attempt(_KEY, action, "The folder of patches cannot be used")
    refresh()


def outcome() -> None:
    """What the last attempt came to."""
    action_result.show_result(_KEY)


def undo_redo_bar(keys: str) -> None:
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
    position = past_position()
    if position is not None:
        with st.container(horizontal=True, vertical_alignment="center", border=True):
            st.markdown(f":material/history: **You look at an earlier state: after {counted(position, 'edit')} of "
                        f"{len(history().entries)}.** What is in force is kept, and nothing can be changed here.",
                        width="stretch")
            st.button("Back to now", key=f"{keys}:now", type="primary", on_click=_back_to_now)


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
    show_past(None)
    refresh()


HELP = (
    "Every edit that you made, the first one first. What was undone can be redone until the next new edit. Look at the "
    "state after any of them: the whole page then shows it, and nothing can be changed until you go back to now. "
    "Settings of concepts belong to the review and go with it; revisions and rules stay with your session."
)
LONGEST_NOTE = 500
#: More edits than this scroll.
MOST_IN_SIGHT = 8
_LOOK, _NOTE = "interventions:look", "interventions:note"


def history_panel() -> None:
    """The list, notes, and the way to an earlier state."""
    st.markdown("### History", help=HELP)
    st.fragment(_panel, key=fragment_key("history", live=True))()


def _panel() -> None:
    with errors_shown():
        now = history()
        if not now.entries:
            small_print("No edit yet. Set a concept or revise a subnetwork: each edit is listed here with its "
                        "time, and you can undo it, note why you made it, and look back at any state.")
            return
        undo_redo_bar("interventions:history")
        with st.container(height=330 if len(now.entries) > MOST_IN_SIGHT else "content", border=False):
            st.html(history_html(now, past_position()))
        _one(now)


def history_html(now: History, looked: int | None) -> str:
    """The edits as a table; all text in it is escaped. `looked` is the number of edits that are looked back at."""
    rows = [(str(number), f"{entry.time:%Y-%m-%d %H:%M:%S}", entry.description, entry.note,
             _standing(number, now.position, looked)) for number, entry in enumerate(now.entries, 1)]
    return table_html("Edits of this session", ("No.", "Time (UTC)", "What was done", "Note", "State"), rows,
                      pale=[number > now.position for number, _ in enumerate(now.entries, 1)])


def _standing(number: int, position: int, looked: int | None) -> str:
    standing = "in force" if number <= position else "undone"
    return f"{standing}, looked at" if number == looked else standing


def _one(now: History) -> None:
    """One of the edits: its note, and the state after it."""
    key = f"{_LOOK}:{len(now.entries)}:{now.position}"  # after each edit, undo and redo it starts at the newest state
    with st.container(horizontal=True, vertical_alignment="bottom", gap="medium"):
        numbers = list(range(len(now.entries) + 1))
        number: int = st.selectbox("An edit", numbers, now.position, key=key, width=420,
                                   format_func=lambda chosen: _name(chosen, now.entries))
        shown = now.position if past_position() is None else past_position()
        st.button("Look at the state after it" if number else "Look at the start", on_click=_look, args=(number,),
                  key=f"{_LOOK}:go", icon=":material/history:", disabled=number == shown,
                  help="The page shows it read-only; what is in force is kept")
        if number:
            box = f"{_NOTE}:{number}"
            st.text_input(f"Note on edit {number}", seed_widget(box, now.entries[number - 1].note), key=box,
                          max_chars=LONGEST_NOTE, placeholder="Why it was made", on_change=_noted, args=(number,))
    small_print(f"{counted(len(now.entries), 'edit')}, {now.position:,} in force. Times are those of this server's "
                "clock, in UTC. The history lasts as long as your session.")


def _name(number: int, entries: tuple[Entry, ...]) -> str:
    return f"{number}. {shortened(entries[number - 1].description, 90)}" if number else "The start: nothing edited"


def _look(number: int) -> None:
    show_past(number)
    refresh()


def _noted(number: int) -> None:
    note(number - 1, clean_text(st.session_state[f"{_NOTE}:{number}"]).strip())
    refresh()
