"""One session's view of the Explain screen, its slow work, and widgets that show what the session says."""

from dataclasses import replace
from typing import Any, NoReturn, TypeVar

import streamlit as st

from sparsecbm.schema import ConceptSchema
from sparsecbm.service import Explainer
from sparsecbm.ui.page_state import Address, Kept
from sparsecbm.ui.tasks import ABANDONED_AFTER, Job
from sparsecbm.ui.view import View, from_address, to_address

_KEPT = Kept("explain", View)
_SHOWN = "explain:shown"

Value = TypeVar("Value")


def current_view() -> View:
    """What this session looks at; an empty view at first."""
    return _KEPT.current


def opened_view(explainer: Explainer) -> View:
    """The view at the start of a page run, from the address or the session."""

    def read(parts: Address) -> tuple[View, tuple[str, ...]]:
        view, problems = from_address(parts, explainer.schema)
        count = len(explainer.words(view.text)) if view.hidden else 0
        hidden = tuple(number for number in view.hidden if number < count)
        if hidden != view.hidden:
            problems += (f"The address hides word {view.hidden[-1] + 1}; allowed: 1 to {count}, the words that were "
                         "read of this review.",)
        return replace(view, hidden=hidden), problems

    return _KEPT.opened(read)


def write_address(schema: ConceptSchema) -> None:
    """Make the address say what this session looks at."""
    _KEPT.write(to_address(current_view(), schema))


def change(**changes: Any) -> None:
    """Change parts of the view; for callbacks, which run before the page does."""
    _KEPT.change(**changes)


def run_again() -> NoReturn:
    """Run the whole page again, with what this session looks at as it is."""
    _KEPT.run_again()


def start_review(text: str) -> None:
    """Look at another review: what was chosen for the last one no longer applies."""
    change(text=text, target=None, label=None, overrides={}, part=None, hidden=(), edit=None, unsure=(), wanted=None)
    _KEPT.dismiss()


def address_notices() -> None:
    """What could not be used of the address, until dismissed; everything else of it was kept."""
    _KEPT.notices()


def session_job(panel: str, goes_on: float = ABANDONED_AFTER) -> Job:
    """The slow work of one panel in this session; `goes_on` says how long after its page was last seen, in seconds."""
    job: Job = st.session_state.setdefault(f"{panel}:job", Job(goes_on))
    return job


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
    come and go.

    A message that a browser sent before it heard that a widget is gone still holds what the widget showed, and
    Streamlit, which has forgotten that by then, takes it for a choice.
    """
    value, shown = st.session_state[key], _shown()
    if key in shown and shown[key] == value:
        return False
    shown[key] = value
    return True


def _shown() -> dict[str, Any]:
    """What every seeded widget of this session shows, or showed when it was last there."""
    shown: dict[str, Any] = st.session_state.setdefault(_SHOWN, {})
    return shown
