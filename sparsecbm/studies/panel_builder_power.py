"""How likely the design finds the effects of simulated participants, computed in the background."""

from dataclasses import dataclass

import pandas as pd
import streamlit as st

from sparsecbm.concepts.compute_policies import DEFAULT_POLICY, POLICIES
from sparsecbm.errors import SparseCBMError
from sparsecbm.figures.dots import Dot, dots
from sparsecbm.service import Explainer
from sparsecbm.studies.compute_simulate import LEVEL, Annotator, Power, power
from sparsecbm.studies.panel_address import STATE
from sparsecbm.studies.panel_builder_draft import DRAFT, Form
from sparsecbm.studies.panel_results_numbers import HELPED, SHOWN, WITHOUT, compared, outcome_title
from sparsecbm.studies.protocol import Protocol
from sparsecbm.ui.chart import chart
from sparsecbm.ui.loaded_model import load_explainer
from sparsecbm.ui.session import session_job
from sparsecbm.ui.shell import errors_shown, note
from sparsecbm.ui.tasks import Job, Progress, Work, polling_fragment, request_work, work_state

#: The most simulated participants and repeats on a screen, which many people share.
MOST_PARTICIPANTS, MOST_REPEATS = 500, 500


@dataclass(frozen=True)
class Assumed:
    """Assumptions on simulated annotators in percent, how many take part, how often, and the seed."""

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
    """The form; with `repeated` it also has the number of studies."""
    with st.container(horizontal=True, vertical_alignment="bottom", gap="small"):
        st.number_input("Participants", 1, MOST_PARTICIPANTS, **form.widget("participants"), width=130)
        if repeated:
            st.number_input("Studies", 1, MOST_REPEATS, **form.widget("repeats"), width=110,
                            help="How often the study is simulated. With 20, the share is known to about ±20 points.")
        st.number_input("Seed", 0, 2**31, **form.widget("seed"), width=110)
    with st.expander("What they are assumed to do", key=f"{form.key('assumed')}"):
        with st.container(horizontal=True, vertical_alignment="bottom", gap="small"):
            st.number_input("Right alone, %", 0, 100, **form.widget("skill"), width=140,
                            help="How often their own answer, without help, is right.")
            st.number_input("Follow the model, %", 0, 100, **form.widget("trust"), width=160,
                            help="How often they replace a different answer of their own by the model's.")
            st.number_input("Set wrongly, %", 0, 100, **form.widget("error_rate"), width=140,
                            help="How often they set a concept to a wrong value.")
            st.number_input("Lapses, %", 0, 100, **form.widget("lapse_rate"), width=120,
                            help="How often their final answer is a random label.")
        with st.container(horizontal=True, vertical_alignment="bottom", gap="small"):
            st.number_input("Concepts they check", 0, concepts, **form.widget("most"), width=180)
            st.selectbox("In the order of", **form.choice("policy", list(POLICIES)), width=330,
                         format_func=lambda name: POLICIES[name].title)


POWER_HELP = (
    "The study is simulated and analysed many times with annotators who behave as assumed below. The chart shows the "
    f"share of these studies that find a difference (corrected p below {LEVEL}): whether the design could find an "
    "effect of that kind with this number of participants. Only real participants can show how people behave."
)
#: Seconds that the work goes on after its page was last seen.
GOES_ON = 1800.0
POWER = Form("studies:power", Assumed)
_KEY = "studies:power"


@dataclass(frozen=True)
class PowerRequest:
    """A simulation that was asked for: the protocol as it stood, and the assumptions."""

    protocol: Protocol
    assumed: Assumed


def power_part(explainer: Explainer) -> None:
    """The assumptions, the progress, and the result."""
    st.markdown("### 6. Statistical power", help=POWER_HELP)
    protocol = _protocol(explainer)
    request: PowerRequest | None = st.session_state.get(f"{_KEY}:request")
    fold = st.expander("Simulate the study before people take part", key=f"{_KEY}:fold", on_change="rerun")
    if not fold.open:
        return
    with fold:
        assumptions(POWER, len(explainer.schema.concepts), repeated=True)
        st.button("Simulate", key=f"{_KEY}:go", icon=":material/labs:", on_click=_ask, disabled=protocol is None)
        if protocol is None:
            note("Complete parts 1 to 5 first.")
        if request is None:
            return
        polling_fragment(_job(), _working, request)
        with errors_shown():
            found = _job().result(_work(load_explainer(), request))
            if found is not None:
                if protocol is None or protocol.digest != request.protocol.digest or POWER.now != request.assumed:
                    note(":material/history: The study or the assumptions have changed since then: simulate again.")
                _shown(found, request)


def _shown(found: tuple[Power, ...], request: PowerRequest) -> None:
    if not found:
        note("There is only one arm and no answer before the prediction, so there is nothing to compare.")
        return
    groups: dict[str, list[Power]] = {}
    for one in found:
        groups.setdefault(HELPED if one.against == WITHOUT else one.outcome, []).append(one)
    st.selectbox("Outcome", **SHOWN.choice("outcome", list(groups)), format_func=outcome_title, width=330)
    points = [Dot(one.arm if one.against == WITHOUT else f"{one.arm} − {one.against}", "found", 100 * one.share,
                  (100 * one.interval[0], 100 * one.interval[1]))
              for one in groups[SHOWN.now.outcome]]
    heading = f"{outcome_title(SHOWN.now.outcome).capitalize()}: how often a difference is found"
    table = pd.DataFrame([(of.name, one.arm, one.against, 100 * one.share, *(100 * end for end in one.interval),
                           of.scaled(one.difference), of.unit)
                          for one in found for of in (compared(one.outcome),)],
                         columns=["outcome", "arm", "against", "found in, percent", "95 % from", "95 % to",
                                  "mean difference", "unit"]).round(2)
    many = f"{request.assumed.repeats} simulated studies of {request.assumed.participants} participants"
    chart(lambda dark: dots(points, heading, f"percent of {many}", dark).update_xaxes(range=[-3, 103]), table,
          f"{_KEY}:chart", f"How often each difference is found in {many}")
    best = max(found, key=lambda one: one.share)
    st.markdown(f"- Found most often: {compared(best.outcome).name}, {best.arm} against {best.against}, in "
                f"{100 * best.share:.0f} % of the studies. A power of 80 % or more is usually required.")


def _working(request: PowerRequest, looking: bool) -> None:
    """`looking`: whether this fragment refreshes itself."""
    with errors_shown():
        job = _job()
        request_work(job, [_work(load_explainer(), request)], looking, STATE.run_again)
        work_state(job, _KEY, job.cancel, "Nothing was stored.")


def _protocol(explainer: Explainer) -> Protocol | None:
    """The draft's protocol; None while it is incomplete, which the part above says."""
    try:
        return DRAFT.now.protocol(explainer)
    except SparseCBMError:
        return None


def _ask() -> None:
    protocol = _protocol(load_explainer())
    if protocol is not None:
        st.session_state[f"{_KEY}:request"] = PowerRequest(protocol, POWER.now)


def _work(explainer: Explainer, request: PowerRequest) -> Work:
    said = request.assumed

    def run(progress: Progress) -> tuple[Power, ...]:
        return power(request.protocol, explainer, said.annotator, said.participants, said.repeats, said.seed, progress)

    return Work(("power", request.protocol.digest, explainer.checkpoint.hash, said),
                f"Simulating {said.repeats} studies", run)


def _job() -> Job:
    return session_job(_KEY, GOES_ON)
