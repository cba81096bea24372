"""The rows of the slice in pictures: outcomes, labels true and given, concepts misread. What is pressed is the slice.

Each picture leaves out its own part of the slice, so that what was pressed stands among what could be pressed instead.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace

import streamlit as st

from sparsecbm.failures.confusion import concept_errors, label_confusion
from sparsecbm.failures.judged import Judged, Rows
from sparsecbm.failures.outcomes import Outcome
from sparsecbm.figures.concept_errors import errors_by_value, errors_text, errors_together, together_table, value_table
from sparsecbm.figures.confusion import confusion_map, confusion_table, confusion_text
from sparsecbm.figures.outcomes import outcome_bars, outcome_rates, outcome_table, outcome_text
from sparsecbm.ui.chart import chart, title
from sparsecbm.ui.failures.found import found_slices
from sparsecbm.ui.failures.state import marks, set_slice, the_slice
from sparsecbm.ui.markdown import as_markdown
from sparsecbm.ui.session import seed_widget
from sparsecbm.ui.shell import note

OUTCOME_HELP = (
    "Every review once. Concepts are right when no concept whose true value is told is misread. Whiskers are 95 % "
    "intervals for reviews like these. Press a bar to see its reviews."
)
CONFUSION_HELP = (
    "Rows are the truth, columns what the model gives; the diagonal is right. The colour is the share of the row. "
    "Press a cell to see its reviews."
)
VALUE_HELP = (
    "Of the reviews in which a concept truly has a value, how many are read otherwise. Press a cell to see those."
)
TOGETHER_HELP = (
    "Reviews in which both concepts are misread; on the diagonal, those in which the concept is. The colour is the "
    "share of the row's diagonal. Hover to see how many there would be if the two were misread independently. Press a "
    "cell to see its reviews."
)
_SHOWN = "failures:pictures"


def pictures(judged: Judged) -> None:
    """One group of pictures at a time; the others cost nothing."""
    groups: Mapping[str, Callable[[Judged], None]] = {
        "Outcomes": _outcomes, "Concept errors": _concepts, "Error slices": found_slices}
    start: str = st.session_state.get(_SHOWN) or next(iter(groups))
    shown = st.segmented_control("Picture", list(groups), default=seed_widget(_SHOWN, start), key=_SHOWN, required=True,
                                 label_visibility="collapsed")
    groups[shown](judged)


def _outcomes(judged: Judged) -> None:
    schema = judged.reviews.schema
    name = as_markdown(schema.label_title)
    if not judged.reviews.labels_told:
        note(f"The source does not tell the true {name}, so nothing can be called right or wrong.")
        return
    rows, crossed = _among(judged, "outcomes"), _among(judged, "true", "said") & judged.label_known
    rates, counts = outcome_rates(judged.outcomes[rows]), label_confusion(judged, crossed)
    now, place = the_slice(), schema.labels.index
    left, right = st.columns([1, 1], gap="medium")
    with left:
        title("What became of the reviews", OUTCOME_HELP)
        if _some(rows):
            chart(lambda dark: outcome_bars(rates, schema, f"Outcomes of {int(rows.sum()):,} reviews", dark,
                                            now.outcomes),
                  outcome_table(rates, schema), "failures:outcomes", outcome_text(rates, schema), _outcome_pressed)
            st.markdown(as_markdown(confusion_text(counts, schema)))
    with right:
        title(f"The {name}, true and given", CONFUSION_HELP)
        if _some(crossed):
            chosen = tuple((place(true), place(said)) for true in now.true for said in now.said)
            chart(lambda dark: confusion_map(
                counts, schema, f"{schema.label_title.capitalize()} of {counts.sum():,} reviews", dark, chosen),
                  confusion_table(counts, schema), "failures:confusion", confusion_text(counts, schema),
                  lambda cell: set_slice(replace(the_slice(), true=(schema.labels[cell[0]],),
                                                 said=(schema.labels[cell[1]],))))


def _concepts(judged: Judged) -> None:
    schema, now = judged.reviews.schema, the_slice()
    if not judged.value_known.any():
        note("The model has no concepts to misread." if not judged.concepts_read else
             "The source does not tell the true value of any concept.")
        return
    rows = _among(judged, "told", "misread")
    if not _some(rows & judged.value_known.any(1)):
        return
    errors, size = concept_errors(judged, rows), f"{int(rows.sum()):,} reviews"
    names, values = schema.concepts, schema.values
    left, right = st.columns([1, 1], gap="medium")
    with left:
        title("Which values are misread", VALUE_HELP)
        chosen = tuple((names.index(concept), values.index(value)) for concept, value in now.told
                       if concept in now.misread)
        chart(lambda dark: errors_by_value(errors, schema, f"Misread, by the true value, {size}", dark, chosen),
              value_table(errors, schema), "failures:values", f"Misread: {errors_text(errors, schema)}",
              lambda cell: set_slice(replace(the_slice(), told=((names[cell[0]], values[cell[1]]),),
                                             misread=(names[cell[0]],))))
    with right:
        title("Which are misread together", TOGETHER_HELP)
        places = tuple(names.index(concept) for concept in now.misread)
        pair = tuple({(places[0], places[-1]), (places[-1], places[0])}) if len(places) in (1, 2) and not now.told \
            else ()
        chart(lambda dark: errors_together(errors, schema, f"Misread in the same review, {size}", dark, pair),
              together_table(errors, schema), "failures:together", f"Misread: {errors_text(errors, schema)}",
              lambda cell: set_slice(replace(the_slice(), told=(), misread=tuple(dict.fromkeys(
                  names[place] for place in cell)))))


def _among(judged: Judged, *own: str) -> Rows:
    """The rows of the slice without a picture's own part of it."""
    return the_slice().without(*own).rows(judged, marks())


def _some(rows: Rows) -> bool:
    if not rows.any():
        note("No review whose truth is told fits the conditions of the slice. Take one away to see more.")
    return bool(rows.any())


def _outcome_pressed(pressed: Sequence[str]) -> None:
    set_slice(replace(the_slice(), outcomes=(Outcome(pressed[0]),)))
