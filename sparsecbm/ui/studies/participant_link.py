"""The link that a participant came by: which study, whose code, and whether it is only tried out.

    /Studies?study=<id>              someone new
    /Studies?study=<id>&code=<code>  someone who has begun
    /Studies?study=<id>&dry=1        a trial run, which counts for nothing

Once a session has a code it keeps it: a browser that was slow to hear of a new address changes nothing.
"""

from dataclasses import dataclass

import streamlit as st

STUDY, CODE, DRY = "study", "code", "dry"
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
