"""The questions of a study: some that are offered, and one's own."""

from dataclasses import dataclass, replace

import streamlit as st

from sparsecbm.errors import InputError
from sparsecbm.studies.protocol import HIGHEST, LONGEST, Kind, Moment, Question
from sparsecbm.ui.markdown import as_markdown, shortened
from sparsecbm.ui.session import chosen, seed_widget
from sparsecbm.ui.shell import note
from sparsecbm.ui.studies.builder_draft import DRAFT, OFFERED
from sparsecbm.ui.studies.form import Form
from sparsecbm.ui.tried import outcome_of, tried

MOMENTS: dict[Moment, str] = {
    "start": "at the start", "before": "for each case, before the prediction is seen",
    "after": "for each case, after it is seen", "end": "at the end"}
KINDS: dict[Kind, str] = {
    "confidence": f"confidence, 0 to {HIGHEST}", "agreement": f"agreement, 0 to {HIGHEST}", "text": "a text"}
#: The most questions of a study.
MOST = 20
_KEY = "studies:questions"


@dataclass(frozen=True)
class Asked:
    """A question that is being written."""

    text: str = ""
    kind: Kind = "text"
    moment: Moment = "end"
    required: bool = False


ASKED = Form(_KEY, Asked)


def questions_part() -> None:
    """The questions that are offered, those that were added, and the form for another one."""
    st.markdown("#### 4. Questions", help="Confidence is rated before and after the prediction is seen, so that the "
                                          "results can tell whether people are as sure as they are right.")
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
        st.text_input("Question", **ASKED.widget("text"), max_chars=LONGEST["question"],
                      placeholder="How often do you read reviews of restaurants?")
        with st.container(horizontal=True, vertical_alignment="bottom", gap="small"):
            st.selectbox("Answer", **ASKED.choice("kind", list(KINDS)), format_func=KINDS.__getitem__, width=190)
            st.selectbox("Asked", **ASKED.choice("moment", list(MOMENTS)), format_func=MOMENTS.__getitem__, width=330)
            st.checkbox("Required", **ASKED.widget("required"))
            st.button("Add it", key=f"{_KEY}:add", icon=":material/add:", on_click=tried,
                      args=(_KEY, _add, "The question cannot be kept"))
        outcome_of(_KEY)
    if not any(question in DRAFT.now.questions for question in OFFERED[:2]):
        note("Without confidence, the results say nothing about calibration.")


def _toggle(question: Question, key: str) -> None:
    if chosen(key):
        wanted = {*DRAFT.now.questions, question} if st.session_state[key] else {*DRAFT.now.questions} - {question}
        DRAFT.change(questions=(*(one for one in OFFERED if one in wanted),
                                *(one for one in DRAFT.now.questions if one not in OFFERED)))


def _add() -> str:
    said, questions = ASKED.now, DRAFT.now.questions
    if not said.text.strip():
        raise InputError("The question has no text; allowed: any text. Write it, then add it.")
    if len(questions) >= MOST:
        raise InputError(f"{MOST} questions are asked already; allowed: so many. Remove one first.")
    used = {question.id for question in questions}
    name = next(name for number in range(1, MOST + 1) if (name := f"own_{number}") not in used)
    DRAFT.change(questions=(*questions, Question(name, said.text.strip(), said.kind, said.moment, said.required)))
    ASKED.set(replace(said, text=""))
    return "The question is added."


def _remove(question: Question) -> None:
    DRAFT.change(questions=tuple(one for one in DRAFT.now.questions if one != question))
