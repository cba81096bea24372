"""Who corrects in this session, and where it is saved."""

import secrets

import streamlit as st

from sparsecbm.corrections.compute_store import CorrectionStore
from sparsecbm.corrections.label_correction import MOST_NAME, Correction, correct, person
from sparsecbm.errors import InputError, SparseCBMError
from sparsecbm.service import Explainer
from sparsecbm.studies.database import database_url
from sparsecbm.ui.safe_text import as_markdown, clean_text
from sparsecbm.ui.shell import note
from sparsecbm.ui.visitor import may, require, visitor
from sparsecbm.validation import is_blank

_WHO = "corrections:who"
#: How the message begins when a file of the database cannot be used.
NO_FILE = "The correction cannot be saved"


def correction_store() -> CorrectionStore:
    """The store of this process, for those who may correct.

    ConfigError for an invalid URL, DataError when the database cannot be used, InputError for visitors without the
    role.
    """
    require("analyst")
    return _open(database_url().render_as_string(hide_password=False))


def store_or_say_why() -> CorrectionStore | None:
    """The same; where there is none, says so on screen, and the rest of the page goes on."""
    if not may("analyst"):
        note(":material/lock: Correcting needs the role analyst.")
        return None
    try:
        return correction_store()
    except SparseCBMError as error:
        why = str(error)
    except OSError as error:
        why = f"{error.strerror or error}."
    st.info(f"Corrections cannot be kept on this server. {as_markdown(why)}", icon=":material/block:")
    return None


@st.cache_resource(max_entries=1, show_spinner=False)
def _open(url: str) -> CorrectionStore:
    return CorrectionStore.open(url, public=True)


def the_person() -> str:
    """The name of whoever corrects in this session: with which they signed in, or else empty until it is asked."""
    name: str = _signed_in() or st.session_state.get(_WHO, "")
    return name


def _signed_in() -> str:
    who = visitor()
    return "" if who is None else who.name


def name_field(key: str, width: int = 170) -> None:
    """Ask for the name, once a session."""
    if not the_person():
        st.text_input("Your name", key=f"{key}:who", max_chars=MOST_NAME, width=width)


def another_person(key: str) -> None:
    """Say whose corrections these are, and let somebody else go on."""
    if the_person() and not _signed_in():
        st.button(f"Not {as_markdown(the_person())}?", key=f"{key}:other", type="tertiary", on_click=_forget)


def take_name(key: str) -> None:
    """Keep the name that was typed for the session. InputError where there is none. For callbacks."""
    if not the_person():
        typed = clean_text(st.session_state.get(f"{key}:who"))
        if is_blank(typed):
            raise InputError(f"Your name is missing; allowed: up to {MOST_NAME} characters. Type it first: it tells "
                             "apart what several people say.")
        st.session_state[_WHO] = person(typed)


def current_form(key: str) -> str:
    """What tells a form from those before it in the same place. It belongs into the keys of the form's buttons."""
    form: str = st.session_state.setdefault(f"{key}:form", secrets.token_hex(8))
    return form


def is_current(key: str, form: str) -> bool:
    """False for a press on a form that is done with, which a browser sent before it drew the next one. For callbacks.

    It was meant for what the person saw then, and must not answer anything else.
    """
    return st.session_state.get(f"{key}:form") == form


def next_form(key: str) -> None:
    """The form in this place is done with. For callbacks."""
    st.session_state.pop(f"{key}:form", None)


def save(explainer: Explainer, text: str, field: str, old: str, new: str, form: str) -> Correction:
    """Save what a field of a text really is; it is on the disk when this returns. For callbacks.

    What one form sends twice is saved once.
    """
    made = correct(text, field, old, new, the_person(), explainer.checkpoint.hash, explainer.schema, form)
    correction_store().add(made)
    return made


def _forget() -> None:
    st.session_state.pop(_WHO, None)
