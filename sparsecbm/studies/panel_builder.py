"""The builder: a study from its name to its start, in five parts on one page."""

from dataclasses import dataclass, replace
from typing import get_args

import streamlit as st

from sparsecbm.errors import InputError
from sparsecbm.service import Explainer
from sparsecbm.studies.panel_builder_cases import cases_part
from sparsecbm.studies.panel_builder_draft import DRAFT, OFFERED, Form, arms_of
from sparsecbm.studies.panel_builder_power import power_part
from sparsecbm.studies.panel_builder_start import files_part, start_part
from sparsecbm.studies.protocol import ARMS, HIGHEST, LONGEST, Arm, Kind, Moment, Question
from sparsecbm.ui.action_result import attempt, show_result
from sparsecbm.ui.safe_text import as_markdown, shortened
from sparsecbm.ui.session import chosen, seed_widget
from sparsecbm.ui.shell import note

MOMENTS: dict[Moment, str] = {
    "start": "at the start", "before": "for each case, before the prediction is seen",
    "after": "for each case, after it is seen", "end": "at the end"}
KINDS: dict[Kind, str] = {
    "confidence": f"confidence, 0 to {HIGHEST}", "agreement": f"agreement, 0 to {HIGHEST}", "text": "a text"}
#: The most questions of a study.
MOST = 20
_KEY = "studies:questions"


@dataclass(frozen=True)
class NewQuestion:
    """A question that is being written."""

    text: str = ""
    kind: Kind = "text"
    moment: Moment = "end"
    required: bool = False


NEW_QUESTION = Form(_KEY, NewQuestion)


def questions_part() -> None:
    """The usual questions, those that were added, and the form for a new one."""
    st.markdown("### 4. Questions", help="Confidence is rated before and after the prediction is seen, so that the "
                                          "results show whether people are as confident as they are right.")
    titles = ("Confidence before", "Confidence after", "Agreement with the model", "Remarks at the end")
    with st.container(horizontal=True, gap="medium"):
        for question, title in zip(OFFERED, titles, strict=True):
            key, there = f"{_KEY}:{question.id}", question in DRAFT.now.questions
            st.checkbox(title, seed_widget(key, there), key=key, on_change=_toggle, args=(question, key),
                        help=f"{question.text} Asked {MOMENTS[question.moment]}; {KINDS[question.kind]}.")
    for question in DRAFT.now.questions:
        if question not in OFFERED:
            with st.container(horizontal=True, vertical_alignment="center", gap="small"):
                st.markdown(f"{as_markdown(shortened(question.text))} :small[({KINDS[question.kind]}, "
                            f"{MOMENTS[question.moment]}, {'required' if question.required else 'optional'})]",
                            width="content")
                st.button("Remove", key=f"{_KEY}:remove:{question.id}", icon=":material/close:", type="tertiary",
                          on_click=_remove, args=(question,), help=f"Do not ask {as_markdown(question.id)}")
    with st.expander("Add a question of your own", key=f"{_KEY}:more"):
        st.text_input("Question", **NEW_QUESTION.widget("text"), max_chars=LONGEST["question"],
                      placeholder="How often do you read such texts?")
        with st.container(horizontal=True, vertical_alignment="bottom", gap="small"):
            st.selectbox("Answer", **NEW_QUESTION.choice("kind", list(KINDS)), format_func=KINDS.__getitem__, width=190)
            st.selectbox("Asked", **NEW_QUESTION.choice("moment", list(MOMENTS)), width=330,
                         format_func=MOMENTS.__getitem__)
            st.checkbox("Required", **NEW_QUESTION.widget("required"))
            st.button("Add it", key=f"{_KEY}:add", icon=":material/add:", on_click=attempt,
                      args=(_KEY, _add, "The question cannot be added"))
        show_result(_KEY)
    if not any(question in DRAFT.now.questions for question in OFFERED[:2]):
        note("Without confidence ratings, the results cannot show calibration.")


def _toggle(question: Question, key: str) -> None:
    if chosen(key):
        wanted = {*DRAFT.now.questions, question} if st.session_state[key] else {*DRAFT.now.questions} - {question}
        DRAFT.change(questions=(*(one for one in OFFERED if one in wanted),
                                *(one for one in DRAFT.now.questions if one not in OFFERED)))


def _add() -> str:
    new, questions = NEW_QUESTION.now, DRAFT.now.questions
    if not new.text.strip():
        raise InputError("The question has no text. Write it, then add it.")
    if len(questions) >= MOST:
        raise InputError(f"The study has {MOST} questions, the most allowed. Remove one first.")
    used = {question.id for question in questions}
    name = next(name for number in range(1, MOST + 1) if (name := f"own_{number}") not in used)
    DRAFT.change(questions=(*questions, Question(name, new.text.strip(), new.kind, new.moment, new.required)))
    NEW_QUESTION.set(replace(new, text=""))
    return "The question is added."


def _remove(question: Question) -> None:
    DRAFT.change(questions=tuple(one for one in DRAFT.now.questions if one != question))


ARMS_HELP = (
    "An arm is what participants see and can do besides the prediction; each offers everything that the arms above it "
    "offer. The others are compared with the first one."
)
DESIGN_HELP = (
    "Within: every participant goes through all arms in a balanced order, with an equal share of the cases in each; "
    "this needs fewer people. Between: every participant has one arm and sees all cases; nothing carries over from one "
    "arm to another."
)
EXTERNAL_HELP = (
    "The names of what a panel adds to the link, such as PROLIFIC_PID, with commas between. Their values are stored "
    "with the participant and exported; the consent says so, with the value. Anything else in a link is not stored."
)
#: Characters of all these names.
MOST_EXTERNAL = 400
WITHIN, BETWEEN = "every participant has all arms", "every participant has one arm"
#: The longest time limit for a case, in seconds.
LONGEST_CASE = 3600
_BUILDER_KEY = "studies:build"


def builder_panel(explainer: Explainer) -> None:
    """All parts of the draft."""
    files_part(explainer)
    with st.container(border=True):
        st.markdown("### 1. Name and consent")
        st.text_input("Name of the study", **DRAFT.widget("name"), max_chars=LONGEST["name"], width=430,
                      placeholder="Do concepts help?", help="Shown in the list of studies and to participants.")
        st.text_area("Consent: what a participant reads and agrees to first", **DRAFT.widget("consent"), height=230,
                     max_chars=LONGEST["consent"])
        key = f"{_BUILDER_KEY}:external"
        st.text_input("Stored from a participant's link", seed_widget(key, ", ".join(DRAFT.now.external_ids)), key=key,
                      on_change=_external_named, args=(key,), width=430, placeholder="PROLIFIC_PID",
                      max_chars=MOST_EXTERNAL, help=EXTERNAL_HELP)
    with st.container(border=True):
        cases_part(explainer)
    with st.container(border=True):
        _design(explainer)
    with st.container(border=True):
        questions_part()
    with st.container(border=True):
        start_part(explainer)
    with st.container(border=True):
        power_part(explainer)


def _design(explainer: Explainer) -> None:
    st.markdown("### 3. Arms", help=ARMS_HELP)
    possible = arms_of(explainer)
    for arm, what in ARMS.items():
        key = f"{_BUILDER_KEY}:arm:{arm}"
        offered = what.replace("and ", "the same, and ", 1)
        there = arm in DRAFT.now.arms
        st.checkbox(f"**{arm}** – {offered}", seed_widget(key, there), key=key, on_change=_toggle_arm, args=(arm, key),
                    disabled=arm not in possible and not there)
    if len(possible) < len(ARMS):
        note("The loaded model cannot offer the other arms.")
    key = f"{_BUILDER_KEY}:between-arms"
    with st.container(horizontal=True, vertical_alignment="bottom", gap="medium"):
        st.segmented_control("Design", (WITHIN, BETWEEN), key=key, required=True, on_change=_design_chosen, args=(key,),
                             default=seed_widget(key, BETWEEN if DRAFT.now.between else WITHIN), help=DESIGN_HELP)
        st.number_input("Seconds for a case", 5, LONGEST_CASE, **DRAFT.widget("time_limit_s"), width=170,
                        placeholder="no limit", help="Then the case ends without an answer.")
        st.number_input("Seed of the study", 0, 2**31, **DRAFT.widget("seed"), width=150,
                        help="With the participant's number, it decides arms and orders.")
    st.checkbox("Participants answer before they see the prediction, and again after", **DRAFT.widget("answer_first"),
                help="Needed to measure what the help changed.")
    if not DRAFT.now.answer_first:
        note("The results will then not show accuracy without help.")


def _external_named(key: str) -> None:
    if chosen(key):
        DRAFT.change(external_ids=tuple(dict.fromkeys(st.session_state[key].replace(",", " ").split())))


def _toggle_arm(arm: Arm, key: str) -> None:
    if chosen(key):
        wanted = {*DRAFT.now.arms, arm} if st.session_state[key] else {*DRAFT.now.arms} - {arm}
        DRAFT.change(arms=tuple(one for one in get_args(Arm) if one in wanted))


def _design_chosen(key: str) -> None:
    if chosen(key):
        DRAFT.change(between=st.session_state[key] == BETWEEN)
