"""The builder: a study from its name to its start, in five parts on one page."""

from typing import get_args

import streamlit as st

from sparsecbm.explainer import Explainer
from sparsecbm.studies.protocol import ARMS, LONGEST, Arm
from sparsecbm.ui.session import chosen, seed_widget
from sparsecbm.ui.shell import note
from sparsecbm.ui.studies.builder_cases import cases_part
from sparsecbm.ui.studies.builder_draft import DRAFT, arms_of
from sparsecbm.ui.studies.builder_power import power_part
from sparsecbm.ui.studies.builder_questions import questions_part
from sparsecbm.ui.studies.builder_start import files_part, start_part

ARMS_HELP = (
    "An arm is what participants are offered with the prediction; each offers all that those before it do. The first "
    "one is what the others are held against."
)
DESIGN_HELP = (
    "Within: every participant goes through all arms, an equal share of the cases in each, in a balanced order; needs "
    "fewer people. Between: every participant has one arm and sees all cases; nothing carries over from arm to arm."
)
WITHIN, BETWEEN = "every participant has all arms", "every participant has one arm"
#: Seconds for a case at the most.
LONGEST_CASE = 3600
_KEY = "studies:build"


def builder_panel(explainer: Explainer) -> None:
    """Every part of the study that is being built."""
    files_part(explainer)
    with st.container(border=True):
        st.markdown("#### 1. Name and consent")
        st.text_input("Name of the study", **DRAFT.widget("name"), max_chars=LONGEST["name"], width=430,
                      placeholder="Do concepts help?", help="For you and the list of studies; participants see it.")
        st.text_area("Consent: what a participant reads and agrees to first", **DRAFT.widget("consent"), height=230,
                     max_chars=LONGEST["consent"])
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
    st.markdown("#### 3. Arms", help=ARMS_HELP)
    possible = arms_of(explainer)
    for arm, what in ARMS.items():
        key = f"{_KEY}:arm:{arm}"
        offered = what.replace("and ", "the same, and ", 1)
        there = arm in DRAFT.now.arms
        st.checkbox(f"**{arm}** – {offered}", seed_widget(key, there), key=key, on_change=_toggle, args=(arm, key),
                    disabled=arm not in possible and not there)
    if len(possible) < len(ARMS):
        note("The loaded model cannot offer the others.")
    key = f"{_KEY}:between-arms"
    with st.container(horizontal=True, vertical_alignment="bottom", gap="medium"):
        st.segmented_control("Design", (WITHIN, BETWEEN), key=key, required=True, on_change=_design_chosen, args=(key,),
                             default=seed_widget(key, BETWEEN if DRAFT.now.between else WITHIN), help=DESIGN_HELP)
        st.number_input("Seconds for a case", 5, LONGEST_CASE, **DRAFT.widget("time_limit_s"), width=170,
                        placeholder="no limit", help="When they are over, the case ends without an answer.")
        st.number_input("Seed of the study", 0, 2**31, **DRAFT.widget("seed"), width=150,
                        help="Decides arms and orders, with the participant's number.")
    st.checkbox("Participants answer before they see the prediction, and again after", **DRAFT.widget("answer_first"),
                help="Only then can the results tell what the help changed.")
    if not DRAFT.now.answer_first:
        note("The results will then say nothing about accuracy without help.")


def _toggle(arm: Arm, key: str) -> None:
    if chosen(key):
        wanted = {*DRAFT.now.arms, arm} if st.session_state[key] else {*DRAFT.now.arms} - {arm}
        DRAFT.change(arms=tuple(one for one in get_args(Arm) if one in wanted))


def _design_chosen(key: str) -> None:
    if chosen(key):
        DRAFT.change(between=st.session_state[key] == BETWEEN)
