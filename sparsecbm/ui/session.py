"""One session's view of the Explain screen: kept over page changes, restored from the address, written back to it.

There is one source of truth, the `View` in the session. Widgets are set from it before they are drawn and change
it through `change`, so a link, a reset and a click end in the same place.
"""

from dataclasses import replace
from typing import Any, TypeVar

import streamlit as st

from sparsecbm.explainer import Explainer
from sparsecbm.schema import ConceptSchema
from sparsecbm.ui.address import View, from_address, to_address
from sparsecbm.ui.job import Job

_VIEW, _WRITTEN, _OWN, _PROBLEMS = "explain:view", "explain:written", "explain:own", "explain:problems"
_JOB = "explain:job"

Value = TypeVar("Value")


def current_view() -> View:
    """What this session looks at; an empty view at first."""
    view: View = st.session_state.setdefault(_VIEW, View())
    return view


def opened_view(explainer: Explainer) -> View:
    """The view at the start of a page run: the address wins, unless this session wrote it itself.

    A run that one of our own widgets caused never reads the address: the browser may still be showing an old one.
    """
    parts = {name: st.query_params.get_all(name) for name in st.query_params}
    if parts and not st.session_state.pop(_OWN, False) and parts != st.session_state.get(_WRITTEN):
        view, problems = from_address(parts, explainer.schema)
        count = len(explainer.words(view.text)) if view.hidden else 0
        hidden = tuple(number for number in view.hidden if number < count)
        if hidden != view.hidden:
            problems += (f"The address hides word {view.hidden[-1] + 1}; allowed: 1 to {count}, the words that were "
                         "read of this review.",)
        st.session_state[_VIEW], st.session_state[_PROBLEMS] = replace(view, hidden=hidden), problems
    return current_view()


def write_address(schema: ConceptSchema) -> None:
    """Make the address say what this session looks at."""
    st.session_state.pop(_OWN, None)
    parts = to_address(current_view(), schema)
    written = {name: part if isinstance(part, list) else [part] for name, part in parts.items()}
    if written != {name: st.query_params.get_all(name) for name in st.query_params}:
        st.query_params.from_dict(parts)
    st.session_state[_WRITTEN] = written


def change(**changes: Any) -> None:
    """Change parts of the view; for callbacks, which run before the page does."""
    st.session_state[_VIEW] = replace(current_view(), **changes)
    st.session_state[_OWN] = True


def start_review(text: str) -> None:
    """Look at another review: what was chosen for the last one no longer applies."""
    change(text=text, target=None, label=None, overrides={}, part=None, hidden=(), edit=None)
    st.session_state[_PROBLEMS] = ()


def address_problems() -> tuple[str, ...]:
    """What could not be used of the address, until it is dismissed."""
    return tuple(st.session_state.get(_PROBLEMS, ()))


def dismiss_problems() -> None:
    """Forget what could not be used of the address."""
    st.session_state[_PROBLEMS] = ()
    st.session_state[_OWN] = True


def session_job() -> Job:
    """The slow work of this session."""
    job: Job = st.session_state.setdefault(_JOB, Job())
    return job


def seed_widget(key: str, value: Value) -> Value:
    """Make a widget show `value`; to be called before the widget is drawn, which is given the value as its own, too.

    A browser that missed the first of two quick runs knows nothing of what it set, and starts from the widget's own.
    """
    if key not in st.session_state or st.session_state[key] != value:
        st.session_state[key] = value
    return value
