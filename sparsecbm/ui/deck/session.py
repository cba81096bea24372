"""One session's deck, and which of its scenes is presented. The address tells the latter, so that a reload keeps it."""

import streamlit as st

from sparsecbm.deck.deck import Deck

PRESENT = "present"
_DECK, _AT, _OWN = "deck:deck", "deck:at", "deck:own"


def current_deck() -> Deck:
    """What this session has pinned; an empty deck at first."""
    deck: Deck = st.session_state.setdefault(_DECK, Deck())
    return deck


def keep_deck(deck: Deck) -> None:
    """Have this deck from now on. For callbacks."""
    st.session_state[_DECK] = deck


def presented() -> int | None:
    """The scene that is presented, counted from 0; None where none is. To be called once in a run, at its start.

    A run that one of our own controls caused goes by the session: the browser may still be showing an old address.
    """
    if not st.session_state.pop(_OWN, False):
        st.session_state[_AT] = _read(st.query_params.get(PRESENT))
    at: int | None = st.session_state.get(_AT)
    if at is None:
        st.query_params.pop(PRESENT, None)
        return None
    at = max(0, min(at, len(current_deck().scenes) - 1))
    if st.query_params.get(PRESENT) != str(at + 1):
        st.query_params[PRESENT] = str(at + 1)
    return at


def present(at: int | None) -> None:
    """Present a scene, or none any more. For callbacks."""
    st.session_state[_AT], st.session_state[_OWN] = at, True


def _read(given: str | None) -> int | None:
    if given is None:
        return None
    return int(given) - 1 if given.isascii() and given.isdigit() and len(given) < 6 else 0
