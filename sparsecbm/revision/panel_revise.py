"""Revise a subnetwork: say what a concept should be, and its mask exchanges weights until the concept says so.

The panel is one fragment. A revision is done at once and can be undone; while one is made, the panel draws itself again
every half second, and the page runs once when the work starts and once when it ends.
"""

import streamlit as st

from sparsecbm.figures.text import listed
from sparsecbm.revision.edit import Revision
from sparsecbm.revision.history import Entry, State, describe
from sparsecbm.revision.panel_history import counted
from sparsecbm.revision.panel_revise_form import FORM, Asked, digests, revision_form, words_open, words_work
from sparsecbm.revision.panel_revised import comparison_work, revision_view
from sparsecbm.revision.panel_session import do, follow, read_only, state
from sparsecbm.revision.result import RevisionResult
from sparsecbm.service import Explainer
from sparsecbm.ui.engine import load_explainer
from sparsecbm.ui.session import current_view, run_again, session_job
from sparsecbm.ui.shell import errors_shown, note
from sparsecbm.ui.tasks import PATIENCE, Job, Progress, Work, look_after, work_state
from sparsecbm.ui.text import as_markdown

HELP = (
    "Here you change how the model reads, not what it read. Say what the concept of this review should be: its "
    "subnetwork drops the weights that speak most against it and takes up as many that speak for it. The other "
    "concepts are read in subnetworks of their own, which stay as they are. Other reviews are read through the revised "
    "subnetwork, too: look at the blast radius before you keep it. The shared model is never written to."
)
_ASKED = "interventions:revision-asked"


def revise_panel() -> None:
    """What is in force, the form, and what a revision did beside its two controls."""
    st.markdown("### Revise a subnetwork", help=HELP)
    look_after(session_job(FORM), _panel, key=follow("revise"))


def revisions_elsewhere() -> None:
    """On other pages: that they show the model without this session's revisions and rules, if there are some."""
    numbers = ((len(state().changes), "revision"), (len(state().rules), "rule"))
    if state().lasting:
        st.info(f"This session has {listed([counted(number, what) for number, what in numbers if number])} in force on "
                "the Interventions page. They are not part of what this page shows: it explains the model as it is.",
                icon=":material/info:")


def _panel(looking: bool) -> None:
    """`looking` tells whether this fragment draws itself again and again."""
    with errors_shown():
        explainer, now, job = load_explainer(), state(), session_job(FORM)
        if explainer.checkpoint.kind != "sparse":
            st.info("This model has no subnetworks, so there is nothing to revise. Load a sparse checkpoint.",
                    icon=":material/info:")
            return
        view, revisions = current_view(), _revisions(now)
        _stack(revisions)
        revision_form(explainer, now, _ask)
        asked = _asked(now)
        making = _revision_work(explainer, asked, now) if asked else None
        number = _looked_at(revisions)
        comparing = reading = None
        if number is not None:
            comparing = comparison_work(explainer, view, _edits(revisions), number)
            reading = words_work(explainer, view, _edits(revisions), number) if words_open() else None
        job.want([work for work in (making, comparing, reading) if work], 0.0 if looking else PATIENCE)
        _take_up(job, making, explainer)
        if job.running != looking:
            run_again()
        work_state(job, FORM, _cancel if _ASKED in st.session_state else None)
        if number is not None and comparing is not None:
            revision_view(explainer, job, revisions[number], comparing, reading)
        elif making is None:
            note("No revision is in force. Choose above what a concept of this review should be, and press *Revise*: "
                 "you will see it beside a random edit of the same size and beside plainly setting the concept.")


def _stack(revisions: tuple[Entry, ...]) -> None:
    if revisions:
        lines = [f"{number}. {as_markdown(entry.description)}" for number, entry in enumerate(revisions, 1)]
        st.markdown("**Revisions in force**, each made after those before it:\n\n" + "\n".join(lines))


def _looked_at(revisions: tuple[Entry, ...]) -> int | None:
    """Which of the revisions is shown below: the last, unless another one is chosen."""
    if len(revisions) < 2:
        return len(revisions) - 1 if revisions else None
    numbers = list(range(len(revisions)))
    chosen: int = st.selectbox("Show below", numbers, numbers[-1], key=f"{FORM}:look:{len(revisions)}",
                               format_func=lambda number: f"{number + 1}. {revisions[number].description}")
    return chosen


def _revision_work(explainer: Explainer, asked: Asked, now: State) -> Work:
    changes = now.changes

    def run(progress: Progress) -> RevisionResult:
        return explainer.revise(asked.text, asked.concept, asked.value, asked.portion, asked.steps, changes,
                                asked.residual, asked.smallest, progress)

    return Work((explainer.checkpoint.hash, asked), f"Revising {as_markdown(asked.concept)}", run)


def _take_up(job: Job, making: Work | None, explainer: Explainer) -> None:
    """A revision that is ready is in force from now on; what went wrong is shown until another one is asked for."""
    with errors_shown():
        made: RevisionResult | None = job.result(making) if making else None
        if made is not None:
            st.session_state.pop(_ASKED, None)
            if not made.already:
                do(made.revision, describe(made.revision, explainer.schema, active=made.active))
            run_again()


def _asked(now: State) -> Asked | None:
    """What was asked for, unless the review or the edits are others by now."""
    asked: Asked | None = st.session_state.get(_ASKED)
    if asked and (asked.text != current_view().text or asked.after != digests(now) or read_only()):
        del st.session_state[_ASKED]
        return None
    return asked


def _ask(asked: Asked) -> None:
    st.session_state[_ASKED] = asked


def _cancel() -> None:
    st.session_state.pop(_ASKED, None)


def _revisions(now: State) -> tuple[Entry, ...]:
    return tuple(entry for entry in now.entries if isinstance(entry.edit, Revision))


def _edits(revisions: tuple[Entry, ...]) -> tuple[Revision, ...]:
    return tuple(entry.edit for entry in revisions if isinstance(entry.edit, Revision))
