"""What came of something that was tried in a callback: said in place, an error until it is dismissed."""

from collections.abc import Callable

import streamlit as st

from sparsecbm.errors import SparseCBMError
from sparsecbm.ui.interventions.session import refresh
from sparsecbm.ui.markdown import as_markdown

_PROBLEM, _DONE = "interventions:patches:problem", "interventions:patches:done"


def attempt(action: Callable[[], str]) -> None:
    """Do something and keep what it says, or its problem; the last thing that a callback does."""
    st.session_state[_PROBLEM] = st.session_state[_DONE] = None
    try:
        st.session_state[_DONE] = action()
    except SparseCBMError as error:
        st.session_state[_PROBLEM] = str(error)
    except OSError as error:  # a folder that may not be written to, a full disk, a file that is gone
        st.session_state[_PROBLEM] = (f"The folder of patches cannot be used: {error.strerror or error}. Ask whoever "
                                      "runs this server, or export what is here.")
    refresh()


def outcome() -> None:
    """What the last attempt came to."""
    problem, done = st.session_state.get(_PROBLEM), st.session_state.get(_DONE)
    if problem:
        st.error(as_markdown(problem), icon=":material/error:")
        st.button("Dismiss", key="interventions:patches:dismiss", on_click=_dismiss)
    elif done:
        st.success(as_markdown(done), icon=":material/check_circle:")


def _dismiss() -> None:
    st.session_state[_PROBLEM] = None
