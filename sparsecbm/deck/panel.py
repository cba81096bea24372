"""The deck on the Home page: its scenes, what can be done with each, and the deck as a file."""

from collections.abc import Callable
from functools import partial

import streamlit as st
from streamlit.errors import StreamlitPageNotFoundError

from sparsecbm.deck.deck import LONGEST_NOTE, LONGEST_TITLE, MOST_BYTES, Deck, Scene, deck_from_json, deck_to_json
from sparsecbm.errors import InputError
from sparsecbm.export import deck_html
from sparsecbm.ui.action_result import outcome_of, tried
from sparsecbm.ui.pin import current_deck, keep_deck, present
from sparsecbm.ui.session import seed_widget
from sparsecbm.ui.shell import MENU, errors_shown, note
from sparsecbm.ui.text import shortened, table_html, typed

HELP = (
    "What you pin becomes a numbered scene: a snapshot with your title and note, which is shown large and without "
    "controls, one scene after another by the arrow keys. Scenes need no model, so a deck can be shown anywhere."
)
_KEY = "deck"
_CHOSEN, _UPLOADS = f"{_KEY}:chosen", f"{_KEY}:uploads"
#: More scenes than this scroll.
_MOST_IN_SIGHT = 8


def deck_panel() -> None:
    """List, one scene's controls, and files; an empty deck says how to fill it."""
    deck = current_deck()
    st.markdown("### Presenter deck", help=HELP)
    with errors_shown():
        if not deck.scenes:
            note("Nothing is pinned yet. Press :material/push_pin: **Pin** beside a failure, the words of a review, an "
                 "intervention or a chart: it becomes a scene here, to be shown to others.")
        else:
            _files_and_present(deck)
            with st.container(height=330 if len(deck.scenes) > _MOST_IN_SIGHT else "content", border=False):
                st.html(table_html("Scenes", ("No.", "Title", "Note", "Pinned on", "Model"), [
                    (str(number), scene.title, shortened(scene.note, 90), scene.page, scene.checkpoint[:8])
                    for number, scene in enumerate(deck.scenes, 1)]))
            _one(deck)
        _import()
        outcome_of(_KEY)


def _files_and_present(deck: Deck) -> None:
    with st.container(horizontal=True, vertical_alignment="center", gap="small"):
        st.button("Present", key=f"{_KEY}:present", type="primary", icon=":material/slideshow:", on_click=present,
                  args=(0,), help="Arrow keys turn the scenes, Escape leaves")
        st.download_button("HTML to show anywhere", partial(deck_html, deck), "deck.html", "text/html",
                           key=f"{_KEY}:html", on_click="ignore", icon=":material/download:",
                           help="One file with all scenes, for any browser, without a network")
        st.download_button("JSON to load again", partial(deck_to_json, deck), "deck.json", "application/json",
                           key=f"{_KEY}:json", on_click="ignore", icon=":material/download:")
        with st.popover("Delete all", icon=":material/delete:", key=f"{_KEY}:clear"):
            st.markdown("All scenes of your session go. Export them first if you want them back.")
            st.button("Delete all scenes", key=f"{_KEY}:clear-now", on_click=_try, args=(_clear,))
    note("The deck lasts as long as your session: export it to keep it.")


def _one(deck: Deck) -> None:
    """One of the scenes: present from here, rename, move, delete, and the page that it was pinned on."""
    numbers = list(range(len(deck.scenes)))
    number = min(st.session_state.get(_CHOSEN) or 0, numbers[-1])
    with st.container(border=True):
        st.selectbox("A scene", numbers, seed_widget(_CHOSEN, number), key=_CHOSEN,
                     format_func=lambda place: f"{place + 1}. {deck.scenes[place].title}")
        scene = deck.scenes[number]
        with st.container(horizontal=True, gap="small"):
            st.button("Present from here", key=f"{_KEY}:here", icon=":material/slideshow:", on_click=present,
                      args=(number,))
            st.button("Up", key=f"{_KEY}:up", icon=":material/arrow_upward:", disabled=number == 0, on_click=_try,
                      args=(partial(_move, scene, -1),))
            st.button("Down", key=f"{_KEY}:down", icon=":material/arrow_downward:", disabled=number == numbers[-1],
                      on_click=_try, args=(partial(_move, scene, 1),))
            st.button("Delete", key=f"{_KEY}:delete", icon=":material/delete:", on_click=_try,
                      args=(partial(_delete, scene),))
            _origin(scene)
        keys = [f"{_KEY}:{field}:{scene.created.isoformat()}:{number}" for field in ("title", "note")]
        with st.form(f"{_KEY}:form", border=False):
            st.text_input("Title", seed_widget(keys[0], scene.title), max_chars=LONGEST_TITLE, key=keys[0])
            st.text_area("Note", seed_widget(keys[1], scene.note), max_chars=LONGEST_NOTE, key=keys[1], height=90)
            st.form_submit_button("Save title and note", key=f"{_KEY}:rename", on_click=_try,
                                  args=(partial(_rename, scene, *keys),))


def _origin(scene: Scene) -> None:
    """The way back to the page as it was when the scene was pinned."""
    target = {label: page for page, label in MENU}.get(scene.page)
    if target is None:
        return
    query: dict[str, str | list[str]] = {}
    for name in dict.fromkeys(name for name, _ in scene.query):
        query[name] = [value for other, value in scene.query if other == name]
    try:
        st.page_link(target, label="Where it was pinned", icon=":material/arrow_forward:", query_params=query)
    except StreamlitPageNotFoundError:  # a page run on its own has no other pages to link to
        return


def _import() -> None:
    key = f"{_KEY}:file:{st.session_state.setdefault(_UPLOADS, 0)}"
    with st.expander("Add the scenes of a deck from a file", key=f"{_KEY}:import"):
        given = st.file_uploader("A deck that was exported as JSON", type=["json"], key=key,
                                 max_upload_size=MOST_BYTES // 2**20 + 1)
        st.button("Add its scenes", key=f"{_KEY}:add", icon=":material/upload:", disabled=given is None,
                  on_click=_try, args=(partial(_add, key),))


def _try(action: Callable[[], str]) -> None:
    tried(_KEY, action, "The file cannot be read")


def _move(scene: Scene, step: int) -> str:
    deck = current_deck()
    number = deck.number(scene)
    keep_deck(deck.move(number, number + step))
    st.session_state[_CHOSEN] = number + step
    return f"Scene {number + 1} is now scene {number + step + 1}."


def _delete(scene: Scene) -> str:
    deck = current_deck()
    keep_deck(deck.remove(deck.number(scene)))
    return f"The scene {scene.title!r} is gone from your deck."


def _rename(scene: Scene, title: str, text: str) -> str:
    deck = current_deck()
    number = deck.number(scene)
    keep_deck(deck.rename(number, *(typed(st.session_state[key]).strip() for key in (title, text))))
    return f"Scene {number + 1} is saved."


def _clear() -> str:
    keep_deck(Deck())
    return "Your deck is empty."


def _add(key: str) -> str:
    given = st.session_state.get(key)
    if given is None:
        raise InputError("No file came; allowed: a deck that was exported as JSON. Choose a file first.")
    added = deck_from_json(given.getvalue(), given.name).scenes
    keep_deck(current_deck().add(*added))
    st.session_state[_UPLOADS] += 1  # the next box is empty
    return f"{len(added)} scene{'' if len(added) == 1 else 's'} added to your deck."
