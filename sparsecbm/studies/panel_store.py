"""The studies behind the screens: their database and service, and what the researcher's screens share of a study."""

from datetime import UTC, datetime
from urllib.parse import urlencode

import streamlit as st

from sparsecbm.service import Explainer
from sparsecbm.studies.compute_preparation import PREPARATION
from sparsecbm.studies.compute_service import StudyService
from sparsecbm.studies.database import database_url
from sparsecbm.studies.log import Study
from sparsecbm.studies.store import Store

#: Parts of the address that invite to a study.
STUDY, CODE, DRY = "study", "code", "dry"


def study_store() -> Store:
    """The store of this process. ConfigError for an invalid URL, DataError when the database cannot be used."""
    return _open(database_url().render_as_string(hide_password=False))


def study_service(explainer: Explainer) -> StudyService:
    """The service of this process: it predicts with this model and writes into `study_store`."""
    return _service(explainer, explainer.checkpoint.hash, database_url().render_as_string(hide_password=False))


def start(study: Study, explainer: Explainer) -> None:
    """From now on people take part; the cases are prepared, so that the first of them need not wait for the words."""
    if study.state == "not started":
        study_store().note(study.id, "started")
    if study.protocol.checkpoint == explainer.checkpoint.hash:
        PREPARATION.prepare(explainer, study.protocol)


def study_title(study: Study) -> str:
    """A study as the lists name it."""
    return f"{study.protocol.name}, version {study.protocol.version}"


def link_to(study: str, dry: bool = False) -> str:
    """The address that a participant opens, or somebody who only tries the study out."""
    here = (st.context.url or "Studies").partition("?")[0]
    return f"{here}?{urlencode({STUDY: study} | ({DRY: '1'} if dry else {}))}"


def time_words(time: datetime) -> str:
    """A moment as the tables write it, in UTC."""
    return time.astimezone(UTC).strftime("%Y-%m-%d %H:%M:%S")


@st.cache_resource(max_entries=1, show_spinner=False)
def _open(url: str) -> Store:
    return Store.open(url)


@st.cache_resource(max_entries=1, show_spinner=False)
def _service(_explainer: Explainer, checkpoint: str, url: str) -> StudyService:
    return StudyService(_open(url), _explainer)
