"""Simulated participants in a copy of a study, so that its log and results can be seen before people take part."""

from dataclasses import dataclass, replace
from functools import partial

import streamlit as st

from sparsecbm.errors import InputError
from sparsecbm.studies.compute_simulate import simulate
from sparsecbm.studies.log import Study
from sparsecbm.studies.panel_address import STATE, study_store
from sparsecbm.studies.panel_builder_draft import Form
from sparsecbm.studies.panel_builder_power import Assumed, assumptions
from sparsecbm.studies.protocol import LONGEST
from sparsecbm.ui.action_result import attempt, show_result
from sparsecbm.ui.loaded_model import explainer_with, is_offered
from sparsecbm.ui.safe_text import as_markdown
from sparsecbm.ui.session import session_job
from sparsecbm.ui.shell import errors_shown, note
from sparsecbm.ui.tasks import Job, Progress, Work, polling_fragment, request_work, work_state

#: The end of a copy's name, and how long the work goes on after its page was last seen, in seconds.
COPY, GOES_ON = ", simulated", 1800.0
ASSUMED = Form("studies:simulate", Assumed)
_KEY = "studies:simulate"


@dataclass(frozen=True)
class SimulationRequest:
    """Simulated participants to make, the copy of the study that they go into, and the hash of its model; `number`
    counts requests."""

    name: str
    checkpoint: str
    copy: str
    assumed: Assumed
    number: int


def simulate_part(study: Study) -> None:
    """The form, the progress, and the way to the results."""
    fold = st.expander("Fill a copy with simulated participants", key=f"{_KEY}:fold", on_change="rerun")
    if not fold.open:
        return
    with fold, errors_shown():
        note(f"They take part in a separate study, “{as_markdown(copy_name(study))}”: nothing gets into the log of "
             "this one. The results say what is assumed here, no more.")
        assumptions(ASSUMED, len(study.protocol.schema.concepts), repeated=False)
        here = is_offered(study.protocol.checkpoint)
        st.button("Simulate", key=f"{_KEY}:go", icon=":material/smart_toy:", on_click=attempt,
                  args=(_KEY, partial(_ask, study), "The copy cannot be stored"), disabled=not here or _job().running)
        show_result(_KEY)
        if not here:
            note("The model that this study was made for is not here.")
        request: SimulationRequest | None = st.session_state.get(f"{_KEY}:request")
        if request is not None:
            polling_fragment(_job(), _working, request)
            _came_of(request)


def copy_name(study: Study) -> str:
    """The name of the study in which simulated participants of another one take part."""
    name = study.protocol.name.removesuffix(COPY)
    return name[:LONGEST["name"] - len(COPY)] + COPY


def _working(request: SimulationRequest, looking: bool) -> None:
    """`looking`: whether this fragment refreshes itself."""
    with errors_shown():
        job, work = _job(), _work(request)
        request_work(job, [work], looking, STATE.run_again)
        work_state(job, _KEY, job.cancel)


def _came_of(request: SimulationRequest) -> None:
    """The result; outside its fragment, because the button changes the section."""
    job = _job()
    codes = job.result(_work(request))
    if job.stopped:
        st.markdown(":material/stop_circle: Stopped. Participants who had begun stay in the copy.")
    elif codes is not None:
        st.success(f"{len(codes)} simulated participants took part in “{as_markdown(request.name)}”.",
                   icon=":material/check_circle:")
    if codes is not None or job.stopped:
        st.button("See the results of the copy", key=f"{_KEY}:results", icon=":material/arrow_forward:",
                  on_click=_to_results, args=(request.copy,))


def _ask(study: Study) -> str:
    last: SimulationRequest | None = st.session_state.get(f"{_KEY}:request")
    name = copy_name(study)
    copy = study_store().add_study(replace(study.protocol, name=name))
    number = 0 if last is None else last.number + 1
    st.session_state[f"{_KEY}:request"] = SimulationRequest(
        name, study.protocol.checkpoint, copy, ASSUMED.now, number)
    return ""


def _work(request: SimulationRequest) -> Work:
    said, store = request.assumed, study_store()

    def run(progress: Progress) -> tuple[str, ...]:
        explainer = explainer_with(request.checkpoint)
        if explainer is None:
            raise InputError("The model that this study was made for is not here any more.")
        return simulate(store, request.copy, explainer, said.annotator, said.participants, said.seed, progress)

    return Work(("simulate", request), f"Simulating {said.participants} participants", run)


def _to_results(study: str) -> None:
    STATE.change(section="results", study=study)


def _job() -> Job:
    return session_job(_KEY, GOES_ON)
