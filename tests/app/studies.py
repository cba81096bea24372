"""The researcher's side of the Studies page in tests, and hand-made studies in its database."""

from collections.abc import Mapping
from dataclasses import replace

from streamlit.testing.v1 import AppTest

from sparsecbm.studies.log import ParticipantKind
from sparsecbm.studies.panel_address import study_store
from sparsecbm.studies.protocol import Protocol
from tests.app.screen import fine, open_alone
from tests.studies.toys import Judged, judged_course

PAGE = "pages/5_Studies.py"


def opened(**parts: str) -> AppTest:
    """The page of a new session, opened by a link with these parts."""
    return fine(open_alone(PAGE, **parts).run())


def said(at: AppTest) -> str:
    """All lines of text and messages of the page, without what keeps Markdown out of them."""
    kinds = (at.markdown, at.info, at.success, at.warning, at.error)
    return "\n".join(one.value for kind in kinds for one in kind).replace("\\", "")


def a_kept_study(protocol: Protocol, *people: Mapping[str, Judged], kind: ParticipantKind = "person") -> str:
    """A study of the page's database whose participants went through all of it; returns its id."""
    store = study_store()
    study = store.add_study(protocol)
    for judged in people:
        code = store.enrol(study, kind)
        number = store.course(code).participant.number
        for event in judged_course(protocol, number, judged).events:
            entry = replace(event.entry, key=f"{code} {event.entry.sequence}")
            assert store.append(code, replace(event, entry=entry)).status == "written"
    return study
