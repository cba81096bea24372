"""The impact of the edits in force on many documents: computed in the background, and stopped on request.

The panel is one fragment with work of its own. To see the picture counts as having looked at the impact.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import streamlit as st

from sparsecbm.data.catalogue import DATA_VARIABLE
from sparsecbm.data.reviews import Reviews
from sparsecbm.figures.text import counted_documents
from sparsecbm.impact.figure import impact_text
from sparsecbm.impact.impact import Impact
from sparsecbm.impact.panel_changes import changes_view
from sparsecbm.revision.edit import Override
from sparsecbm.revision.panel_session import fragment_key, history, mark_impact_viewed, read_only, state
from sparsecbm.revision.rule import LastingEdit, Rule, edit_key
from sparsecbm.schema import ConceptSchema
from sparsecbm.service import Explainer
from sparsecbm.ui.loaded_model import load_explainer
from sparsecbm.ui.loaded_sources import opened_reviews, source_titles
from sparsecbm.ui.safe_text import as_markdown
from sparsecbm.ui.session import current_view, run_again, session_job, start_review
from sparsecbm.ui.shell import errors_shown, note
from sparsecbm.ui.tasks import Progress, Work, polling_fragment, request_work, work_state

HELP = (
    "A revision or a rule that helps one text can harm others. Here all revisions and rules in force are tried on "
    "texts with gold labels: which answers become right, which become wrong, and whether that may be chance (the "
    "blast radius of an edit). Concepts that you set for the current text play no part. Press a bar to read its "
    "texts."
)
#: Sizes of a sample to choose from; a small one is quick on a CPU.
SAMPLES = (50, 100, 200, 400, 800)
USUAL = 100
_PANEL, _REQUEST = "interventions:impact", "interventions:impact-request"


@dataclass(frozen=True)
class ImpactRequest:
    """The impact that a person wants: of these edits, by key, on a source or a `sample` of it, None for all of it."""

    source: str
    sample: int | None
    residual: bool
    edits: tuple[str, ...]


def impact_panel() -> None:
    """What to try the edits on, how far that is, and what came of it."""
    st.markdown("### Impact on other texts", help=HELP)
    polling_fragment(session_job(_PANEL), _panel, key=fragment_key("impact"))


def impact_work(explainer: Explainer, edits: tuple[LastingEdit, ...], request: ImpactRequest, reviews: Reviews) -> Work:
    """The impact of some edits, in order, on documents, as work for the background."""

    def run(progress: Progress) -> Impact:
        return explainer.impact(edits, reviews.split, request.sample, 0, request.residual, progress)

    return Work(("impact", explainer.checkpoint.hash, reviews.digest, request), "Predicting the texts again", run)


def impact_view(impact: Impact, reviews: Reviews, edits: Sequence[LastingEdit], key: str) -> None:
    """The impact of edits on some documents; `key` starts the keys of its widgets."""
    tried_on = counted_documents(impact.settings.n, impact.schema)
    for rule, rows in zip([edit for edit in edits if isinstance(edit, Rule)], impact.matched, strict=True):
        note(as_markdown(f"Applies to {len(rows):,} of {tried_on}: {rule.in_words(impact.schema)}."))
    changes_view(impact, reviews.texts, key, f"What becomes of the answers on {tried_on}",
                 take=("Make it the current text", _take))


def sample_choice(schema: ConceptSchema, key: str) -> tuple[Reviews, str, int | None]:
    """Let a person choose what to try edits on: a source, its name, and how many of its documents, None for all."""
    titles = source_titles(schema)
    source = st.selectbox("Source", list(titles), key=f"{key}:source", width=330, format_func=titles.__getitem__)
    reviews = opened_reviews(source, schema)
    assert reviews is not None  # a table that is not loaded is not offered
    sizes = [size for size in SAMPLES if size < len(reviews)]
    options = [*sizes, None]
    usual = options.index(USUAL) if USUAL in options else len(options) - 1
    size: int | None = st.selectbox(
        "How many", options, usual, key=f"{key}:sample:{source}", width=230,
        format_func=lambda size: f"all {len(reviews):,}" if size is None else f"{size:,}, drawn at random")
    return reviews, source, size


def _panel(looking: bool) -> None:
    """`looking` is True while this fragment draws itself again and again."""
    with errors_shown():
        explainer, edits, job = load_explainer(), state().lasting, session_job(_PANEL)
        request = _requested(tuple(edit_key(edit) for edit in edits), explainer.schema)
        reviews = opened_reviews(request.source, explainer.schema) if request else None
        work = impact_work(explainer, edits, request, reviews) if request and reviews else None
        request_work(job, [work] if work else [], looking, run_again)
        if not edits:
            note("No revision and no rule is in force, so nothing reaches other texts. Revise a subnetwork or keep a "
                 "rule, and see here what that does to many texts before you save it.")
            return
        if not source_titles(explainer.schema):
            st.info("There are no labelled texts for the concepts of this model. Load a table on the Failures page, "
                    f"or set `{DATA_VARIABLE}` to a folder of them.", icon=":material/info:")
            return
        with st.container(horizontal=True, vertical_alignment="bottom", gap="medium", key=f"{_PANEL}:form"):
            _, source, sample = sample_choice(explainer.schema, _PANEL)
            wanted = ImpactRequest(source, sample, current_view().residual, tuple(edit_key(edit) for edit in edits))
            st.button("Work it out", key=f"{_PANEL}:do", type="primary", on_click=_ask, args=(wanted,))
        work_state(job, _PANEL, _cancel)
        impact = job.result(work) if work else None
        if impact is not None and reviews is not None:
            _mark_seen(impact)
            impact_view(impact, reviews, edits, _PANEL)
        elif work is None:
            note("Not worked out yet for the edits that are in force now. The samples ship with the project; a table "
                 f"that you load on Failures, or a folder that `{DATA_VARIABLE}` names, has more.")


def _mark_seen(impact: Impact) -> None:
    last = next((entry for entry in reversed(history().now.entries) if not isinstance(entry.edit, Override)), None)
    if last is not None and not read_only() and last.impact_key != impact.settings.key:
        mark_impact_viewed(impact.settings.edits, impact.settings.key, impact_text(impact))
        run_again()  # other panels let a patch be saved now


def _requested(edits: tuple[str, ...], schema: ConceptSchema) -> ImpactRequest | None:
    """What a person wants, unless other edits are in force by now or the source is gone."""
    request: ImpactRequest | None = st.session_state.get(_REQUEST)
    if request and (request.edits != edits or request.source not in source_titles(schema)):
        del st.session_state[_REQUEST]
        return None
    return request


def _ask(request: ImpactRequest) -> None:
    st.session_state[_REQUEST] = request


def _cancel() -> None:
    st.session_state.pop(_REQUEST, None)


def _take(text: str) -> None:
    start_review(text)
    run_again()
