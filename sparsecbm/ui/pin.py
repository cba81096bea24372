"""The Pin button: what is on screen becomes a scene of this session's deck.

A closed pin is one button. Its scene is made when it is pinned, and the page is not drawn again.
"""

from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from functools import partial

import streamlit as st

from sparsecbm.deck.deck import LONGEST_NOTE, LONGEST_TITLE, Deck, Scene
from sparsecbm.deck.parts import Part
from sparsecbm.errors import InputError
from sparsecbm.ui.action_result import attempt, clear_result, show_result
from sparsecbm.ui.loaded_model import load_explainer
from sparsecbm.ui.safe_text import clean_text
from sparsecbm.ui.shell import HOME, PAGE, link
from sparsecbm.ui.unsaved import unsaved_line
from sparsecbm.validation import validated

PRESENT = "present"
_DECK, _AT, _OWN = "deck:deck", "deck:at", "deck:own"


def current_deck() -> Deck:
    """The scenes that this session has pinned; an empty deck at first."""
    deck: Deck = st.session_state.setdefault(_DECK, Deck())
    return deck


def keep_deck(deck: Deck) -> None:
    """Replace the session's deck. For callbacks."""
    st.session_state[_DECK] = deck


def presented() -> int | None:
    """The slide that is presented, 0 for the cover and then a scene each; None where none is.

    To be called once in a run, at its start. A run that one of our own controls caused goes by the session: the browser
    may still be showing an old address.
    """
    if not st.session_state.pop(_OWN, False):
        st.session_state[_AT] = _read(st.query_params.get(PRESENT))
    at: int | None = st.session_state.get(_AT)
    if at is None:
        st.query_params.pop(PRESENT, None)
        return None
    at = min(at, len(current_deck().scenes))
    if st.query_params.get(PRESENT) != str(at):
        st.query_params[PRESENT] = str(at)
    return at


def present(at: int | None) -> None:
    """Present a slide, or stop presenting. For callbacks."""
    st.session_state[_AT], st.session_state[_OWN] = at, True


def _read(given: str | None) -> int | None:
    if given is None:
        return None
    return int(given) if given.isascii() and given.isdigit() and len(given) < 6 else 0


#: How `unsaved_line` calls the deck.
UNSAVED = ("deck", "The scenes of your deck are")
PIN_HELP = "Keeps what is shown here as a scene of your presenter deck, which is on the Home page."

Said = str | Callable[[], str]


def pin(key: str, title: Said, parts: Callable[[], Sequence[Part]], receipt: Said = "") -> None:
    """The button; `title` is the scene's title unless the person types another one."""
    st.fragment(_pin)(key, title, parts, receipt)


def _pin(key: str, title: Said, parts: Callable[[], Sequence[Part]], receipt: Said) -> None:
    place = f"pin:{key}"
    box = st.popover("Pin", icon=":material/push_pin:", type="tertiary", help=PIN_HELP, key=place, on_change="rerun")
    if not box.open:
        clear_result(place)
        return
    with box:
        with st.form(f"{place}:form", border=False):
            st.text_input("Title", _text(title)[:LONGEST_TITLE], max_chars=LONGEST_TITLE, key=f"{place}:title")
            st.text_area("Note", max_chars=LONGEST_NOTE, height=90, key=f"{place}:note",
                         placeholder="What to notice; shown under the title")
            st.form_submit_button("Pin it", icon=":material/push_pin:", type="primary", key=f"{place}:go",
                                  on_click=attempt,
                                  args=(place, partial(_pinned, place, parts, receipt), "The scene cannot be made"))
        show_result(place)
        unsaved_line(*UNSAVED, bool(current_deck().scenes), place)
        link(HOME, "To the deck", ":material/arrow_forward:")


def _pinned(place: str, parts: Callable[[], Sequence[Part]], receipt: Said) -> str:
    title, note = (clean_text(st.session_state[f"{place}:{field}"]).strip() for field in ("title", "note"))
    scene, deck = _scene(title, note, tuple(parts()), _text(receipt)), current_deck()
    if deck.scenes and replace(deck.scenes[-1], created=scene.created) == scene:  # the second press of a double click
        return f"This is scene {len(deck.scenes)} of your deck already."
    keep_deck(deck.add(scene))
    return f"Scene {len(deck.scenes) + 1} of your deck."


def _scene(title: str, note: str, parts: tuple[Part, ...], receipt: str) -> Scene:
    if not title:
        raise InputError("The scene has no title. Type one.")
    query = tuple((name, value) for name in st.query_params if name != PRESENT
                  for value in st.query_params.get_all(name))
    made = {"title": title, "note": note, "created": datetime.now(UTC).replace(microsecond=0),
            "page": st.session_state.get(PAGE, ""), "query": query, "parts": parts,
            "checkpoint": load_explainer().checkpoint.hash, "receipt": receipt}
    return validated(lambda given: Scene(**given), made, "The scene")


def _text(said: Said) -> str:
    return said if isinstance(said, str) else said()
