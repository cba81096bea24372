"""What came of something that was tried in a callback: said in place, an error until it is dismissed."""

from collections.abc import Callable

import streamlit as st

from sparsecbm.errors import SparseCBMError
from sparsecbm.ui.text import as_markdown


def attempt(key: str, action: Callable[[], str], no_file: str) -> None:
    """Do something and keep what it says, or its problem, for the place `key`. `no_file` starts what to say when a file
    or folder cannot be used."""
    clear_result(key)
    try:
        st.session_state[_done(key)] = action()
    except SparseCBMError as error:
        st.session_state[_problem(key)] = str(error)
    except OSError as error:  # a folder that may not be written to, a full disk, a file that is gone
        st.session_state[_problem(key)] = (f"{no_file}: {error.strerror or error}. Ask whoever runs this server, or "
                                           "export what is here.")


def show_result(key: str) -> None:
    """What the last attempt came to."""
    problem, done = st.session_state.get(_problem(key)), st.session_state.get(_done(key))
    if problem:
        st.error(as_markdown(problem), icon=":material/error:")
        st.button("Dismiss", key=f"{key}:dismiss", on_click=_dismiss, args=(key,))
    elif done:
        st.success(as_markdown(done), icon=":material/check_circle:")


def clear_result(key: str) -> None:
    """Say nothing about the last attempt any more."""
    st.session_state[_problem(key)] = st.session_state[_done(key)] = None


def _dismiss(key: str) -> None:
    st.session_state[_problem(key)] = None


def _problem(key: str) -> str:
    return f"{key}:problem"


def _done(key: str) -> str:
    return f"{key}:done"
