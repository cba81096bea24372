"""One case: announced, answered by the participant alone, and answered again with the help of the arm."""

from concurrent.futures import Future, wait

import streamlit as st

from sparsecbm.figures.text import as_html, label_name
from sparsecbm.schema import ConceptSchema
from sparsecbm.service import Explainer
from sparsecbm.studies.compute_service import new_key
from sparsecbm.studies.design import Trial
from sparsecbm.studies.log import Action, Course, Entry, Shown, now
from sparsecbm.studies.panel_arms import AHEAD, model_panel, shares_of, text_panel
from sparsecbm.studies.panel_participant_act import Revising, act_button, attempt, record
from sparsecbm.studies.panel_participant_clock import click_times, countdown
from sparsecbm.studies.panel_questions import answered
from sparsecbm.studies.protocol import Arm, Case, offers
from sparsecbm.studies.run import Step, events_of
from sparsecbm.types import Explanation
from sparsecbm.ui.bars import distribution_html
from sparsecbm.ui.session import run_again
from sparsecbm.ui.shell import note
from sparsecbm.ui.tasks import LOOK_AGAIN, PATIENCE
from sparsecbm.ui.text import as_markdown

_WIDTHS = (1, 1.1)


def concept_rows(schema: ConceptSchema, step: Step, first: Shown, last: Shown, settable: bool) -> None:
    """What the model reads of each concept; where it is `settable`, with buttons that correct it."""
    with st.container(border=True):
        st.markdown("**What the model reads**" + (", and what you can correct" if settable else ""))
        for concept in schema.concepts:
            if settable:
                _settable(schema, step, concept, first, last)
            else:
                _reading(schema, concept, first, last, "")
        if settable:
            _undo(step)


def revision_row(schema: ConceptSchema, step: Step, position: int) -> None:
    """Choose a concept and what the model should read of it; its weights are changed until it does."""
    with st.container(border=True):
        st.markdown("**Revise the part of the model that reads a concept**")
        with st.container(horizontal=True, vertical_alignment="bottom"):
            names = f"study:{position}:revised", f"study:{position}:value"
            st.selectbox("Concept", schema.concepts, key=names[0], width=150)
            st.selectbox("Should be read as", schema.values, key=names[1], width=150)
            act_button("Revise", step, "revise", fields=Revising(concept=names[0], value=names[1]))
        made = [f"{entry.concept} to {entry.to}" for entry in step.edits.revisions]
        note("Revised: " + ", ".join(as_html(one) for one in made) + "." if made
             else "Nothing revised yet. This takes a few seconds, and changes nothing for anybody else.")


def _settable(schema: ConceptSchema, step: Step, concept: str, first: Shown, last: Shown) -> None:
    edits = step.edits
    given, unsure = edits.overrides.get(concept), concept in edits.unsure
    whose = "not sure" if unsure else "as read" if given is None else "set by you"
    reading, buttons = st.columns(_WIDTHS, vertical_alignment="center")
    with reading:
        _reading(schema, concept, first, last, whose)
    with buttons, st.container(horizontal=True, gap="xsmall"):
        for value in schema.values:
            _choice(value, given == value, step, "set", concept, value)
        _choice("Not sure", unsure, step, "unsure", concept)
        act_button("As read", step, "reset", concept=concept, disabled=given is None and not unsure)


def _choice(label: str, chosen: bool, step: Step, action: Action, concept: str, to: str | None = None) -> None:
    mark = ":material/check:" if chosen else None
    act_button(label, step, action, concept=concept, to=to, disabled=chosen, icon=mark)


def _undo(step: Step) -> None:
    with st.container(horizontal=True, vertical_alignment="center"):
        act_button("Undo", step, "undo", disabled=not step.edits.undoable, icon=":material/undo:")
        count = step.edits.undoable
        note("Nothing changed yet." if not count else f"{count} change{'s' if count > 1 else ''} can be undone.")


def _reading(schema: ConceptSchema, concept: str, first: Shown, last: Shown, whose: str) -> None:
    state = f' <span style="font-size:.8rem;opacity:.8">{as_html(whose)}</span>' if whose else ""
    about = as_html(schema.concept_help[schema.concept_index(concept)])
    st.html(f'<div title="{about}" style="margin-bottom:.2rem"><b>{as_html(concept)}</b>{state}</div>'
            + distribution_html(schema.values, shares_of(schema, first, concept), shares_of(schema, last, concept)))


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
