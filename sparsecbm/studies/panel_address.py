"""What the Studies page shows: to a participant their study, to the researcher a section and a study."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass

import streamlit as st

from sparsecbm.errors import InputError
from sparsecbm.fields import Field
from sparsecbm.studies.log import Study
from sparsecbm.studies.panel_store import CODE, DRY, STUDY, study_title
from sparsecbm.ui.page_state import PageState
from sparsecbm.ui.session import chosen, seed_widget

_VISIT, _USED = "study:visit", "study:used"


@dataclass(frozen=True)
class Visit:
    """One session's participant; `code` is None for someone who has not begun, or not said so yet."""

    study: str
    dry: bool = False
    code: str | None = None


def takes_part() -> bool:
    """True when the address invites to a study."""
    return STUDY in st.query_params


def current_visit() -> Visit:
    """Who this session is; the address is made to say it too. To be called where the address invites to a study."""
    address = Visit(st.query_params[STUDY], st.query_params.get(DRY) == "1", st.query_params.get(CODE) or None)
    visit: Visit = st.session_state.get(_VISIT, address)
    new_code = address.code is not None and address.code not in _used()
    if new_code or (visit.study, visit.dry) != (address.study, address.dry):
        visit = address
    go_on_as(visit)
    parts = {STUDY: visit.study} | ({DRY: "1"} if visit.dry else {}) | ({CODE: visit.code} if visit.code else {})
    if parts != st.query_params.to_dict():
        st.query_params.from_dict(parts)
    return visit


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
    if given not in studies:
        raise InputError("There is no such study here; choose one of the list.")
    return given


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
