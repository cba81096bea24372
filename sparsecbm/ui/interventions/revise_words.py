"""The words for the wanted value, before a revision and after it."""

import pandas as pd
import streamlit as st

from sparsecbm.edits.edit import Revision
from sparsecbm.explain.methods import method_named
from sparsecbm.explainer import Explainer
from sparsecbm.figures.heatmap import full_colour, heatmap_html, legend_html
from sparsecbm.figures.names import receipt_line, target_name
from sparsecbm.types import Explanation, Target
from sparsecbm.ui.address import View
from sparsecbm.ui.job import Job, Progress, Work
from sparsecbm.ui.markdown import as_markdown
from sparsecbm.ui.shell import errors_shown, is_dark, note

_WORDS = "interventions:revise:words"


def words_work(explainer: Explainer, view: View, revisions: tuple[Revision, ...], number: int) -> Work:
    """The words for the wanted value before and after the revision, by the view's method."""
    target = Target(revisions[number].concept, revisions[number].value)
    changes = tuple(revision.change for revision in revisions[: number + 1])

    def run(progress: Progress) -> tuple[Explanation, Explanation]:
        def explained(some: int, start: float) -> Explanation:
            return explainer.explain(view.text, (target,), view.method, view.steps, view.residual,
                                     lambda share: progress(start + share / 2), changes[:some])

        return explained(number, 0.0), explained(number + 1, 0.5)

    key = ("revised words", explainer.checkpoint.hash, view.text, view.method, view.steps, view.residual, target,
           tuple(change.digest for change in changes))
    return Work(key, method_named(view.method).title, run)


def words_open() -> bool:
    """True while somebody looks at the words before and after."""
    return bool(st.session_state.get(_WORDS))


def words_view(job: Job, reading: Work | None, revision: Revision) -> None:
    """Both heatmaps in a fold, drawn once it is open."""
    with st.expander("The words before and after", key=_WORDS, on_change="rerun") as fold:
        if not fold.open:
            return
        with errors_shown():
            found: tuple[Explanation, Explanation] | None = job.result(reading) if reading else None
            if found is None:
                note("Being worked out…")
                return
            _both_heatmaps(*found, revision)


def _both_heatmaps(before: Explanation, after: Explanation, revision: Revision) -> None:
    old, new = before.attributions[0], after.attributions[0]
    limit, dark = full_colour((old, new)), is_dark()
    for column, name, side in zip(st.columns(2, gap="medium"), ("Before the revision", "After it"), (before, after),
                                  strict=True):
        with column:
            st.markdown(f"**{name}**")
            st.html(heatmap_html(side.attributions[0], side.prediction.text, limit, dark, side.prediction.truncated))
    st.html(legend_html(limit, dark, target_name(old.target, before.prediction.schema)))
    st.dataframe(pd.DataFrame({"word": [word.text for word in old.words], "before": old.scores.round(4),
                               "after": new.scores.round(4)}), hide_index=True,
                 alt=f"Score of every word for {revision.concept} = {revision.value} before and after, in logits")
    note(as_markdown(receipt_line(after.receipt, str(new.target))))
