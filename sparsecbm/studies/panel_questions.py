"""The questions at the start and at the end of a study."""

from collections.abc import Sequence

import streamlit as st

from sparsecbm.figures.text import visible
from sparsecbm.schema import ConceptSchema
from sparsecbm.studies.log import Course
from sparsecbm.studies.panel_participant_act import Fields, act_button
from sparsecbm.studies.panel_participant_clock import click_times
from sparsecbm.studies.protocol import HIGHEST, LONGEST, Kind, Question
from sparsecbm.studies.run import Step
from sparsecbm.ui.text import as_markdown

#: What the ends of a scale mean.
_ENDS: dict[Kind, tuple[str, str]] = {
    "confidence": ("not at all", "fully"), "agreement": ("do not agree at all", "fully agree")}


def asked(questions: Sequence[Question], place: str) -> Fields:
    """Draw questions; `place` tells their widgets from those of other steps."""
    return Fields(questions=tuple((question, _ask(question, f"study:{place}:{question.id}")) for question in questions))


def answered(label: str, schema: ConceptSchema, questions: Sequence[Question], place: str) -> Fields:
    """Draw the choice of a label under `label`, and the questions after it."""
    key = f"study:{place}:answer"
    with st.container(gap="xsmall"):
        st.markdown(as_markdown(label))
        st.radio(label, schema.labels, index=None, key=key, horizontal=True, label_visibility="collapsed",
                 format_func=lambda name: as_markdown(schema.label_display[schema.label_index(name)]))
    return Fields(key, asked(questions, place).questions)


def _ask(question: Question, key: str) -> str:
    name = visible(question.text)  # for screen readers, which are told a label as it is and not as Markdown
    with st.container(gap="xsmall"):
        st.markdown(as_markdown(question.text) + ("" if question.required else " :small[(may be left out)]"))
        if question.kind == "text":
            st.text_area(name, key=key, max_chars=LONGEST["answer"], height=80, label_visibility="collapsed")
            return key
        low, high = _ENDS[question.kind]
        ends = {0: f"0 · {low}", HIGHEST: f"{HIGHEST} · {high}"}
        st.radio(name, range(HIGHEST + 1), index=None, key=key, horizontal=True, label_visibility="collapsed",
                 format_func=lambda number: ends.get(number, str(number)))
    return key


def questions(course: Course, step: Step) -> None:
    """All questions of this moment in one form."""
    start = step.stage == "start"
    st.markdown("### Before you begin" if start else "### Before you finish")
    with st.form(f"study:{step.stage}"):
        click_times(step.stage, None)
        fields = asked(course.protocol.asked("start" if start else "end"), step.stage)
        act_button("Go on" if start else "Send and finish", step, "answers", fields=fields, main=True)
