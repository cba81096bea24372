"""What a revision did to the review at hand: beside a random edit of its size and a plain override, and where."""

from dataclasses import dataclass
from functools import partial

import pandas as pd
import streamlit as st

from sparsecbm.deck.parts import Part, Passage
from sparsecbm.figures.text import as_html, label_name, label_with_probability, listed, percent, receipt_line
from sparsecbm.revision.edit import Revision
from sparsecbm.revision.figure import SHOWN, diff_map, diff_table, diff_text
from sparsecbm.revision.history import Entry
from sparsecbm.revision.panel_revise_form import words_view
from sparsecbm.service import Explainer
from sparsecbm.types import Prediction
from sparsecbm.ui.bars import distribution_html, label_bars_html
from sparsecbm.ui.chart import chart, title
from sparsecbm.ui.pin import pin
from sparsecbm.ui.scene_parts import label_bars
from sparsecbm.ui.shell import errors_shown, note
from sparsecbm.ui.tasks import Job, Progress, Work
from sparsecbm.ui.text import as_markdown
from sparsecbm.ui.view import View

COMPARE_HELP = (
    "All four are of this review, without the rules and the concepts that you set. The random edit drops and grows as "
    "many weights of every matrix, drawn blindly: if it did as much, the revision would say nothing about these "
    "weights. The override sets the concept for this review alone and changes no weight."
)
DIFF_HELP = (
    "How many weights were dropped and grown, by layer and part. In every matrix as many come as go, so the net change "
    "of a part is zero. Attention heads are slices of the attention matrices, and weights can move between them."
)
_SHOW, _SEED = "interventions:revise:show", "interventions:revise:seed"


@dataclass(frozen=True, eq=False)
class Comparison:
    """One review before a revision, after it, after a random edit of its size, and with the concept plainly set."""

    before: Prediction
    revised: Prediction
    random: Prediction
    override: Prediction

    @property
    def sides(self) -> dict[str, Prediction]:
        """All four by the names they have on screen."""
        return {"Before the revision": self.before, "The revision": self.revised,
                "A random edit of its size": self.random, "The plain override": self.override}


def comparison_work(explainer: Explainer, view: View, revisions: tuple[Revision, ...], number: int) -> Work:
    """The comparison for one of the revisions in force, made after those before it."""
    text, residual, one = view.text, view.residual, revisions[number]
    seed = _seed(one)
    earlier = tuple(revision.change for revision in revisions[:number])
    schema = explainer.schema

    def run(progress: Progress) -> Comparison:
        progress(0.0)
        before = explainer.predict_changed(text, earlier, residual)
        after = explainer.predict_changed(text, (*earlier, one.change), residual)
        progress(0.5)
        random = explainer.random_edit(text, one, earlier, seed, residual).after
        wanted = {one.concept: tuple(float(value == one.value) for value in schema.values)}
        plain = explainer.override(explainer.predict_changed(text, earlier), wanted, residual).after
        return Comparison(before, after, random, plain)

    digests = tuple(revision.change.digest for revision in revisions[: number + 1])
    return Work(("comparison", explainer.checkpoint.hash, text, residual, one.concept, one.value, digests, seed),
                "Reading the review again", run)


def revision_view(explainer: Explainer, job: Job, entry: Entry, comparing: Work, reading: Work | None) -> None:
    """The comparison, where the weights are, and the words; `entry` is the revision's."""
    revision = entry.edit
    assert isinstance(revision, Revision)
    with errors_shown():
        found: Comparison | None = job.result(comparing)
        if found is None:
            note("Being worked out…")
            return
        title("What it did to this review", COMPARE_HELP)
        st.markdown(as_markdown(outcome_text(found, revision)))
        k, schema = explainer.schema.concept_index(revision.concept), explainer.schema
        for column, (name, side) in zip(st.columns(4, gap="medium"), found.sides.items(), strict=True):
            with column:
                st.markdown(f"**{name}**  \n{as_markdown(label_with_probability(side))}")
                st.html(label_bars_html(side, name, changed=side is not found.before))
                st.html(f"<b>{as_html(revision.concept)}</b>" + distribution_html(
                    schema.values, found.before.concept_probabilities[k], side.concept_probabilities[k]))
        st.dataframe(comparison_table(found), hide_index=True,
                     alt="Every concept and the label before the revision, after it, and with the two others")
        _draws(revision)
        note(as_markdown(receipt_line(found.revised.receipt, entry.description, f"random edit with seed "
                                      f"{_seed(revision)}")))
        pin("revision", entry.description, partial(comparison_parts, found, revision))
        _where(explainer, revision)
        words_view(job, reading, revision)


def _draws(revision: Revision) -> None:
    """One draw says little about chance: a button draws other weights."""
    with st.container(horizontal=True, vertical_alignment="center", gap="small"):
        st.button("Draw another random edit", key="interventions:revise:draw", icon=":material/casino:", on_click=_draw,
                  args=(revision,))
        st.markdown(f"This is draw {_seed(revision) + 1}.")


def _seed(revision: Revision) -> int:
    """That of the random edit beside a revision."""
    digest, seed = st.session_state.get(_SEED, ("", 0))
    return int(seed) if digest == revision.change.digest else 0


def _draw(revision: Revision) -> None:
    st.session_state[_SEED] = revision.change.digest, _seed(revision) + 1


def outcome_text(found: Comparison, revision: Revision) -> str:
    """Whether the concept went where it should, what blind chance does, and what becomes of the label."""
    schema, concept = found.before.schema, revision.concept

    def read(side: Prediction) -> str:
        share = float(side.concept_probabilities[schema.concept_index(concept)].max())
        return f"{side.value(concept)} ({percent(share)})"

    reached = found.revised.value(concept) == revision.value
    said = (f"The revision takes {concept} from {read(found.before)} to {read(found.revised)}"
            f"{'' if reached else f', which is not yet {revision.value}: allow more weights or steps, or undo it'}. "
            f"A random edit of the same size leaves it at {read(found.random)}." if found.before.value(concept)
            == found.random.value(concept) else
            f"The revision takes {concept} from {read(found.before)} to {read(found.revised)}, but a random edit of "
            f"the same size makes it {read(found.random)}: these weights are not special.")
    label = schema.label_title
    old, new = (label_name(side.label, schema) for side in (found.before, found.revised))
    said += f" The {label} goes from {old} to {new}." if old != new else f" The {label} stays {old}."
    others = [name for name in schema.concepts if name != concept]
    return said + (f" {listed(others)} cannot change: each is read in a subnetwork of its own." if others else "")


def comparison_parts(found: Comparison, revision: Revision) -> tuple[Part, ...]:
    """The review, what became of it, and the label on each side."""
    return (Passage(found.before.text, quote=True), Passage(outcome_text(found, revision)),
            *(label_bars(side, name, side is found.before) for name, side in found.sides.items()))


def comparison_table(found: Comparison) -> pd.DataFrame:
    """Every concept's answer, and the label, on each side."""
    schema = found.before.schema
    sides = {name.lower(): [f"{side.value(concept)} {percent(float(side.concept_probabilities[k].max()))}"
                            for k, concept in enumerate(schema.concepts)] + [label_with_probability(side)]
             for name, side in found.sides.items()}
    return pd.DataFrame({"answer": [*schema.concepts, schema.label_title], **sides})


def _where(explainer: Explainer, revision: Revision) -> None:
    counts = explainer.change_counts(revision.change)
    title("Which weights it exchanged", DIFF_HELP)
    st.markdown(as_markdown(diff_text(counts)))
    show = st.segmented_control("Show", list(SHOWN), key=_SHOW, required=True, default="dropped",
                                format_func=SHOWN.__getitem__) or "dropped"
    kinds = (("module", counts.modules), ("head", counts.heads))
    for column, (kind, places) in zip(st.columns(2, gap="medium"), kinds, strict=True):
        with column:
            if places.columns:
                name = f"{SHOWN[show]} weights of {revision.concept}, by layer and {kind}"
                chart(diff_map(places, show, name, kind), diff_table(places, kind),
                      f"interventions:revise:{kind}", f"{name}. {diff_text(counts)}")
            else:
                note(f"The parts of this backbone have unknown names, so nothing can be counted by {kind}.")
