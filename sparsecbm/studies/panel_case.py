"""One case: announced, answered by the participant alone, and answered again with the help of the arm."""

from collections.abc import Mapping
from concurrent.futures import wait
from functools import partial

import numpy as np
import streamlit as st

from sparsecbm.concepts.contributions import format_setting
from sparsecbm.concepts.panel_concepts import Panel, Row, Side, Steps, concept_view
from sparsecbm.concepts.panel_concepts import Press as ConceptPress
from sparsecbm.errors import InputError, unknown_name
from sparsecbm.figures.text import label_name
from sparsecbm.schema import ConceptSchema
from sparsecbm.service import Explainer
from sparsecbm.studies.compute_preparation import PREPARATION, Prepared
from sparsecbm.studies.compute_service import new_key
from sparsecbm.studies.design import Trial
from sparsecbm.studies.log import Action, Course, Entry, Shown, now
from sparsecbm.studies.panel_arms import model_panel, shares_of, text_panel
from sparsecbm.studies.panel_participant_clock import countdown, press_of, press_times
from sparsecbm.studies.panel_participant_form import Revising, act_button, answered, attempt_step, record
from sparsecbm.studies.protocol import Arm, Case, offers
from sparsecbm.studies.run import Step, events_of
from sparsecbm.ui.safe_text import as_markdown
from sparsecbm.ui.session import run_again
from sparsecbm.ui.shell import note
from sparsecbm.ui.tasks import PATIENCE, POLL_EVERY


def concept_rows(
    explainer: Explainer, step: Step, screen: str, first: Shown, last: Shown, settable: bool
) -> None:
    """What the model predicts of each concept; where it is `settable`, with the model's answer and controls."""
    schema, edits, effects = explainer.schema, step.edits, explainer.effects()

    def row(concept: str) -> Row:
        if not settable:
            return Row("")
        if concept in edits.unsure:
            return Row("not sure", "unsure")
        return Row("set by you", "set") if concept in edits.overrides else Row("as predicted")

    def side(shown: Shown, title: str) -> Side:
        concepts = np.array([shares_of(schema, shown, concept) for concept in schema.concepts])
        labels = np.array([shown["probabilities"][label] for label in schema.labels])
        return Side(title if settable else "", "", labels, concepts, np.einsum("kv,kvy->ky", concepts, effects))

    count = edits.undoable
    said = f"{count} change{'s' if count > 1 else ''} can be undone." if count else "Nothing changed yet."
    with st.container(border=True):
        concept_view("study:concepts", Panel(
            schema, screen, side(first, "The model answers"), side(last, "With your changes"),
            {concept: row(concept) for concept in schema.concepts}, ("set", "mix", "unsure") if settable else (),
            edited=bool(count), effects=effects, history=Steps(bool(count), None, said) if settable else None),
            partial(_pressed, schema, step))


def _pressed(schema: ConceptSchema, step: Step, press: ConceptPress) -> None:
    """Write what a press in the concept panel means, with its time."""
    concept, shares = (*press.details, None, None)[:2]
    actions: Mapping[str, Action] = {"set": "set", "unsure": "unsure", "reset": "reset", "undo": "undo"}
    if press.what not in actions:
        raise InputError(unknown_name("press", press.what, tuple(actions)))
    to = None if shares is None else format_setting(shares, schema)
    when = press_of(press.clock)
    entry = Entry(actions[press.what], step.sequence + press.since, when.key, concept, to,
                  elapsed_ms=when.elapsed_ms, client_time=when.client_time)
    attempt_step(lambda: record(entry))


def revision_row(schema: ConceptSchema, step: Step, position: int) -> None:
    """Choose a concept and what the model should read of it; its weights are changed until it does."""
    with st.container(border=True):
        st.markdown("**Revise the part of the model that reads a concept**")
        with st.container(horizontal=True, vertical_alignment="bottom"):
            names = f"study:{position}:revised", f"study:{position}:value"
            concept = st.selectbox("Concept", schema.concepts, key=names[0], width=150)
            st.selectbox("Read it as", schema.values_of(concept), key=names[1], width=150)
            act_button("Revise", step, "revise", fields=Revising(concept=names[0], value=names[1]))
        made = [f"{entry.concept} to {entry.to}" for entry in step.edits.revisions]
        note("Revised: " + ", ".join(as_markdown(one) for one in made) + "." if made
             else "Nothing is revised yet. A revision takes a few seconds and changes nothing for anybody else.")


#: The sentence on what each arm adds to those before it.
_OFFERED: dict[Arm, str] = {
    "prediction": "You see a model's answer, and how sure it is of each possible answer.",
    "words": "You see which words of the text speak for that answer and which speak against it.",
    "concepts": "You see how the model reads each of these: {concepts}.",
    "overrides": "You can correct a reading, or mark it as not sure, and undo that; the answer changes at once.",
    "subnetworks": "You can revise the part of the model that reads a concept, so that it reads this text as you do.",
}


def opening(explainer: Explainer, course: Course, step: Step) -> None:
    """What comes next, before its time begins."""
    trial, protocol = _trial(step), course.protocol
    _progress(step, trial)
    names = ", ".join(as_markdown(name) for name in protocol.schema.concepts)
    lines = [said.format(concepts=names) for arm, said in _OFFERED.items() if offers(trial.arm, arm)]
    if protocol.answer_first:
        lines.insert(0, "First you read a text and answer by yourself. Then you see more, and answer again.")
    lines.append("The model can be wrong. Your own answer is what counts.")
    if trial.practice:
        lines.insert(0, "**This case is for practice:** it does not count.")
    st.markdown("\n".join(f"- {line}" for line in lines))
    if protocol.time_limit_s is not None:
        st.markdown(f":material/timer: You have **{protocol.time_limit_s} seconds** from when you open the case. Then "
                    "it is closed without what you have not sent, and the next one comes.")
    words = PREPARATION.of(explainer, _case(course, trial).text) if offers(trial.arm, "words") else None
    if words is not None:
        wait([words.explanation], PATIENCE)
    if words is not None and not words.explanation.done():
        st.fragment(_preparing, run_every=POLL_EVERY)(words)
        return
    with st.form("study:ready", border=False):
        press_times(f"ready {trial.position}", None, f"ready {trial.position}")
        act_button("Open the case", step, "open", main=True)


def _preparing(words: Prepared) -> None:
    st.progress(words.share, "This case is being prepared. You can open it in a moment.", width=480)
    if words.explanation.done():
        run_again()


def answering(course: Course, step: Step) -> None:
    """The text alone, and the participant's own answer."""
    trial, protocol = _trial(step), course.protocol
    _progress(step, trial)
    _time_left(course, step)
    text_panel(_case(course, trial).text)
    with st.form("study:first"):
        press_times(_screen(course, trial), _open_for(course, trial), f"first {trial.position}")
        fields = answered(f"What is your answer? ({protocol.schema.label_title})", protocol.schema,
                          protocol.asked("before"), f"{trial.position}:first")
        act_button("Send my answer", step, "first", fields=fields, main=True)


def reading(explainer: Explainer, course: Course, step: Step) -> None:
    """What the arm shows and offers, and the final answer."""
    trial, protocol = _trial(step), course.protocol
    schema, own = protocol.schema, events_of(course, trial.position)
    text, first = _case(course, trial).text, next((event for event in own if event.entry.action == "first"), None)
    _progress(step, trial)
    _time_left(course, step)
    explanation = None
    if offers(trial.arm, "words"):
        with st.spinner("Scoring the words…"):  # only after the server was started again in the middle of a case
            explanation = PREPARATION.of(explainer, text).explanation.result()
    shown = [event.after for event in own if event.after is not None]
    left, right = st.columns([1, 1.35], gap="medium")
    with right:
        if not offers(trial.arm, "overrides"):
            model_panel(schema, shown[0])
        if offers(trial.arm, "concepts"):
            screen, settable = _screen(course, trial), offers(trial.arm, "overrides")
            concept_rows(explainer, step, screen, shown[0], shown[-1], settable)
    with left:
        text_panel(_case(course, trial).text, explanation)
        with st.container(key="study-final"), st.form("study:help", border=False, enter_to_submit=False):
            press_times(_screen(course, trial), _open_for(course, trial), f"final {trial.position}")
            if offers(trial.arm, "subnetworks"):
                revision_row(schema, step, trial.position)
            if first is not None:
                note(f"Before you saw the model's answer, yours was **"
                     f"{as_markdown(label_name(first.entry.to or '', schema))}**.")
            fields = answered(f"What is your answer now? ({schema.label_title})", schema,
                              protocol.asked("after"), f"{trial.position}:final")
            act_button("Send my final answer", step, "final", fields=fields, main=True)


def _trial(step: Step) -> Trial:
    if step.trial is None:
        raise AssertionError(f"The stage {step.stage!r} has no case.")
    return step.trial


def _case(course: Course, trial: Trial) -> Case:
    return course.protocol.case_of[trial.case]


def _screen(course: Course, trial: Trial) -> str:
    """A name of the case that no other participant's case has in the same browser."""
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
    countdown(_screen(course, _trial(step)), max(0, left), limit, lambda: attempt_step(lambda: record(entry)))
