"""The cases of a study: drawn at random from a source of the Failures page, predicted in the background."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import streamlit as st

from sparsecbm.data.reviews import Reviews
from sparsecbm.errors import InputError
from sparsecbm.failures.panel_state import GOES_ON, analysis_of, marks, prediction_progress, prediction_work
from sparsecbm.failures.slices import in_words
from sparsecbm.figures.text import counted_documents, label_name, visible
from sparsecbm.service import Explainer
from sparsecbm.studies.design import choose_cases, outcomes_of
from sparsecbm.studies.panel_address import STATE
from sparsecbm.studies.panel_builder_draft import DRAFT, Form
from sparsecbm.studies.panel_builder_slice import PICK, chosen_slice, slice_choice, source_choice
from sparsecbm.studies.protocol import Case
from sparsecbm.ui.action_result import attempt, show_result
from sparsecbm.ui.loaded_model import load_explainer
from sparsecbm.ui.loaded_sources import opened_reviews
from sparsecbm.ui.safe_text import as_markdown, shortened
from sparsecbm.ui.session import session_job
from sparsecbm.ui.shell import errors_shown, note
from sparsecbm.ui.tasks import Job, polling_fragment

CASES_HELP = (
    "Of balanced cases the model gets half right, so that accepting every answer is no better than rejecting every "
    "one; drawn at random, it is right as often as usual. The same seed draws the same cases. Participants never see "
    "the gold label. Practice cases come first in every arm and count for nothing; each arm has its own."
)
#: The most cases that a study may have, and the group of those that are drawn as they come.
MOST_CASES, ANY = 500, "any"
_KEY = "studies:cases"


@dataclass(frozen=True)
class Drawing:
    """How many cases, how many for practice (of all arms together), whether half are right, and the seed."""

    size: int = 12
    practice: int = 4
    balanced: bool = True
    seed: int = 0


DRAWING = Form(_KEY, Drawing)


def cases_part(explainer: Explainer) -> None:
    """Where cases come from, how they are drawn, and those that are."""
    st.markdown("### 2. Cases", help=CASES_HELP)
    _those_drawn(explainer)
    with errors_shown():
        with st.container(horizontal=True, vertical_alignment="bottom", gap="small"):
            reviews = opened_reviews(source_choice(explainer.schema), explainer.schema)
            slice_choice()
        if reviews is None:
            return
        polling_fragment(_job(), prediction_progress, _job(), reviews, _KEY, STATE.run_again)
        if _job().result(prediction_work(explainer, reviews)):
            _form(explainer, reviews)


def drawn(
    reviews: Reviews, predicted: Sequence[int], drawing: Drawing, rows: Sequence[int]
) -> tuple[tuple[Case, ...], tuple[Case, ...]]:
    """The cases and those for practice, of some rows of a source. InputError when there are too few."""
    outcomes = outcomes_of(reviews, predicted)
    groups = outcomes if drawing.balanced else [one and ANY for one in outcomes]
    cases = choose_cases(reviews, groups, drawing.size, drawing.seed, rows)
    taken = {case.id for case in cases}
    left = [row for row in rows if reviews.ids[row] not in taken]
    practice = choose_cases(reviews, [one and ANY for one in outcomes], drawing.practice, drawing.seed, left) \
        if drawing.practice else ()
    known = dict(zip(reviews.ids, outcomes, strict=True))
    return tuple(_with_outcomes(some, known) for some in (cases, practice))  # type: ignore[return-value]


def _with_outcomes(cases: Sequence[Case], known: dict[str, str]) -> tuple[Case, ...]:
    return tuple(replace(case, outcome=known[case.id]) for case in cases)


def _form(explainer: Explainer, reviews: Reviews) -> None:
    with errors_shown():
        rows = _rows(explainer, reviews)
        outcomes = outcomes_of(reviews, analysis_of(explainer, reviews).predicted_labels.tolist())
        there = Counter(outcomes[row] for row in rows)
        schema, among = reviews.schema, as_markdown(in_words(chosen_slice(reviews), reviews.schema))
        note(f"Of {as_markdown(counted_documents(len(rows), schema))} ({among}), the model gets "
             f"{there['right']:,} right and {there['wrong']:,} wrong"
             + (f"; {there['']:,} have no gold label." if there[""] else "."))
    with st.container(horizontal=True, vertical_alignment="bottom", gap="small"):
        st.number_input("Cases", 1, MOST_CASES, **DRAWING.widget("size"), width=120)
        st.number_input("For practice", 0, 50, **DRAWING.widget("practice"), width=120,
                        help="Dealt out over the arms, so that no text comes twice.")
        st.number_input("Seed of the draw", 0, 2**31, **DRAWING.widget("seed"), width=150)
        st.checkbox("Half right, half wrong", **DRAWING.widget("balanced"))
        st.button("Draw them again" if DRAFT.now.cases else "Draw the cases", key=f"{_KEY}:draw", on_click=attempt,
                  args=(_KEY, _draw, "The source cannot be read"), icon=":material/shuffle:",
                  type="secondary" if DRAFT.now.cases else "primary")
    show_result(_KEY)


def _rows(explainer: Explainer, reviews: Reviews) -> list[int]:
    held = chosen_slice(reviews).rows(analysis_of(explainer, reviews), marks())
    return np.flatnonzero(held).tolist()


def _draw() -> str:
    explainer = load_explainer()
    reviews = opened_reviews(PICK.now.source, explainer.schema)
    if reviews is None:
        raise InputError("No table is loaded; allowed: a source with documents. Load one on the Failures page.")
    predicted = analysis_of(explainer, reviews).predicted_labels.tolist()
    rows = _rows(explainer, reviews)
    cases, practice = drawn(reviews, predicted, DRAWING.now, rows)
    where = f"{reviews.name}, {in_words(chosen_slice(reviews), reviews.schema)}, seed {DRAWING.now.seed}"
    DRAFT.change(cases=cases, practice=practice, data_hash=reviews.digest, source=where)
    return f"{len(cases)} cases and {len(practice)} for practice are drawn."


def _those_drawn(explainer: Explainer) -> None:
    """The cases of the draft, with what participants do not see."""
    draft, schema = DRAFT.now, explainer.schema
    if not draft.cases:
        note("None yet: choose a source and draw.")
        return
    counts = Counter(case.outcome for case in draft.cases)
    said = ", ".join(f"{count} {as_markdown(name or 'without an outcome')}" for name, count in sorted(counts.items()))
    st.markdown(f"**{len(draft.cases)} cases** ({said} for the model) and **{len(draft.practice)} for practice**, from "
                f"{as_markdown(draft.source)}.")
    fold = st.expander("Read them", key=f"{_KEY}:read", on_change="rerun")
    if fold.open:
        every = [*((case, "practice") for case in draft.practice), *((case, case.outcome) for case in draft.cases)]
        fold.dataframe({
            "case": [case.id for case, _ in every], "the model is": [what for _, what in every],
            f"true {schema.label_title}": [label_name(case.label, schema) for case, _ in every],
            "text": [visible(shortened(case.text, 300)) for case, _ in every],
        }, hide_index=True, alt="The cases that were drawn")


def _job() -> Job:
    return session_job("studies:predicting", GOES_ON)
