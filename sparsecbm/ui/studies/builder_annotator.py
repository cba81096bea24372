"""What a simulated participant is assumed to do, as a form."""

from dataclasses import dataclass

import streamlit as st

from sparsecbm.intervene.policies import DEFAULT_POLICY, POLICIES
from sparsecbm.studies.simulate import Annotator
from sparsecbm.ui.studies.form import Form

#: The most simulated participants, and the most repeats of a study.
MOST_PARTICIPANTS, MOST_REPEATS = 500, 500


@dataclass(frozen=True)
class Assumed:
    """Percent and numbers of simulated annotators, how many take part, how often, and the seed."""

    skill: int = 70
    trust: int = 60
    error_rate: int = 10
    lapse_rate: int = 2
    most: int = 2
    policy: str = DEFAULT_POLICY
    participants: int = 20
    repeats: int = 20
    seed: int = 0

    @property
    def annotator(self) -> Annotator:
        """The annotator of these assumptions."""
        return Annotator(self.skill / 100, self.trust / 100, self.policy, self.most, self.error_rate / 100,
                         self.lapse_rate / 100)


def assumptions(form: Form[Assumed], concepts: int, repeated: bool) -> None:
    """The form; with `repeated` the number of studies is asked for, too."""
    with st.container(horizontal=True, vertical_alignment="bottom", gap="small"):
        st.number_input("Participants", 1, MOST_PARTICIPANTS, **form.widget("participants"), width=130)
        if repeated:
            st.number_input("Studies", 1, MOST_REPEATS, **form.widget("repeats"), width=110,
                            help="How often the study is simulated. With 20, a share is known to about 20 points.")
        st.number_input("Seed", 0, 2**31, **form.widget("seed"), width=110)
    with st.expander("What they are assumed to do", key=f"{form.key('assumed')}"):
        with st.container(horizontal=True, vertical_alignment="bottom", gap="small"):
            st.number_input("Right alone, %", 0, 100, **form.widget("skill"), width=140,
                            help="How often the own answer, without help, is the true one.")
            st.number_input("Follow the model, %", 0, 100, **form.widget("trust"), width=160,
                            help="How often the model's answer, after what was set, takes the place of another one.")
            st.number_input("Set wrongly, %", 0, 100, **form.widget("error_rate"), width=140,
                            help="How often a concept is set to a wrong value.")
            st.number_input("Lapses, %", 0, 100, **form.widget("lapse_rate"), width=120,
                            help="How often the last answer is any label at all.")
        with st.container(horizontal=True, vertical_alignment="bottom", gap="small"):
            st.number_input("Concepts they look at", 0, concepts, **form.widget("most"), width=180)
            st.selectbox("In the order of", **form.choice("policy", list(POLICIES)), width=330,
                         format_func=lambda name: POLICIES[name].title)
