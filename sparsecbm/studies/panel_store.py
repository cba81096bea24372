"""The studies' database behind the screens, opened once for all sessions, and the desk where participants act.

Both are safe for many threads, and hold nothing that belongs to one session.
"""

import streamlit as st

from sparsecbm.service import Explainer
from sparsecbm.studies.compute_service import Desk
from sparsecbm.studies.database import database_url
from sparsecbm.studies.store import Store


def study_store() -> Store:
    """The store of this process. ConfigError for a URL that is none, DataError when the database cannot be used."""
    return _open(database_url().render_as_string(hide_password=False))


def desk(explainer: Explainer) -> Desk:
    """The desk of this process: it answers with this model and writes into `study_store`."""
    return _desk(explainer, explainer.checkpoint.hash, database_url().render_as_string(hide_password=False))


@st.cache_resource(max_entries=1, show_spinner=False)
def _open(url: str) -> Store:
    return Store.open(url)


@st.cache_resource(max_entries=1, show_spinner=False)
def _desk(_explainer: Explainer, checkpoint: str, url: str) -> Desk:
    return Desk(_open(url), _explainer)
