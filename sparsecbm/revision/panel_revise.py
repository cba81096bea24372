"""The revision section: choose a concept's value, and its subnetwork exchanges weights until it predicts it.

The panel is one fragment. A revision is in force at once and can be undone; while one is made, the panel draws itself
again every half second, and the page runs once when the work starts and once when it ends.
"""

from collections.abc import Callable
from dataclasses import dataclass

import streamlit as st

from sparsecbm.figures.text import counted, listed, percent
from sparsecbm.revision.compute import DEFAULT_PORTION, DEFAULT_STEPS, MAX_PORTION, MAX_STEPS
from sparsecbm.revision.edit import Revision
from sparsecbm.revision.history import EditState, Entry, describe
from sparsecbm.revision.panel_revised import FORM, comparison_work, revision_view, words_open, words_work
from sparsecbm.revision.panel_session import do, fragment_key, read_only, state
from sparsecbm.revision.result import RevisionResult
from sparsecbm.service import Explainer
from sparsecbm.ui.loaded_model import load_explainer
from sparsecbm.ui.safe_text import as_markdown
from sparsecbm.ui.session import current_view, run_again, session_job
from sparsecbm.ui.shell import errors_shown, note
from sparsecbm.ui.tasks import PATIENCE, Job, Progress, Work, polling_fragment, work_state

HELP = (
    "An override corrects a concept of one text; a revision corrects the model. Choose the value that the concept of "
    "this text should have: its subnetwork drops the weights that speak most against it and takes up as many that "
    "speak for it. The other concepts have subnetworks of their own, which stay the same. The predictions for other "
    "texts change, too: view the impact before you save a revision. Only your session uses the revised subnetwork; the "
    "shared model never changes."
)
PORTION_HELP = "The largest share of each matrix's active weights that the revision may exchange, in percent."
METHOD_HELP = (
    "**Step by step** stops when the concept has the value and takes back what was not needed. **In one step** "
    "exchanges the whole share at once."
)
UNTIL, ONE_STEP = "Step by step", "In one step"
_REQUEST = "interventions:revision-request"


@dataclass(frozen=True)
class RevisionRequest:
    """A revision that a person requested; `after` are the digests of the changes in force, which it comes after."""

    text: str
    concept: str
    value: str
    portion: float
    steps: int
    smallest: bool
    residual: bool
    after: tuple[str, ...]


def revise_panel() -> None:
    """The revisions in force, the form, and what a revision did compared with its two controls."""
    st.markdown("### Subnetwork revision", help=HELP)
    polling_fragment(session_job(FORM), _panel, key=fragment_key("revise"))


def revisions_elsewhere() -> None:
    """On other pages: that they show the model without this session's revisions and rules, if there are any."""
    numbers = ((len(state().changes), "revision"), (len(state().rules), "rule"))
    if state().lasting:
        st.info(f"This session has {listed([counted(number, what) for number, what in numbers if number])} in force on "
                "the Interventions page. This page shows the model without them.", icon=":material/info:")


def revision_form(explainer: Explainer, now: EditState, request: Callable[[RevisionRequest], None]) -> None:
    """Draw the form; its button calls `request`."""
    schema, view = explainer.schema, current_view()
    before = explainer.predict_changed(view.text, now.changes)
    with st.container(horizontal=True, vertical_alignment="bottom", gap="small", key=f"{FORM}:form"):
        concept = st.selectbox("Concept", schema.concepts, key=f"{FORM}:concept", width=170)
        k, predicted = schema.concept_index(concept), before.value(concept)
        share = float(before.concept_probabilities[k].max())
        values = schema.values_of(concept)
        value = st.selectbox("Should be", values, int(values[0] == predicted), width=150,
                             key=f"{FORM}:value:{k}")
        portion = st.slider("Weights at most", 0.1, 100 * MAX_PORTION, 100 * DEFAULT_PORTION, 0.1, "%.1f %%",
                            key=f"{FORM}:portion", width=180, help=PORTION_HELP)
        method = st.segmented_control("How", (UNTIL, ONE_STEP), key=f"{FORM}:way", required=True, default=UNTIL,
                                      help=METHOD_HELP)
        steps = st.number_input("Steps at most", 1, MAX_STEPS, DEFAULT_STEPS, key=f"{FORM}:steps", width=130,
                                disabled=method == ONE_STEP)
        wanted = RevisionRequest(view.text, concept, value, round(portion / 100, 4),
                                 1 if method == ONE_STEP else int(steps), method != ONE_STEP, view.residual,
                                 _digests(now))
        st.button("Revise", key=f"{FORM}:do", type="primary", on_click=request, args=(wanted,),
                  disabled=read_only() or predicted == value)
    said = f"**{as_markdown(concept)}** is predicted as **{as_markdown(predicted)}** ({percent(share)})"
    st.markdown(f":material/check_circle: {said} already: there is nothing to revise." if predicted == value
                else f"{said}.")


def _panel(polling: bool) -> None:
    """`polling` is True while this fragment draws itself again and again."""
    with errors_shown():
        explainer, now, job = load_explainer(), state(), session_job(FORM)
        if explainer.checkpoint.kind != "sparse":
            st.info("This model has no subnetworks, so there is nothing to revise. Load a sparse checkpoint.",
                    icon=":material/info:")
            return
        view, entries = current_view(), [entry for entry in now.entries if isinstance(entry.edit, Revision)]
        revision_form(explainer, now, _ask)
        requested = _requested(now)
        making = _revision_work(explainer, requested, now) if requested else None
        number = _shown_revision(entries)
        comparing = explaining = None
        if number is not None:
            comparing = comparison_work(explainer, view, now.revisions, number)
            explaining = words_work(explainer, view, now.revisions, number) if words_open() else None
        job.request([work for work in (making, comparing, explaining) if work], 0.0 if polling else PATIENCE)
        _put_in_force(job, making, explainer)
        if job.running != polling:
            run_again()
        work_state(job, FORM, _cancel if _REQUEST in st.session_state else None)
        if number is not None and comparing is not None:
            revision_view(explainer, job, entries[number], comparing, explaining)
        elif making is None:
            note("No revision is in force. Choose the value that a concept should have and press *Revise*. You will "
                 "see the result compared with a random edit of the same size and with an override of the concept.")


def _shown_revision(entries: list[Entry]) -> int | None:
    """The number of the revision that is shown: the last one, unless the person chooses another one."""
    if len(entries) < 2:
        return len(entries) - 1 if entries else None
    numbers = list(range(len(entries)))
    chosen: int = st.selectbox("Revision shown", numbers, numbers[-1], key=f"{FORM}:shown:{len(entries)}",
                               format_func=lambda number: f"{number + 1}. {entries[number].description}",
                               help="All of these are in force, each made after those before it")
    return chosen


def _revision_work(explainer: Explainer, wanted: RevisionRequest, now: EditState) -> Work:
    changes = now.changes

    def run(progress: Progress) -> RevisionResult:
        return explainer.revise(wanted.text, wanted.concept, wanted.value, wanted.portion, wanted.steps, changes,
                                wanted.residual, wanted.smallest, progress)

    return Work((explainer.checkpoint.hash, wanted), f"Revising {as_markdown(wanted.concept)}", run)


def _put_in_force(job: Job, making: Work | None, explainer: Explainer) -> None:
    """Put a finished revision in force; an error is shown until another revision is requested."""
    with errors_shown():
        made: RevisionResult | None = job.result(making) if making else None
        if made is not None:
            st.session_state.pop(_REQUEST, None)
            if not made.already:
                do(made.revision, describe(made.revision, explainer.schema, active=made.active))
            run_again()


def _requested(now: EditState) -> RevisionRequest | None:
    """The request, unless the text or the revisions have changed since it was made."""
    wanted: RevisionRequest | None = st.session_state.get(_REQUEST)
    if wanted and (wanted.text != current_view().text or wanted.after != _digests(now) or read_only()):
        del st.session_state[_REQUEST]
        return None
    return wanted


def _digests(now: EditState) -> tuple[str, ...]:
    return tuple(change.digest for change in now.changes)


def _ask(wanted: RevisionRequest) -> None:
    st.session_state[_REQUEST] = wanted


def _cancel() -> None:
    st.session_state.pop(_REQUEST, None)
