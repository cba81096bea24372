"""What a revision did to the current text: compared with a random edit and an override, by place, and by words."""

from dataclasses import dataclass
from functools import partial

import pandas as pd
import streamlit as st

from sparsecbm.deck.parts import Part, Passage
from sparsecbm.figures.text import (
    as_html,
    label_name,
    label_with_probability,
    listed,
    percent,
    receipt_line,
    target_name,
)
from sparsecbm.revision.edit import Revision
from sparsecbm.revision.figure import SHOWN, diff_map, diff_table, diff_text
from sparsecbm.revision.history import Entry
from sparsecbm.service import Explainer
from sparsecbm.types import Explanation, Prediction, Target
from sparsecbm.ui.bars import distribution_html, label_bars_html
from sparsecbm.ui.chart import chart, title
from sparsecbm.ui.pin import pin
from sparsecbm.ui.safe_text import as_markdown
from sparsecbm.ui.scene_parts import label_bars
from sparsecbm.ui.shell import errors_shown, is_dark, note
from sparsecbm.ui.tasks import Job, Progress, Work
from sparsecbm.ui.view import View
from sparsecbm.words.figure import full_colour, heatmap_html, legend_html
from sparsecbm.words.methods import method_named
from sparsecbm.words.unread import word_name

#: The start of all keys of the section.
FORM = "interventions:revise"
COMPARE_HELP = (
    "All four predictions are for this text, without rules and without concepts that you set. The random edit "
    "drops and grows as many weights of every matrix, chosen at random: if it had the same effect, the revision would "
    "say nothing about these weights. The override sets the concept for this text alone and changes no weight."
)
DIFF_HELP = (
    "How many weights were dropped and grown, by layer and part. Every matrix drops as many as it grows, so the net "
    "change of a module is zero. Attention heads are slices of the attention matrices, and weights can move between "
    "them."
)
_SHOW, _SEED, _WORDS = f"{FORM}:show", f"{FORM}:seed", f"{FORM}:words"


@dataclass(frozen=True, eq=False)
class RevisionComparison:
    """One text's prediction before a revision, after it, after a random edit of its size, and with an override."""

    before: Prediction
    revised: Prediction
    random: Prediction
    override: Prediction

    @property
    def sides(self) -> dict[str, Prediction]:
        """All four by their names on screen."""
        return {"Before": self.before, "Revision": self.revised, "Random edit of the same size": self.random,
                "Override": self.override}


def comparison_work(explainer: Explainer, view: View, revisions: tuple[Revision, ...], number: int) -> Work:
    """The comparison for one of the revisions in force, made after those before it."""
    text, residual, one = view.text, view.residual, revisions[number]
    seed, schema = _seed(one), explainer.schema
    earlier = tuple(revision.change for revision in revisions[:number])

    def run(progress: Progress) -> RevisionComparison:
        progress(0.0)
        before = explainer.predict_changed(text, earlier, residual)
        after = explainer.predict_changed(text, (*earlier, one.change), residual)
        progress(0.5)
        random = explainer.random_edit(text, one, earlier, seed, residual).after
        wanted = {one.concept: tuple(float(value == one.value) for value in schema.values)}
        override = explainer.override(explainer.predict_changed(text, earlier), wanted, residual).after
        return RevisionComparison(before, after, random, override)

    digests = tuple(revision.change.digest for revision in revisions[: number + 1])
    return Work(("comparison", explainer.checkpoint.hash, text, residual, one.concept, one.value, digests, seed),
                "Predicting again", run)


def words_work(explainer: Explainer, view: View, revisions: tuple[Revision, ...], number: int) -> Work:
    """The word scores for the wanted value before and after the revision, by the view's method."""
    target = Target(revisions[number].concept, revisions[number].value)
    changes = tuple(revision.change for revision in revisions[: number + 1])

    def run(progress: Progress) -> tuple[Explanation, Explanation]:
        def explained(count: int, start: float) -> Explanation:
            return explainer.explain(view.text, (target,), view.method, view.steps, view.residual,
                                     lambda share: progress(start + share / 2), changes[:count])

        return explained(number, 0.0), explained(number + 1, 0.5)

    key = ("revised words", explainer.checkpoint.hash, view.text, view.method, view.steps, view.residual, target,
           tuple(change.digest for change in changes))
    return Work(key, method_named(view.method).title, run)


def words_open() -> bool:
    """True while the fold with the word scores is open."""
    return bool(st.session_state.get(_WORDS))


def revision_view(explainer: Explainer, job: Job, entry: Entry, comparing: Work, explaining: Work | None) -> None:
    """The comparison, the places of the exchanged weights, and the words; `entry` is the revision's."""
    revision = entry.edit
    assert isinstance(revision, Revision)
    with errors_shown():
        found: RevisionComparison | None = job.result(comparing)
        if found is None:
            note("Being computed…")
            return
        title("Effect on this text", COMPARE_HELP)
        st.markdown(as_markdown(finding_text(found, revision)))
        k, own = explainer.schema.concept_index(revision.concept), explainer.schema.value_places(revision.concept)
        for column, (name, side) in zip(st.columns(4, gap="medium"), found.sides.items(), strict=True):
            with column:
                st.markdown(f"**{name}**  \n{as_markdown(label_with_probability(side))}")
                st.html(label_bars_html(side, name, changed=side is not found.before))
                st.html(f"<b>{as_html(revision.concept)}</b>" + distribution_html(
                    explainer.schema.values_of(revision.concept), found.before.concept_probabilities[k, own],
                    side.concept_probabilities[k, own]))
        _draws(revision)
        st.dataframe(comparison_table(found), hide_index=True,
                     alt="Every concept and the label before the revision, after it, and after the two controls")
        note(as_markdown(receipt_line(found.revised.receipt, entry.description, f"random edit with seed "
                                      f"{_seed(revision)}")))
        pin("revision", entry.description, partial(comparison_parts, found, revision))
        _places(explainer, revision)
        _words(job, explaining, revision)


def finding_text(found: RevisionComparison, revision: Revision) -> str:
    """Whether the concept has the wanted value, what a random edit does, and what happens to the label."""
    schema, concept = found.before.schema, revision.concept

    def value(side: Prediction) -> str:
        share = float(side.concept_probabilities[schema.concept_index(concept)].max())
        return f"{side.value(concept)} ({percent(share)})"

    said = f"The revision changes {concept} from {value(found.before)} to {value(found.revised)}"
    if found.revised.value(concept) != revision.value:
        said += f", which is not yet {revision.value}: allow more weights or steps, or undo it"
    said += (f". A random edit of the same size leaves it at {value(found.random)}."
             if found.before.value(concept) == found.random.value(concept) else
             f", but a random edit of the same size makes it {value(found.random)}: these weights are not special.")
    label = schema.label_title
    old, new = (label_name(side.label, schema) for side in (found.before, found.revised))
    said += f" The {label} changes from {old} to {new}." if old != new else f" The {label} stays {old}."
    others = [name for name in schema.concepts if name != concept]
    plural = "s" if len(others) > 1 else ""
    return said + (f" The subnetwork{plural} of {listed(others)} did not change." if others else "")


def comparison_parts(found: RevisionComparison, revision: Revision) -> tuple[Part, ...]:
    """For a presentation: the text, the finding, and the label on each side."""
    return (Passage(found.before.text, quote=True), Passage(finding_text(found, revision)),
            *(label_bars(side, name, side is found.before) for name, side in found.sides.items()))


def comparison_table(found: RevisionComparison) -> pd.DataFrame:
    """Every concept's value, and the label, on each side."""
    schema = found.before.schema
    sides = {name.lower(): [f"{side.value(concept)} {percent(float(side.concept_probabilities[k].max()))}"
                            for k, concept in enumerate(schema.concepts)] + [label_with_probability(side)]
             for name, side in found.sides.items()}
    return pd.DataFrame({"answer": [*schema.concepts, schema.label_title], **sides})


def _draws(revision: Revision) -> None:
    """One random draw says little about chance: a button draws other weights."""
    with st.container(horizontal=True, vertical_alignment="center", gap="small"):
        st.button("Draw another random edit", key=f"{FORM}:draw", icon=":material/casino:", on_click=_draw,
                  args=(revision,))
        st.markdown(f"Draw {_seed(revision) + 1}")


def _seed(revision: Revision) -> int:
    """The seed of the random edit that a revision is compared with."""
    digest, seed = st.session_state.get(_SEED, ("", 0))
    return int(seed) if digest == revision.change.digest else 0


def _draw(revision: Revision) -> None:
    st.session_state[_SEED] = revision.change.digest, _seed(revision) + 1


def _places(explainer: Explainer, revision: Revision) -> None:
    counts = explainer.change_counts(revision.change)
    title("Exchanged weights", DIFF_HELP)
    st.markdown(as_markdown(diff_text(counts)))
    show = st.segmented_control("Show", list(SHOWN), key=_SHOW, required=True, default="dropped",
                                format_func=SHOWN.__getitem__) or "dropped"
    kinds = (("module", counts.modules), ("head", counts.heads))
    for column, (kind, places) in zip(st.columns(2, gap="medium"), kinds, strict=True):
        with column:
            if places.columns:
                name = f"{SHOWN[show]} weights of {revision.concept}, by layer and {kind}"
                chart(diff_map(places, show, name, kind), diff_table(places, kind), f"{FORM}:{kind}",
                      f"{name}. {diff_text(counts)}")
            else:
                note(f"This backbone names its parts in an unknown way, so weights cannot be counted by {kind}.")


def _words(job: Job, explaining: Work | None, revision: Revision) -> None:
    """Both heatmaps in a fold, drawn when it is open."""
    with st.expander("Words before and after", key=_WORDS, on_change="rerun") as fold:
        if not fold.open:
            return
        with errors_shown():
            found: tuple[Explanation, Explanation] | None = job.result(explaining) if explaining else None
            if found is None:
                note("Being computed…")
                return
            _both_heatmaps(*found, revision)


def _both_heatmaps(before: Explanation, after: Explanation, revision: Revision) -> None:
    old, new = before.attributions[0], after.attributions[0]
    limit, dark = full_colour((old, new)), is_dark()
    for column, name, side in zip(st.columns(2, gap="medium"), ("Before", "After"), (before, after), strict=True):
        with column:
            st.markdown(f"**{name}**")
            st.html(heatmap_html(side.attributions[0], side.prediction.text, limit, dark, side.prediction.truncated))
    st.html(legend_html(limit, dark, target_name(old.target, before.prediction.schema), old.words))
    st.dataframe(pd.DataFrame({"word": [word_name(word) for word in old.words], "before": old.scores.round(4),
                               "after": new.scores.round(4)}), hide_index=True,
                 alt=f"Score of every word for {revision.concept} = {revision.value} before and after, in logits")
    note(as_markdown(receipt_line(after.receipt, str(new.target))))
