"""Simulated participants in a copy of a study, so that its log and results can be seen before people come."""

from dataclasses import dataclass, replace
from functools import partial

import streamlit as st

from sparsecbm.service import Explainer
from sparsecbm.studies.compute_simulate import simulate
from sparsecbm.studies.log import Study
from sparsecbm.studies.panel_address import STATE
from sparsecbm.studies.panel_builder_draft import Form
from sparsecbm.studies.panel_builder_power import Assumed, assumptions
from sparsecbm.studies.panel_store import study_store
from sparsecbm.studies.protocol import LONGEST
from sparsecbm.ui.action_result import outcome_of, tried
from sparsecbm.ui.engine import load_explainer
from sparsecbm.ui.session import session_job
from sparsecbm.ui.shell import errors_shown, note
from sparsecbm.ui.tasks import Job, Progress, Work, look_after, want, work_state
from sparsecbm.ui.text import as_markdown

#: What the name of a copy ends with, and how long the work goes on after its page was last seen, in seconds.
COPY, GOES_ON = ", simulated", 1800.0
ASSUMED = Form("studies:simulate", Assumed)
_KEY = "studies:simulate"


@dataclass(frozen=True)
class Asked:
    """Participants that were asked for: of which study, into which copy; `number` tells one press from another."""

    name: str
    copy: str
    assumed: Assumed
    number: int


def simulate_part(explainer: Explainer, study: Study) -> None:
    """The form, the work, and where its results are."""
    fold = st.expander("Fill a copy with simulated participants", key=f"{_KEY}:fold", on_change="rerun")
    if not fold.open:
        return
    with fold, errors_shown():
        note(f"They take part in a study of their own, “{as_markdown(copy_name(study))}”: nothing of it gets into the "
             "log of this one. What comes out says what is assumed here, no more.")
        assumptions(ASSUMED, len(explainer.schema.concepts), repeated=False)
        fits = study.protocol.checkpoint == explainer.checkpoint.hash
        st.button("Simulate", key=f"{_KEY}:go", icon=":material/smart_toy:", on_click=tried,
                  args=(_KEY, partial(_ask, study), "The copy cannot be kept"), disabled=not fits or _job().running)
        outcome_of(_KEY)
        if not fits:
            note("This study was made for another model than the one that is loaded.")
        asked: Asked | None = st.session_state.get(f"{_KEY}:asked")
        if asked is not None:
            look_after(_job(), _working, asked)
            _came_of(asked)


def copy_name(study: Study) -> str:
    """The name of the study in which simulated participants of another one take part."""
    name = study.protocol.name.removesuffix(COPY)
    return name[:LONGEST["name"] - len(COPY)] + COPY


def _working(asked: Asked, looking: bool) -> None:
    """`looking` tells whether this fragment draws itself again and again."""
    with errors_shown():
        job, work = _job(), _work(load_explainer(), asked)
        want(job, [work], looking, STATE.run_again)
        work_state(job, _KEY, job.cancel)


def _came_of(asked: Asked) -> None:
    """What the work came to; outside its fragment, for the button changes the section."""
    job = _job()
    codes = job.result(_work(load_explainer(), asked))
    if job.stopped:
        st.markdown(":material/stop_circle: Stopped. Those who had begun stay in the copy.")
    elif codes is not None:
        st.success(f"{len(codes)} simulated participants took part in “{as_markdown(asked.name)}”.",
                   icon=":material/check_circle:")
    if codes is not None or job.stopped:
        st.button("See the results of the copy", key=f"{_KEY}:results", icon=":material/arrow_forward:",
                  on_click=_to_results, args=(asked.copy,))


def _ask(study: Study) -> str:
    last: Asked | None = st.session_state.get(f"{_KEY}:asked")
    name = copy_name(study)
    copy = study_store().add_study(replace(study.protocol, name=name))
    st.session_state[f"{_KEY}:asked"] = Asked(name, copy, ASSUMED.now, 0 if last is None else last.number + 1)
    return ""


def _work(explainer: Explainer, asked: Asked) -> Work:
    said, store = asked.assumed, study_store()

    def run(progress: Progress) -> tuple[str, ...]:
        return simulate(store, asked.copy, explainer, said.annotator, said.participants, said.seed, progress)

    return Work(("simulate", asked), f"Simulating {said.participants} participants", run)


def _to_results(study: str) -> None:
    STATE.change(section="results", study=study)


def _job() -> Job:
    return session_job(_KEY, GOES_ON)
