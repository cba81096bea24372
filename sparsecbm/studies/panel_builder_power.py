"""How likely the design finds what simulated participants do: worked out beside the page, before people are asked."""

from dataclasses import dataclass

import pandas as pd
import streamlit as st

from sparsecbm.concepts.compute_policies import DEFAULT_POLICY, POLICIES
from sparsecbm.errors import SparseCBMError
from sparsecbm.figures.dots import Dot, dots
from sparsecbm.service import Explainer
from sparsecbm.studies.compute_power import LEVEL, Power, power
from sparsecbm.studies.compute_simulate import Annotator
from sparsecbm.studies.panel_address import STATE
from sparsecbm.studies.panel_builder_draft import DRAFT, Form
from sparsecbm.studies.panel_results_numbers import SHOWN, WITHOUT, compared
from sparsecbm.studies.panel_results_tests import HELPED, outcome_title
from sparsecbm.studies.protocol import Protocol
from sparsecbm.ui.chart import chart
from sparsecbm.ui.engine import load_explainer
from sparsecbm.ui.session import session_job
from sparsecbm.ui.shell import errors_shown, note
from sparsecbm.ui.tasks import Job, Progress, Work, look_after, want, work_state

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


POWER_HELP = (
    "The study is simulated many times with annotators who do what is assumed below, and analysed each time. Shown is "
    f"the share of these studies that find a difference (p below {LEVEL}, corrected). It says whether the design could "
    "find an effect of that kind with so many participants; whether people behave so, only people can tell."
)
#: Seconds that the work goes on after its page was last seen.
GOES_ON = 1800.0
POWER = Form("studies:power", Assumed)
_KEY = "studies:power"


@dataclass(frozen=True)
class Asked:
    """A simulation that was asked for: the study as it stood, and what is assumed."""

    protocol: Protocol
    assumed: Assumed


def power_part(explainer: Explainer) -> None:
    """The assumptions, the work, and what came of it."""
    st.markdown("#### 6. Would it find an effect?", help=POWER_HELP)
    protocol = _protocol(explainer)
    asked: Asked | None = st.session_state.get(f"{_KEY}:asked")
    fold = st.expander("Simulate it before you ask anyone", key=f"{_KEY}:fold", on_change="rerun")
    if not fold.open:
        return
    with fold:
        assumptions(POWER, len(explainer.schema.concepts), repeated=True)
        st.button("Simulate", key=f"{_KEY}:go", icon=":material/labs:", on_click=_ask, disabled=protocol is None)
        if protocol is None:
            note("Complete the study first: parts 1 to 5.")
        if asked is None:
            return
        look_after(_job(), _working, asked)
        with errors_shown():
            found = _job().result(_work(load_explainer(), asked))
            if found is not None:
                if protocol is None or protocol.digest != asked.protocol.digest or POWER.now != asked.assumed:
                    note(":material/history: The study or the assumptions have changed since: simulate again.")
                _shown(found, asked)


def _shown(found: tuple[Power, ...], asked: Asked) -> None:
    if not found:
        note("There is one arm only and no answer before the prediction, so there is nothing to compare.")
        return
    groups: dict[str, list[Power]] = {}
    for one in found:
        groups.setdefault(HELPED if one.against == WITHOUT else one.outcome, []).append(one)
    st.selectbox("Outcome", **SHOWN.choice("outcome", list(groups)), format_func=outcome_title, width=330)
    points = [Dot(one.arm if one.against == WITHOUT else f"{one.arm} − {one.against}", "found", 100 * one.share)
              for one in groups[SHOWN.now.outcome]]
    heading = f"{outcome_title(SHOWN.now.outcome).capitalize()}: how often a difference is found"
    table = pd.DataFrame([(of.name, one.arm, one.against, 100 * one.share, of.scaled(one.difference), of.unit)
                          for one in found for of in (compared(one.outcome),)],
                         columns=["outcome", "arm", "against", "found in, percent", "mean difference", "unit"]).round(2)
    many = f"{asked.assumed.repeats} simulated studies of {asked.assumed.participants} participants"
    chart(lambda dark: dots(points, heading, f"percent of {many}", dark).update_xaxes(range=[-3, 103]), table,
          f"{_KEY}:chart", f"How often each difference is found in {many}")
    best = max(found, key=lambda one: one.share)
    st.markdown(f"- Found most often: {compared(best.outcome).name}, {best.arm} against {best.against}, in "
                f"{100 * best.share:.0f} % of the studies. 80 % and more is what is usually asked for.")


def _working(asked: Asked, looking: bool) -> None:
    """`looking` tells whether this fragment draws itself again and again."""
    with errors_shown():
        job = _job()
        want(job, [_work(load_explainer(), asked)], looking, STATE.run_again)
        work_state(job, _KEY, job.cancel, "Nothing of it is kept.")


def _protocol(explainer: Explainer) -> Protocol | None:
    """The draft's protocol; None while it is not complete, which the part above says."""
    try:
        return DRAFT.now.protocol(explainer)
    except SparseCBMError:
        return None


def _ask() -> None:
    protocol = _protocol(load_explainer())
    if protocol is not None:
        st.session_state[f"{_KEY}:asked"] = Asked(protocol, POWER.now)


def _work(explainer: Explainer, asked: Asked) -> Work:
    said = asked.assumed

    def run(progress: Progress) -> tuple[Power, ...]:
        return power(asked.protocol, explainer, said.annotator, said.participants, said.repeats, said.seed, progress)

    return Work(("power", asked.protocol.digest, explainer.checkpoint.hash, said),
                f"Simulating {said.repeats} studies", run)


def _job() -> Job:
    return session_job(_KEY, GOES_ON)
