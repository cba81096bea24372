"""The words for the wanted value, before a revision and after it."""

from collections.abc import Callable
from dataclasses import dataclass

import pandas as pd
import streamlit as st

from sparsecbm.figures.text import percent, receipt_line, target_name
from sparsecbm.revision.compute import DEFAULT_PORTION, DEFAULT_STEPS, MOST_PORTION, MOST_STEPS
from sparsecbm.revision.edit import Revision
from sparsecbm.revision.history import State
from sparsecbm.revision.panel_session import read_only
from sparsecbm.service import Explainer
from sparsecbm.types import Explanation, Target
from sparsecbm.ui.session import current_view
from sparsecbm.ui.shell import errors_shown, is_dark, note
from sparsecbm.ui.tasks import Job, Progress, Work
from sparsecbm.ui.text import as_markdown
from sparsecbm.ui.view import View
from sparsecbm.words.figure import full_colour, heatmap_html, legend_html
from sparsecbm.words.methods import method_named

#: The start of all keys of the panel.
FORM = "interventions:revise"
PORTION_HELP = "The most that may be exchanged, in percent of the active weights of each matrix."
WAY_HELP = (
    "**Until it agrees** exchanges step by step, stops when the concept is as wanted, and takes back what was not "
    "needed. **One step** exchanges the whole portion at once."
)
ONE_STEP, UNTIL = "One step", "Until it agrees"


@dataclass(frozen=True)
class Asked:
    """A revision that was asked for, and after which changes of this session's it is to be made."""

    text: str
    concept: str
    value: str
    portion: float
    steps: int
    smallest: bool
    residual: bool
    after: tuple[str, ...]


def revision_form(explainer: Explainer, now: State, ask: Callable[[Asked], None]) -> None:
    """Draw the form; its button has `ask` called with what it says."""
    schema, view = explainer.schema, current_view()
    reading = explainer.predict_changed(view.text, now.changes)
    with st.container(horizontal=True, vertical_alignment="bottom", gap="medium", key=f"{FORM}:form"):
        concept = st.selectbox("Concept", schema.concepts, key=f"{FORM}:concept", width=170)
        k, is_read = schema.concept_index(concept), reading.value(concept)
        share = float(reading.concept_probabilities[k].max())
        others = [value for value in schema.values if value != is_read]
        value = st.selectbox("Should be", schema.values, schema.value_index(others[0]), width=150,
                             key=f"{FORM}:value:{k}")
        portion = st.slider("At most, percent", 0.1, 100 * MOST_PORTION, 100 * DEFAULT_PORTION, 0.1, "%.1f %%",
                            key=f"{FORM}:portion", width=200, help=PORTION_HELP)
        way = st.segmented_control("How", (UNTIL, ONE_STEP), key=f"{FORM}:way", required=True, default=UNTIL,
                                   help=WAY_HELP)
        steps = st.number_input("Steps at most", 1, MOST_STEPS, DEFAULT_STEPS, key=f"{FORM}:steps", width=130,
                                disabled=way == ONE_STEP)
        asked = Asked(view.text, concept, value, round(portion / 100, 4), 1 if way == ONE_STEP else int(steps),
                      way != ONE_STEP, view.residual, digests(now))
        st.button("Revise", key=f"{FORM}:do", type="primary", on_click=ask, args=(asked,),
                  disabled=read_only() or is_read == value)
    name, read_as = as_markdown(concept), as_markdown(is_read)
    if is_read == value:
        st.markdown(f":material/check_circle: **{name}** is read as **{read_as}** already ({percent(share)}): there is "
                    "nothing to revise.")
    else:
        st.markdown(f"**{name}** is now read as **{read_as}** ({percent(share)}).")


def digests(now: State) -> tuple[str, ...]:
    """What tells the revisions in force from others."""
    return tuple(change.digest for change in now.changes)


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
