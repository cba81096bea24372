"""The frame of every page: title, menu, and what happens when something goes wrong."""

import logging
import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import urlencode, urlsplit
from uuid import uuid4

import streamlit as st
from starlette.requests import Request
from starlette.responses import HTMLResponse
from starlette.routing import Route
from streamlit.delta_generator import DeltaGenerator
from streamlit.errors import StreamlitPageNotFoundError

from sparsecbm.access.people import Person
from sparsecbm.errors import CheckpointError, SparseCBMError
from sparsecbm.ui.chosen_model import draw_for_model, model_chooser, open_model, unknown_model_notice, with_model
from sparsecbm.ui.safe_text import as_markdown
from sparsecbm.ui.visitor import access_mode, visitor

log = logging.getLogger(__name__)

HOME, EXPLAIN, SUBNETWORKS = "app.py", "pages/1_Explain.py", "pages/2_Subnetworks.py"
INTERVENTIONS, FAILURES = "pages/3_Interventions.py", "pages/4_Failures.py"
STUDIES, EVALUATION = "pages/5_Studies.py", "pages/6_Evaluation.py"
#: Where the session knows the title of the page at hand.
PAGE = "shell:page"
#: Narrow, so that the ledger has room on a small laptop.
SIDEBAR_PIXELS = 200
#: Streamlit's own columns shrink until the window is as narrow as a phone.
_COLUMNS = ("<style>.st-key-two-columns > :first-child {flex: 5 1 20rem;} .st-key-two-columns > :last-child "
            "{flex: 7 1 34rem;}</style>")
MENU = ((HOME, "Home"), (EXPLAIN, "Explain"), (SUBNETWORKS, "Subnetworks"), (INTERVENTIONS, "Interventions"),
        (FAILURES, "Failures"), (STUDIES, "Studies"), (EVALUATION, "Evaluation"))


#: Tells Streamlit's script where its server is. By itself it asks below the page's own path first, such as
#: /Explain/_stcore/health, and the browser logs two misses for every page that is opened by a link.
_SERVER = '<script>window.__streamlit = {BACKEND_BASE_URL: new URL("./", window.location.href).href}</script>'


def page_routes() -> list[Route]:
    """A route for every page but the first, which is served as it is."""
    index = (Path(st.__file__).parent / "static" / "index.html").read_text(encoding="utf-8")
    index = index.replace("<head>", f"<head>{_SERVER}", 1)

    def opened(_: Request | None) -> HTMLResponse:
        return HTMLResponse(index, headers={"Cache-Control": "no-cache"})

    return [Route(f"/{re.sub(r'^[0-9]+_', '', Path(target).stem)}", opened) for target, _ in MENU[1:]]


def page(title: str, menu: bool = True, least: str = "viewer") -> None:
    """Start a page; its first call. Draws the menu, so that something is on screen while the model loads.

    Visitors with a lesser role than `least` see no more than how to sign in. Without the `menu` a page is for
    everybody, and offers no way to other pages, nor to other models: it is for people who must not see them.
    """
    st.set_page_config(page_title=f"{title} · SparseCBM", page_icon="🧩", layout="wide",
                       initial_sidebar_state=SIDEBAR_PIXELS)
    st.session_state[PAGE] = title
    if not menu:
        return
    person = _let_in(title, least)
    every = open_model()
    with st.sidebar:
        st.markdown("**SparseCBM**")
        for target, label in MENU:
            link(target, label)
        model_chooser(every)
        _signed_in(person)
    draw_for_model()
    unknown_model_notice()


def _let_in(title: str, least: str) -> Person:
    """The visitor; the page ends here for those who may not see it, and where the settings are wrong."""
    with errors_shown():
        person = visitor()
        if person is not None and person.may(least):
            return person
        _refused(person, title, least)
    return st.stop()


def _refused(person: Person | None, title: str, least: str) -> None:
    """What a visitor sees who may not see the page: how to sign in, or whom to ask."""
    st.markdown(f"## {title}")
    if person is not None:
        st.warning(f"You are signed in as {as_markdown(person.name or 'a visitor')} with the role {person.role}. This "
                   f"page is for the role {least}. Ask whoever runs this server.", icon=":material/lock:")
        _signed_in(person)
    elif access_mode() == "password":
        st.markdown("Sign in to see this page.")
        st.html(f'<a href="sign-in?{urlencode({"next": _address()})}">Sign in</a>')
    elif st.user.is_logged_in:
        st.warning("You are signed in, but have no role here. Ask whoever runs this server.", icon=":material/lock:")
        st.button("Sign out", on_click=st.logout)
    else:
        st.markdown("Sign in to see this page.")
        st.button("Sign in", on_click=st.login, type="primary")


def _signed_in(person: Person) -> None:
    """Who is signed in, and the way out; nothing where nobody signs in."""
    if not person.name:
        return
    st.markdown(f":small[Signed in as {as_markdown(person.name)}, {person.role}]")
    if access_mode() == "password":
        st.html('<a href="sign-out">Sign out</a>')
    else:
        st.button("Sign out", on_click=st.logout, key="shell:sign-out")


def _address() -> str:
    """Path and parts of the page at hand, to come back to."""
    parts = urlencode([(name, part) for name in st.query_params for part in st.query_params.get_all(name)])
    path = urlsplit(st.context.url or "").path or "/"
    return f"{path}?{parts}" if parts else path


def two_columns() -> tuple[DeltaGenerator, DeltaGenerator]:
    """A narrower and a wider container next to each other; one below the other where both do not fit."""
    st.html(_COLUMNS)
    with st.container(horizontal=True, gap=28, key="two-columns"):
        return st.container(), st.container()


def link(
    target: str, label: str, icon: str | None = None, parts: Mapping[str, str | list[str]] | None = None
) -> None:
    """A link to a page of ours, with these parts of its address; the model stays the same."""
    try:
        st.page_link(target, label=label, icon=icon, query_params=with_model(parts or {}) or None)
    except StreamlitPageNotFoundError:  # a page run on its own has no other pages to link to
        st.markdown(label)


def note(text: str) -> None:
    """A line of small print in Markdown; unlike a caption it has the full contrast of other text."""
    st.markdown(f":small[{text}]")


def is_dark() -> bool:
    """True when the reader's theme is dark."""
    return bool(st.context.theme.type == "dark")


@contextmanager
def errors_shown() -> Iterator[None]:
    """Show what goes wrong inside in place: a user's error with its message, a bug with a number for the log."""
    try:
        yield
    except CheckpointError as error:
        st.error(f"The model cannot be loaded. {as_markdown(str(error))}", icon=":material/error:")
        st.markdown("Choose another model on the left where there is one; or mend the folder and reload this page; or "
                    "set the environment variable `SPARSECBM_CHECKPOINT` to a checkpoint folder or a Hub id and start "
                    "the app again.")
    except SparseCBMError as error:
        st.error(as_markdown(str(error)), icon=":material/error:")
    except Exception:
        number = uuid4().hex[:8]
        log.exception("Unexpected error %s", number)
        st.error(f"Something went wrong that should not have: error {number}. Your text and your settings are kept "
                 "in the address. Reload the page to try again; the server's log has the details under this number.",
                 icon=":material/error:")
