"""A participant's way through a study, one screen at a time, drawn from the log alone.

Whoever loses the connection, reloads, or comes back by the code is where the log ends.
"""

import streamlit as st

from sparsecbm.errors import InputError
from sparsecbm.service import Explainer
from sparsecbm.studies.compute_preparation import PREPARATION
from sparsecbm.studies.compute_service import new_key
from sparsecbm.studies.log import Course, Entry, Study, now
from sparsecbm.studies.panel_address import current_visit, study_store
from sparsecbm.studies.panel_case import answering, opening, reading
from sparsecbm.studies.panel_participant_door import declined, door, has_declined, own_data, thanks, wrong_code
from sparsecbm.studies.panel_participant_form import message, questions, record, say
from sparsecbm.studies.run import GRACE, Step, step_of
from sparsecbm.ui.loaded_model import explainer_with
from sparsecbm.ui.safe_text import as_markdown

#: Text is narrow enough to be read, and nothing scrolls sideways. On a phone, the prediction comes before the form.
_STYLE = ("<style>[data-testid=stMainBlockContainer] {max-width: 78rem; padding: 3.6rem 2.4rem 2rem;} "
          ".st-key-study-presses {position: absolute;} "
          "@media (max-width: 640px) {[data-testid=stMainBlockContainer] {padding: 3.6rem 1rem 2rem;} "
          "[data-testid=stColumn]:has(.st-key-study-final), [data-testid=stColumn]:has(.st-key-study-final) > "
          "[data-testid=stVerticalBlock] {display: contents;} "
          "[data-testid=stLayoutWrapper]:has(> .st-key-study-final) {order: 2; width: 100%;}}</style>")


def participant_panel() -> None:
    """The next screen of this session's participant, with the model that the study was made for."""
    st.html(_STYLE)
    visit = current_visit()
    try:
        study = study_store().study(visit.study)
    except InputError:
        st.error(f"There is no study **{as_markdown(visit.study[:40])}** here. Check the link that you were given: "
                 "each letter of it counts. If it still does not work, tell the person who invited you.",
                 icon=":material/link_off:")
        return
    st.markdown(f"## {as_markdown(study.protocol.name)}")
    if visit.dry:
        st.info("**A trial run.** You see what a participant sees; nothing of it counts as a result.",
                icon=":material/science:")
    with st.spinner("Loading the study…"):
        explainer = explainer_with(study.protocol.checkpoint)
    if explainer is None:
        st.error("This study cannot continue at the moment: it was made for another model than those that are here. "
                 "Please tell the person who invited you. What you did is stored, and you can go on with your code "
                 "later.", icon=":material/error:")
        return
    messages = st.container()
    course = _screen(explainer, study)
    with messages:
        message(course)


def _screen(explainer: Explainer, study: Study) -> Course | None:
    """Draw the screen; returns the participant's course, None where there is none yet."""
    visit = current_visit()
    if visit.code is None:
        declined() if has_declined(visit) else door(study, None)
        return None
    try:
        course = study_store().course(visit.code)
    except InputError as error:
        wrong_code(visit, str(error))
        return None
    if course.participant.study != study.id:
        wrong_code(visit, "This code belongs to another study.")
        return None
    return _drawn(explainer, study, course)


def _drawn(explainer: Explainer, study: Study, course: Course) -> Course:
    step = step_of(course)
    PREPARATION.prepare(explainer, course.protocol)
    if step.deadline is not None and now() > step.deadline + GRACE:
        course, step = _timed_out(course, step)
    if step.stage == "consent":
        declined() if has_declined(current_visit()) else door(study, step, course.participant.external)
        return course
    if step.stage == "done":
        thanks(course)
    elif step.stage in ("start", "end"):
        questions(course, step)
    elif step.stage == "ready":
        opening(explainer, course, step)
    elif step.stage == "first":
        answering(course, step)
    else:
        reading(explainer, course, step)
    own_data(course, step)
    return course


def _timed_out(course: Course, step: Step) -> tuple[Course, Step]:
    """The time ran out while nobody looked: in another window, or without a connection."""
    record(Entry("timeout", step.sequence, new_key()))
    say("The time for the last case was over, so it was closed.")
    course = study_store().course(course.participant.code)
    return course, step_of(course)
