"""One session's view of a text, its slow work, and widgets that show what the session says."""

from typing import Any, NoReturn, TypeVar

import streamlit as st

from sparsecbm.schema import ConceptSchema
from sparsecbm.service import Explainer
from sparsecbm.ui.tasks import ABANDONED_AFTER, Job
from sparsecbm.ui.view import STATE, View

_SHOWN = "explain:shown"
_TEXT, _NUMBER, _OF_TEXTS = "explain:text", "explain:text-number", "explain:of-texts"
#: Between the name of a widget and the number of its text.
_MARK = "#"

Value = TypeVar("Value")


def current_view() -> View:
    """The view of this session; empty at first."""
    return STATE.current


def opened_view(explainer: Explainer) -> View:
    """The view at the start of a page run, from the address or the session."""
    view = STATE.opened(explainer.schema)
    if view.hidden:
        count = len(explainer.words(view.text))
        if view.hidden[-1] >= count:
            STATE.drop(f"The address hides word {view.hidden[-1] + 1}; allowed: 1 to {count}, the words that were read "
                       "of this text.", hidden=tuple(number for number in view.hidden if number < count))
    _begin(STATE.current.text, anew=False)
    return STATE.current


def write_address(schema: ConceptSchema) -> None:
    """Write the view into the address."""
    STATE.write(schema)


def change(**changes: Any) -> None:
    """Change parts of the view; for callbacks, which run before the page does."""
    STATE.change(**changes)


def run_again() -> NoReturn:
    """Run the whole page again with the view as it is."""
    STATE.run_again()


def start_review(text: str) -> None:
    """Open another text: what was chosen for the last one no longer applies."""
    change(text=text, target=None, label=None, overrides={}, part=None, hidden=(), edit=None, unsure=(), wanted=None)
    STATE.dismiss()
    _begin(text, anew=True)


def address_notices() -> None:
    """What could not be used of the address, until dismissed; everything else of it was kept."""
    STATE.notices()


def session_job(panel: str, goes_on: float = ABANDONED_AFTER) -> Job:
    """The slow work of one panel; `goes_on` says for how many seconds it runs on after its page was last seen."""
    job: Job = st.session_state.setdefault(f"{panel}:job", Job(goes_on))
    return job


def text_key(name: str) -> str:
    """The key of a widget whose value belongs to the text at hand.

    The next text has other widgets. A browser that draws the page of the next text still sends, for a moment, what the
    widgets of the last one show; under a key of their own, none of it reaches the next text.
    """
    _of_texts().add(name)
    return f"{name}{_MARK}{_text_number()}" if _text_number() else name


def at_hand(key: str) -> bool:
    """False for a widget that belongs to a text which is no longer at hand: what it still says is of no use."""
    name, _, number = key.partition(_MARK)
    return name not in _of_texts() or int(number or 0) == _text_number()


def seed_widget(key: str, value: Value) -> Value:
    """Make a widget show `value`; to be called before the widget is drawn, which is given the value as its own, too.

    A browser that missed the first of two quick runs knows nothing of what it set, and starts from the widget's own.
    """
    if key not in st.session_state or st.session_state[key] != value:
        st.session_state[key] = value
    _shown()[key] = value
    return value


def chosen(key: str) -> bool:
    """True when a person has set a seeded widget to something else than it showed; for the callbacks of widgets that
    come and go. A widget of a text that is no longer at hand sets nothing.

    A message that a browser sent before it heard that a widget is gone still holds what the widget showed, and
    Streamlit, which has forgotten that by then, takes it for a choice.
    """
    value, shown = st.session_state[key], _shown()
    if not at_hand(key):
        return False
    if key in shown and shown[key] == value:
        return False
    shown[key] = value
    return True


def _begin(text: str, anew: bool) -> None:
    """Count the texts that were at hand; `anew` counts the same text again. Where there was none, no widget was."""
    before = st.session_state.get(_TEXT)
    if before and (anew or before != text):
        st.session_state[_NUMBER] = _text_number() + 1
    st.session_state[_TEXT] = text


def _text_number() -> int:
    number: int = st.session_state.get(_NUMBER, 0)
    return number


def _of_texts() -> set[str]:
    """The names of the widgets that belong to a text."""
    names: set[str] = st.session_state.setdefault(_OF_TEXTS, set())
    return names


def _shown() -> dict[str, Any]:
    """What every seeded widget of this session shows, or showed when it was last there."""
    shown: dict[str, Any] = st.session_state.setdefault(_SHOWN, {})
    return shown
