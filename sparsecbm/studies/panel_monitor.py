"""The studies of the database: their progress, links and participants by code. No outcome is shown here."""

from collections import Counter
from collections.abc import Sequence
from functools import partial

import streamlit as st

from sparsecbm.errors import InputError
from sparsecbm.figures.text import counted
from sparsecbm.service import Explainer
from sparsecbm.studies.cases import progress_of
from sparsecbm.studies.log import Course, Study
from sparsecbm.studies.panel_address import STATE, chosen_study, link_to, start, study_store, study_title, time_words
from sparsecbm.studies.panel_builder_draft import DRAFT, draft_of
from sparsecbm.studies.panel_monitor_simulate import COPY, simulate_part
from sparsecbm.studies.run import Stage, step_of
from sparsecbm.ui.action_result import attempt, show_result
from sparsecbm.ui.loaded_model import load_explainer
from sparsecbm.ui.safe_text import as_markdown, table_html
from sparsecbm.ui.shell import errors_shown, note

RUN_HELP = (
    "Counts only: nobody should see how people answer before the study is over. Outcomes are under Results, and every "
    "look at them is logged."
)
#: Seconds between two readings of the counts.
EVERY = 10.0
#: Studies that the list shows.
MOST_LISTED = 30
_STAGES: dict[Stage, str] = {
    "consent": "at the consent", "start": "at the first questions", "ready": "between cases",
    "first": "answering alone", "help": "answering with help", "end": "at the last questions", "done": "finished"}
_KINDS = {"person": "person", "dry_run": "trial", "simulated": "simulated"}
_KEY = "studies:run"


def monitor_panel(_: Explainer) -> None:
    """The list of studies, and one of them; each goes on with the model that it was made for."""
    st.markdown("### Run and watch", help=RUN_HELP)
    studies = study_store().studies()
    if not studies:
        st.info("There is no study yet. Build one, try it as a participant, and start it.", icon=":material/info:")
        st.button("Build a study", key=f"{_KEY}:build", icon=":material/arrow_back:", on_click=_build)
        return
    st.html(table_html("Studies", ("Study", "Version", "State", "Cases", "Arms", "Made (UTC)"), [
        (one.protocol.name, str(one.protocol.version), one.state, str(len(one.protocol.cases)),
         ", ".join(one.protocol.arms), time_words(one.created)) for one in studies[:MOST_LISTED]]))
    if len(studies) > MOST_LISTED:
        note(f"{len(studies) - MOST_LISTED:,} older ones are in the list below.")
    study = chosen_study(studies)
    assert study is not None  # there are some
    with st.container(border=True):
        _links(study)
    with st.container(border=True):
        st.fragment(_counts, run_every=EVERY)(study)
        _withdraw(study)
    with st.container(border=True):
        simulate_part(study)


def _links(study: Study) -> None:
    state, copy = study.state, study.protocol.name.endswith(COPY)
    st.markdown(f"#### {as_markdown(study_title(study))}: {state}")
    if state == "running":
        st.markdown("Send this link to your participants:")
        st.code(link_to(study.id), language=None, wrap_lines=True)
        if names := study.protocol.external_ids:
            note(f"Have your panel add {as_markdown(', '.join(names))} to it; the study stores what it adds.")
    elif copy:
        note("A copy for simulated participants: it is not started, and nobody is invited.")
    elif state == "not started":
        note("It was stored to be tried out. Start it here or under Build; it cannot be changed any more.")
    with st.container(horizontal=True, vertical_alignment="center", gap="small"):
        if state == "not started" and not copy:
            st.button("Start it", key=f"{_KEY}:start", type="primary", icon=":material/play_arrow:", on_click=_try,
                      args=(partial(_start, study),))
        st.link_button("Try it in a new tab", link_to(study.id, dry=True), icon=":material/science:",
                       help="What you do there is marked as a trial and never counts.")
        st.button("Make the next version", key=f"{_KEY}:next", icon=":material/edit:", on_click=_try,
                  args=(partial(_next, study),))
        if state == "running":
            with st.popover("Close it", icon=":material/lock:", key=f"{_KEY}:close"):
                st.markdown("Then nobody new can begin; people who have begun can go on. It cannot be opened again.")
                st.button("Close it for new participants", key=f"{_KEY}:close-now", type="primary", on_click=_try,
                          args=(partial(_close, study),))
    show_result(_KEY)


def _counts(study: Study) -> None:
    """The progress of the study, read again every few seconds."""
    with errors_shown():
        courses = study_store().courses(study.id, ("person", "dry_run", "simulated"))
        people = [course for course in courses if course.participant.kind == "person"]
        found = progress_of(study.protocol, people)
        others = Counter(course.participant.kind for course in courses)
        st.markdown(f"**{counted(found.enrolled, 'person', 'people')}**, {found.consented} agreed to take part, "
                    f"{found.finished} finished. :small[Not counted: {counted(others['dry_run'], 'trial')}, "
                    f"{counted(others['simulated'], 'simulated participant')}.]")
        if people:
            st.html(table_html("Counts by arm", (
                "Arm", "People in it", "Finished it", "Cases ended", "Timed out"), [
                (arm.arm, str(arm.participants), str(arm.finished), f"{arm.cases_ended} of {arm.cases}",
                 str(arm.timed_out)) for arm in found.arms]))
            stages = Counter(step_of(course).stage for course in people)
            note(" · ".join(f"{count} {_STAGES[stage]}" for stage, count in stages.items()))
        if courses:
            _participants(courses)


def _participants(courses: Sequence[Course]) -> None:
    rows = []
    for course in courses:
        step = step_of(course)
        last = time_words(course.events[-1].time) if course.events else "nothing yet"
        rows.append((course.participant.code, _KINDS[course.participant.kind], _STAGES[step.stage],
                     f"{step.finished} of {step.total}", len(course.events), last))
    columns = list(zip(*rows, strict=True))
    st.dataframe(dict(zip(("code", "who", "step", "cases ended", "events", "last event (UTC)"), columns, strict=True)),
                 hide_index=True, height=38 + 35 * min(len(rows), 8), alt="Participants by code")


def _withdraw(study: Study) -> None:
    """Delete all data of one participant, after a confirmation."""
    with st.popover("Withdraw a participant", icon=":material/person_remove:", key=f"{_KEY}:withdraw"):
        code = st.text_input("Code", key=f"{_KEY}:code", max_chars=40, placeholder="K7QX-M2RD-9AHT")
        sure = st.checkbox("Delete everything that belongs to this code for good", key=f"{_KEY}:sure")
        st.button("Withdraw", key=f"{_KEY}:withdraw-now", type="primary", disabled=not (code and sure), on_click=_try,
                  args=(partial(_withdrawn, study),))


def _withdrawn(study: Study) -> str:
    store, code = study_store(), st.session_state[f"{_KEY}:code"]
    course = store.course(code)
    if course.participant.study != study.id:
        raise InputError("The code belongs to a participant of another study. Choose that study first.")
    events = store.withdraw(code)
    st.session_state[f"{_KEY}:code"], st.session_state[f"{_KEY}:sure"] = "", False
    return f"{course.participant.code} is withdrawn: {counted(events, 'event')} deleted, and that is logged."


def _start(study: Study) -> str:
    start(study)
    return "The study has started."


def _close(study: Study) -> str:
    study_store().note(study.id, "closed")
    return "The study takes no new participants any more."


def _next(study: Study) -> str:
    DRAFT.set(draft_of(study.protocol, load_explainer(), f"{study_title(study)}"))
    STATE.change(section="build", study=study.id)
    return ""


def _build() -> None:
    STATE.change(section="build")


def _try(action: partial[str]) -> None:
    attempt(_KEY, action, "The database cannot be used")
