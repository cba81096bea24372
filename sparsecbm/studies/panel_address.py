"""What the Studies page shows: to a participant their study, to the researcher a section and a study."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from urllib.parse import urlencode

import streamlit as st

from sparsecbm.errors import InputError
from sparsecbm.fields import Field
from sparsecbm.service import Explainer
from sparsecbm.studies.compute_preparation import PREPARATION
from sparsecbm.studies.compute_service import StudyService
from sparsecbm.studies.database import database_url
from sparsecbm.studies.log import Study
from sparsecbm.studies.protocol import LONGEST
from sparsecbm.studies.store import Store, plain_id
from sparsecbm.ui.loaded_model import MOST_LOADED, explainer_with
from sparsecbm.ui.page_state import PageState
from sparsecbm.ui.safe_text import clean_text
from sparsecbm.ui.session import chosen, seed_widget

#: Parts of the address that invite to a study, and the most others that are looked at.
STUDY, CODE, DRY = "study", "code", "dry"
MOST_PARTS = 30


def study_store() -> Store:
    """The store of this process. ConfigError for an invalid URL, DataError when the database cannot be used."""
    return _open(database_url().render_as_string(hide_password=False))


def study_service(explainer: Explainer) -> StudyService:
    """The service of this process: it predicts with this model and writes into `study_store`."""
    return _service(explainer, explainer.checkpoint.hash, database_url().render_as_string(hide_password=False))


def start(study: Study) -> None:
    """From now on people take part; the cases are prepared, so that the first of them need not wait for the words."""
    if study.state == "not started":
        study_store().note(study.id, "started")
    explainer = explainer_with(study.protocol.checkpoint)
    if explainer is not None:
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
    return Store.open(url, public=True)


@st.cache_resource(max_entries=MOST_LOADED, show_spinner=False)
def _service(_explainer: Explainer, checkpoint: str, url: str) -> StudyService:
    return StudyService(_open(url), _explainer)


_VISIT, _USED = "study:visit", "study:used"


@dataclass(frozen=True)
class Visit:
    """One session's participant; `code` is None for someone who has not begun, or not said so yet. `link` is whatever
    else their link has, such as a panel's ids."""

    study: str
    dry: bool = False
    code: str | None = None
    link: tuple[tuple[str, str], ...] = ()


def takes_part() -> bool:
    """True when the address invites to a study."""
    return STUDY in st.query_params


def current_visit() -> Visit:
    """Who this session is; the address is made to say it too. To be called where the address invites to a study."""
    given = st.query_params
    address = Visit(plain_id(given[STUDY]), given.get(DRY) == "1", given.get(CODE) or None, _other_parts())
    visit: Visit = st.session_state.get(_VISIT, address)
    new_code = address.code is not None and address.code not in _used()
    if new_code or (visit.study, visit.dry) != (address.study, address.dry):
        visit = address
    go_on_as(visit)
    rest = dict(visit.link) if visit.code is None else {CODE: visit.code}  # a reload before the consent loses nothing
    parts = {STUDY: visit.study} | ({DRY: "1"} if visit.dry else {}) | rest
    if parts != st.query_params.to_dict():
        st.query_params.from_dict(parts)
    return visit


def _other_parts() -> tuple[tuple[str, str], ...]:
    there = st.query_params.to_dict().items()
    parts = [(name, clean_text(text)[:LONGEST["external id"] + 1]) for name, text in there
             if name not in (STUDY, CODE, DRY)]
    return tuple(parts[:MOST_PARTS])


def go_on_as(visit: Visit) -> None:
    """Be this participant from now on. For callbacks."""
    st.session_state[_VISIT] = visit
    if visit.code is not None:
        _used().add(visit.code)


def _used() -> set[str]:
    """Codes that this session had: an address that comes late may still hold one."""
    used: set[str] = st.session_state.setdefault(_USED, set())
    return used


SECTIONS = {"build": "Build", "run": "Run and watch", "results": "Results"}
_PICK = "studies:of"


@dataclass(frozen=True)
class Looking:
    """A section, and the id of the study that is monitored or read; empty for the newest."""

    section: str = next(iter(SECTIONS))
    study: str = ""


def _study(given: str, studies: Collection[str]) -> str:
    if plain_id(given) not in studies:
        raise InputError("There is no such study here; choose one of the list.")
    return plain_id(given)


#: How the address holds it; the context is the ids of the studies that there are.
FIELDS = (Field("section", allowed=SECTIONS), Field("of", _study, attribute="study"))
STATE = PageState("studies", Looking(), FIELDS)


def chosen_study(every: Sequence[Study]) -> Study | None:
    """Let a person choose the study that is monitored or read; None where there is none yet."""
    studies = {study.id: study for study in every}
    if not studies:
        return None
    found = studies.get(STATE.current.study) or next(iter(studies.values()))
    st.selectbox("Study", list(studies), list(studies).index(seed_widget(_PICK, found.id)), key=_PICK, width=520,
                 format_func=lambda name: study_title(studies[name]), on_change=_picked)
    return found


def _picked() -> None:
    if chosen(_PICK):
        STATE.change(study=st.session_state[_PICK])
