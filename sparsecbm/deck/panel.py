"""The deck on the Home page: its scenes, what can be done with each, and the deck as a file."""

from collections.abc import Callable
from dataclasses import replace
from functools import partial

import streamlit as st
from streamlit.errors import StreamlitPageNotFoundError

from sparsecbm.deck.deck import LONGEST_NOTE, LONGEST_TITLE, MOST_BYTES, Deck, Scene, deck_to_json
from sparsecbm.deck.figure import deck_from_json
from sparsecbm.deck.panel_order import order_view
from sparsecbm.errors import InputError
from sparsecbm.export.deck_page import USUAL_TITLE, deck_html
from sparsecbm.figures.text import counted
from sparsecbm.file_names import download_name
from sparsecbm.ui.action_result import attempt, show_result
from sparsecbm.ui.pin import UNSAVED, current_deck, keep_deck, present
from sparsecbm.ui.safe_text import clean_text
from sparsecbm.ui.session import chosen, seed_widget
from sparsecbm.ui.shell import MENU, errors_shown, note
from sparsecbm.ui.unsaved import unsaved_line

HELP = (
    "Whatever you pin becomes a numbered scene: a snapshot with your title and note. Presenting shows one scene after "
    "another, large and without controls; arrow keys turn them. Scenes need no model, so a deck can be shown anywhere."
)
_KEY = "deck"
_CHOSEN, _UPLOADS, _TITLE = f"{_KEY}:chosen", f"{_KEY}:uploads", f"{_KEY}:title"


def deck_panel() -> None:
    """The scenes as cards, one scene's controls, and files; an empty deck says how to fill it."""
    deck = current_deck()
    st.markdown("### Presenter deck", help=HELP)
    with errors_shown():
        if not deck.scenes:
            note("Nothing is pinned yet. Press :material/push_pin: **Pin** next to a failure, the words of a text, an "
                 "intervention or a chart: it becomes a scene here.")
        else:
            _files_and_present(deck)
            order_view(f"{_KEY}:order", deck.scenes, _chosen(deck), _choose, _move)
            _one(deck)
        unsaved_line(*UNSAVED, bool(deck.scenes))
        _import()
        show_result(_KEY)


def _files_and_present(deck: Deck) -> None:
    st.text_input("Title of the cover", seed_widget(_TITLE, deck.title), max_chars=LONGEST_TITLE, key=_TITLE,
                  placeholder=USUAL_TITLE, width=520, on_change=_name)
    name = deck.title or deck.scenes[0].title
    with st.container(horizontal=True, vertical_alignment="center", gap="small"):
        st.button("Present", key=f"{_KEY}:present", type="primary", icon=":material/slideshow:", on_click=present,
                  args=(0,), help="Arrow keys turn the scenes, Escape leaves")
        st.download_button("HTML to show anywhere", partial(deck_html, deck), download_name("deck", name, "html"),
                           "text/html", key=f"{_KEY}:html", on_click="ignore", icon=":material/download:",
                           help="One file with all scenes, for any browser, without a network")
        st.download_button("JSON to load again", partial(deck_to_json, deck), download_name("deck", name, "json"),
                           "application/json", key=f"{_KEY}:json", on_click="ignore", icon=":material/download:")
        with st.popover("Delete all", icon=":material/delete:", key=f"{_KEY}:clear"):
            st.markdown("This deletes all scenes of your session. Export them first if you want them back.")
            st.button("Delete all scenes", key=f"{_KEY}:clear-now", on_click=_try, args=(_clear,))
    note("For a PDF, open the HTML file and press **Print or save as PDF**: every scene gets a page. The deck lasts as "
         "long as your session; export it to keep it.")


def _chosen(deck: Deck) -> int:
    """The number of the scene whose controls are shown."""
    number: int = st.session_state.get(_CHOSEN, 0)
    return min(number, len(deck.scenes) - 1)


def _choose(number: int) -> None:
    st.session_state[_CHOSEN] = number


def _one(deck: Deck) -> None:
    """One of the scenes: present from here, rename, delete, and the page that it was pinned on."""
    number = _chosen(deck)
    scene = deck.scenes[number]
    with st.container(border=True):
        with st.container(horizontal=True, vertical_alignment="center", gap="small"):
            st.markdown(f"**Scene {number + 1}**", width="content")
            st.button("Present from here", key=f"{_KEY}:here", icon=":material/slideshow:", on_click=present,
                      args=(number + 1,))
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
    attempt(_KEY, action, "The file cannot be read")


def _name() -> None:
    if chosen(_TITLE):
        title = clean_text(st.session_state[_TITLE]).strip()
        keep_deck(replace(current_deck(), title=title))


def _move(number: int, to: int) -> None:
    def move() -> str:
        keep_deck(current_deck().move(number, to))
        _choose(to)
        return f"Scene {number + 1} is now scene {to + 1}."

    _try(move)


def _delete(scene: Scene) -> str:
    deck = current_deck()
    keep_deck(deck.remove(deck.number(scene)))
    return f"The scene {scene.title!r} is deleted."


def _rename(scene: Scene, title: str, text: str) -> str:
    deck = current_deck()
    number = deck.number(scene)
    keep_deck(deck.rename(number, *(clean_text(st.session_state[key]).strip() for key in (title, text))))
    return f"Scene {number + 1} is saved."


def _clear() -> str:
    keep_deck(Deck())
    return "Your deck is empty."


def _add(key: str) -> str:
    given = st.session_state.get(key)
    if given is None:
        raise InputError("No file was chosen; allowed: a deck that was exported as JSON.")
    added = deck_from_json(given.getvalue(), given.name).scenes
    keep_deck(current_deck().add(*added))
    st.session_state[_UPLOADS] += 1  # the next box is empty
    return f"{counted(len(added), 'scene')} added to your deck."
