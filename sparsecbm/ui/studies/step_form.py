"""The questions at the start and at the end of a study."""

import streamlit as st

from sparsecbm.studies.log import Course
from sparsecbm.studies.run import Step
from sparsecbm.ui.studies.participant_act import act_button
from sparsecbm.ui.studies.participant_clock import click_times
from sparsecbm.ui.studies.step_questions import asked


def questions(course: Course, step: Step) -> None:
    """All questions of this moment in one form."""
    start = step.stage == "start"
    st.markdown("### Before you begin" if start else "### Before you finish")
    with st.form(f"study:{step.stage}"):
        click_times(step.stage, None)
        fields = asked(course.protocol.asked("start" if start else "end"), step.stage)
        act_button("Go on" if start else "Send and finish", step, "answers", fields=fields, main=True)
