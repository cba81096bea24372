"""What the researcher's side of the Studies page shows: a section and a study, kept and in the address."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import UTC, datetime
from urllib.parse import urlencode

import streamlit as st

from sparsecbm.studies.log import Study
from sparsecbm.studies.store import Store
from sparsecbm.ui.engine import load_explainer
from sparsecbm.ui.kept import Address, Kept, repeated_parts, unknown_parts
from sparsecbm.ui.session import chosen, seed_widget
from sparsecbm.ui.studies.arms_ahead import AHEAD
from sparsecbm.ui.studies.participant_link import DRY, STUDY
from sparsecbm.ui.studies.store import study_store

SECTIONS = {"build": "Build", "run": "Run and watch", "results": "Results"}
SECTION, OF = "section", "of"
_PICK = "studies:of"


@dataclass(frozen=True)
class Looking:
    """A section, and the id of the study that is followed or read; empty for the newest."""

    section: str = next(iter(SECTIONS))
    study: str = ""


KEPT = Kept("studies", Looking)


def to_address(looking: Looking) -> dict[str, str | list[str]]:
    """The parts of the address that restore it."""
    parts = {SECTION: looking.section if looking.section != Looking.section else "", OF: looking.study}
    return {name: part for name, part in parts.items() if part}


def from_address(parts: Address, studies: Collection[str]) -> tuple[Looking, tuple[str, ...]]:
    """What an address says, and one message for every part that could not be used. Good parts are kept."""
    names = (SECTION, OF)
    problems = unknown_parts(parts, names) + repeated_parts(parts, names)
    section, study = (parts[name][-1] if parts.get(name) else "" for name in names)
    if section and section not in SECTIONS:
        problems.append(f"The address says {SECTION}={section}; allowed: {', '.join(SECTIONS)}.")
        section = ""
    if study and study not in studies:
        problems.append(f"The address says {OF}={study}, and there is no such study here; choose one of the list.")
        study = ""
    return Looking(section or Looking.section, study), tuple(problems)


def chosen_study(store: Store) -> Study | None:
    """The study that is followed or read, as a list to choose from; None where there is none yet."""
    studies = {study.id: study for study in store.studies()}
    if not studies:
        return None
    found = studies.get(KEPT.current.study) or next(iter(studies.values()))
    st.selectbox("Study", list(studies), list(studies).index(seed_widget(_PICK, found.id)), key=_PICK, width=520,
                 format_func=lambda name: study_title(studies[name]), on_change=_picked)
    return found


def study_title(study: Study) -> str:
    """A study as the lists call it."""
    return f"{study.protocol.name}, version {study.protocol.version}"


def state_of(study: Study) -> str:
    """Whether people may take part."""
    if study.closed:
        return "closed"
    return "running" if any(one.kind == "started" for one in study_store().notes(study.id)) else "not started"


def start(study: Study) -> None:
    """From now on people take part; the cases are prepared, so that the first of them need not wait for the words."""
    if state_of(study) == "not started":
        study_store().note(study.id, "started")
    explainer = load_explainer()
    if study.protocol.checkpoint == explainer.checkpoint.hash:
        AHEAD.prepare(explainer, study.protocol)


def time_words(time: datetime) -> str:
    """A moment as the tables write it, in UTC."""
    return time.astimezone(UTC).strftime("%Y-%m-%d %H:%M:%S")


def link_to(study: str, dry: bool = False) -> str:
    """The address that a participant opens, or one who only tries the study out."""
    here = (st.context.url or "Studies").partition("?")[0]
    return f"{here}?{urlencode({STUDY: study} | ({DRY: '1'} if dry else {}))}"


def _picked() -> None:
    if chosen(_PICK):
        KEPT.change(study=st.session_state[_PICK])
