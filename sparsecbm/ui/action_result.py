"""The result of an action in a callback, shown where it belongs; an error stays until it is dismissed."""

from collections.abc import Callable

import streamlit as st

from sparsecbm.errors import SparseCBMError
from sparsecbm.ui.safe_text import as_markdown


def attempt(key: str, action: Callable[[], str], no_file: str) -> None:
    """Run an action and keep its message, or its problem, for the place `key`.

    `no_file` is the beginning of the message when a file or folder cannot be used.
    """
    clear_result(key)
    try:
        st.session_state[_done(key)] = action()
    except SparseCBMError as error:
        st.session_state[_problem(key)] = str(error)
    except OSError as error:  # a folder that may not be written to, a full disk, a file that is gone
        st.session_state[_problem(key)] = (f"{no_file}: {error.strerror or error}. Ask whoever runs this server, or "
                                           "export what is here.")


def show_result(key: str) -> None:
    """The message of the last attempt, or its problem."""
    problem, done = st.session_state.get(_problem(key)), st.session_state.get(_done(key))
    if problem:
        st.error(as_markdown(problem), icon=":material/error:")
        st.button("Dismiss", key=f"{key}:dismiss", on_click=_dismiss, args=(key,))
    elif done:
        st.success(as_markdown(done), icon=":material/check_circle:")


def clear_result(key: str) -> None:
    """Forget the last attempt."""
    st.session_state[_problem(key)] = st.session_state[_done(key)] = None


def _dismiss(key: str) -> None:
    st.session_state[_problem(key)] = None


def _problem(key: str) -> str:
    return f"{key}:problem"


def _done(key: str) -> str:
    return f"{key}:done"
