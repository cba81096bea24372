"""One case: announced, answered by the participant alone, and answered again with the help of the arm."""

from concurrent.futures import Future, wait

import streamlit as st

from sparsecbm.explainer import Explainer
from sparsecbm.figures.names import label_name
from sparsecbm.studies.design import Trial
from sparsecbm.studies.desk import new_key
from sparsecbm.studies.log import Course, Entry, now
from sparsecbm.studies.protocol import Arm, Case, offers
from sparsecbm.studies.run import Step, events_of
from sparsecbm.types import Explanation
from sparsecbm.ui.job import LOOK_AGAIN, PATIENCE
from sparsecbm.ui.markdown import as_markdown
from sparsecbm.ui.session import run_again
from sparsecbm.ui.shell import note
from sparsecbm.ui.studies.arms import model_panel, text_panel
from sparsecbm.ui.studies.arms_ahead import AHEAD
from sparsecbm.ui.studies.arms_set import concept_rows, revision_row
from sparsecbm.ui.studies.participant_act import act_button, attempt, record
from sparsecbm.ui.studies.participant_clock import click_times, countdown
from sparsecbm.ui.studies.step_questions import answered

#: What a participant is told of an arm, each with all before it.
_OFFERED: dict[Arm, str] = {
    "prediction": "You see what a model answers, and how sure it is of each answer.",
    "words": "In the text you see which words speak for that answer and which against it.",
    "concepts": "You see what the model reads of each concept: {concepts}.",
    "overrides": "You can correct what it reads, or mark it as not sure, and undo that; the answer follows at once.",
    "subnetworks": "You can revise the part of the model that reads a concept, so that it reads this text as you say.",
}


def opening(explainer: Explainer, course: Course, step: Step) -> None:
    """What comes next, before its time begins."""
    trial, protocol = _trial(step), course.protocol
    _progress(step, trial)
    names = ", ".join(as_markdown(name) for name in protocol.schema.concepts)
    lines = [said.format(concepts=names) for arm, said in _OFFERED.items() if offers(trial.arm, arm)]
    if protocol.answer_first:
        lines.insert(0, "You read a text and answer by yourself first. Then you are shown more, and answer again.")
    lines.append("The model can be wrong. It is your answer that counts.")
    if trial.practice:
        lines.insert(0, "**This case is for practice:** it does not count.")
    st.markdown("\n".join(f"- {line}" for line in lines))
    if protocol.time_limit_s is not None:
        st.markdown(f":material/timer: You have **{protocol.time_limit_s} seconds** from when you open it. When they "
                    "are over, the case is closed without what was not sent, and the next one comes.")
    words = AHEAD.explained(explainer, _case(course, trial).text) if offers(trial.arm, "words") else None
    if words is not None:
        wait([words], PATIENCE)
    if words is not None and not words.done():
        st.fragment(_preparing, run_every=LOOK_AGAIN)(words)
        return
    with st.form("study:ready", border=False):
        click_times(f"ready {trial.position}", None)
        act_button("Open the case", step, "open", main=True)


def _preparing(words: Future[Explanation | None]) -> None:
    st.markdown(":material/hourglass_top: This case is being prepared; you can open it in a moment.")
    if words.done():
        run_again()


def answering(course: Course, step: Step) -> None:
    """The text alone, and the participant's own answer."""
    trial, protocol = _trial(step), course.protocol
    _progress(step, trial)
    _time_left(course, step)
    text_panel(_case(course, trial).text)
    with st.form("study:first"):
        click_times(_screen(course, trial), _open_for(course, trial))
        fields = answered(f"What is your answer? ({protocol.schema.label_title})", protocol.schema,
                          protocol.asked("before"), f"{trial.position}:first")
        act_button("Send my answer", step, "first", fields=fields, main=True)


def reading(explainer: Explainer, course: Course, step: Step) -> None:
    """What the arm shows and lets do, and the last answer."""
    trial, protocol = _trial(step), course.protocol
    schema, own = protocol.schema, events_of(course, trial.position)
    text, first = _case(course, trial).text, next((event for event in own if event.entry.action == "first"), None)
    _progress(step, trial)
    _time_left(course, step)
    explanation = None
    if offers(trial.arm, "words"):
        with st.spinner("The words are being worked out…"):  # only after a start of the server in the midst of a case
            explanation = AHEAD.explained(explainer, text).result()
    shown = [event.after for event in own if event.after is not None]
    with st.form("study:help", border=False, enter_to_submit=False):
        click_times(_screen(course, trial), _open_for(course, trial))
        left, right = st.columns([1, 1.25], gap="medium")
        with right:
            model_panel(schema, shown[0], shown[-1], bool(step.edits.undoable))
            if offers(trial.arm, "concepts"):
                concept_rows(schema, step, shown[0], shown[-1], offers(trial.arm, "overrides"))
            if offers(trial.arm, "subnetworks"):
                revision_row(schema, step, trial.position)
        with left:
            text_panel(_case(course, trial).text, explanation)
            if first is not None:
                note(f"Before you saw the model's answer, yours was **"
                     f"{as_markdown(label_name(first.entry.to or '', schema))}**.")
            fields = answered(f"What is your answer now? ({schema.label_title})", schema,
                              protocol.asked("after"), f"{trial.position}:final")
            act_button("Send my last answer", step, "final", fields=fields, main=True)


def _trial(step: Step) -> Trial:
    if step.trial is None:
        raise AssertionError(f"The stage {step.stage!r} has no case.")
    return step.trial


def _case(course: Course, trial: Trial) -> Case:
    return course.protocol.case_of[trial.case]


def _screen(course: Course, trial: Trial) -> str:
    """Tells the cases of all participants apart in one browser."""
    return f"{course.participant.code} {trial.position}"


def _open_for(course: Course, trial: Trial) -> int:
    """How long the case has been open, in milliseconds, by this server's clock."""
    return round(1000 * (now() - events_of(course, trial.position)[0].time).total_seconds())


def _progress(step: Step, trial: Trial) -> None:
    practice = " (for practice)" if trial.practice else ""
    st.progress(step.finished / step.total, f"Case {step.finished + 1} of {step.total}{practice}")


def _time_left(course: Course, step: Step) -> None:
    limit = course.protocol.time_limit_s
    if step.deadline is None or limit is None:
        return
    left = round(1000 * (step.deadline - now()).total_seconds())
    entry = Entry("timeout", step.sequence, new_key(), elapsed_ms=1000 * limit)
    countdown(_screen(course, _trial(step)), max(0, left), limit, lambda: attempt(lambda: record(entry)))
