"""The blast radius of what is in force: worked out beside the page, stopped on request, and drawn with its reviews.

The panel is one fragment with work of its own. To see the picture counts as having looked at the blast radius.
"""

from dataclasses import dataclass

import streamlit as st

from sparsecbm.edits.blast_radius import BlastRadius, edit_key
from sparsecbm.edits.edit import Override
from sparsecbm.edits.rule import Lasting
from sparsecbm.explainer import Explainer
from sparsecbm.ui.engine import load_explainer
from sparsecbm.ui.interventions.blast_view import blast_view
from sparsecbm.ui.interventions.reviews import DATA_VARIABLE, sources
from sparsecbm.ui.interventions.session import follow, history, read_only, seen, state
from sparsecbm.ui.job import Progress, Work
from sparsecbm.ui.session import current_view, run_again, session_job
from sparsecbm.ui.shell import errors_shown, note
from sparsecbm.ui.working import look_after, want, work_state

HELP = (
    "A revision or a rule that helps one review can harm others. Here all revisions and rules in force are tried on "
    "reviews whose right answers are known: which answers become right, which become wrong, and whether that may be "
    "chance. Concepts that you set of the review at hand have no part in it. Press a bar to read its reviews."
)
#: Sizes of a sample to choose from; a small one is quick on a CPU.
SAMPLES = (50, 100, 200, 400, 800)
USUAL = 100
_PANEL, _ASKED = "interventions:blast", "interventions:blast-asked"


@dataclass(frozen=True)
class Asked:
    """A blast radius that was asked for; `sample` is None for all reviews of the source."""

    source: str
    sample: int | None
    residual: bool
    edits: tuple[str, ...]


def blast_panel() -> None:
    """What to try the edits on, how far that is, and what came of it."""
    st.markdown("### Blast radius", help=HELP)
    look_after(session_job(_PANEL), _panel, key=follow("blast"))


def blast_work(explainer: Explainer, edits: tuple[Lasting, ...], asked: Asked) -> Work:
    """The blast radius of some edits, in order, over a source of reviews; its key tells it from any other."""

    def run(progress: Progress) -> BlastRadius:
        split = sources(explainer.schema)[asked.source]()
        return explainer.blast_radius(edits, split, asked.sample, 0, asked.residual, progress)

    return Work(("blast", explainer.checkpoint.hash, asked), "Reading the reviews again", run)


def sample_choice(explainer: Explainer, key: str) -> tuple[str, int | None]:
    """Which reviews to try edits on, and how many of them; None is all."""
    found = sources(explainer.schema)
    source = st.selectbox("Reviews", list(found), key=f"{key}:source", width=330)
    whole = len(found[source]())
    sizes = [size for size in SAMPLES if size < whole]
    options = [*sizes, None]
    usual = options.index(USUAL) if USUAL in options else len(options) - 1
    size: int | None = st.selectbox(
        "How many", options, usual, key=f"{key}:sample:{source}", width=230,
        format_func=lambda size: f"all {whole:,}" if size is None else f"{size:,}, drawn at random")
    return source, size


def _panel(looking: bool) -> None:
    """`looking` tells whether this fragment draws itself again and again."""
    with errors_shown():
        explainer, edits, job = load_explainer(), state().lasting, session_job(_PANEL)
        keys = tuple(edit_key(edit) for edit in edits)
        asked = _asked(keys)
        want(job, [blast_work(explainer, edits, asked)] if asked else [], looking, run_again)
        if not edits:
            note("No revision and no rule is in force, so nothing reaches other reviews. Revise a subnetwork or keep a "
                 "rule, and see here what that does to many reviews before you save it.")
            return
        if not sources(explainer.schema):
            st.info("There are no reviews with known answers for the concepts of this model.", icon=":material/info:")
            return
        with st.container(horizontal=True, vertical_alignment="bottom", gap="medium", key=f"{_PANEL}:form"):
            source, sample = sample_choice(explainer, _PANEL)
            wanted = Asked(source, sample, current_view().residual, keys)
            st.button("Work it out", key=f"{_PANEL}:do", type="primary", on_click=_ask, args=(wanted,))
        work_state(job, _PANEL, _cancel)
        radius = job.result(blast_work(explainer, edits, asked)) if asked else None
        if asked and radius is not None:
            _mark_seen(radius)
            blast_view(radius, sources(explainer.schema)[asked.source](), edits, _PANEL)
        elif asked is None:
            note("Not worked out yet for the edits that are in force now. The sample reviews ship with the project; "
                 f"the environment variable {DATA_VARIABLE} names a folder with more.")


def _mark_seen(radius: BlastRadius) -> None:
    last = next((entry for entry in reversed(history().now.entries) if not isinstance(entry.edit, Override)), None)
    if last is not None and not read_only() and last.reviewed != radius.settings.key:
        seen(radius.settings)
        run_again()  # other panels let a patch be saved now


def _asked(keys: tuple[str, ...]) -> Asked | None:
    """What was asked for, unless other edits are in force by now."""
    asked: Asked | None = st.session_state.get(_ASKED)
    if asked and asked.edits != keys:
        del st.session_state[_ASKED]
        return None
    return asked


def _ask(asked: Asked) -> None:
    st.session_state[_ASKED] = asked


def _cancel() -> None:
    st.session_state.pop(_ASKED, None)
