"""The rows of the slice in pictures: outcomes, labels true and given, concepts misread. What is pressed is the slice.

Each picture leaves out its own part of the slice, so that what was pressed stands among what could be pressed instead.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

import numpy as np
import pandas as pd
import streamlit as st
from jaxtyping import Int

from sparsecbm.deck.parts import Part, Passage
from sparsecbm.failures.error_analysis import ErrorAnalysis, Rows, concept_errors, label_confusion
from sparsecbm.failures.figure_confusion import (
    confusion_map,
    confusion_table,
    confusion_text,
    errors_by_value,
    errors_text,
    errors_together,
    together_table,
    value_table,
)
from sparsecbm.failures.figure_outcomes import outcome_bars, outcome_rates, outcome_table, outcome_text
from sparsecbm.failures.outcomes import Outcome
from sparsecbm.failures.panel_address import ordered
from sparsecbm.failures.panel_error_slices import found_slices
from sparsecbm.failures.panel_state import STATE, marks, set_slice, the_slice
from sparsecbm.failures.panel_table import table_page
from sparsecbm.failures.slices import in_words
from sparsecbm.figures.cells import Cells
from sparsecbm.figures.text import percent
from sparsecbm.service import Explainer
from sparsecbm.types import Explanation
from sparsecbm.ui.chart import chart, title
from sparsecbm.ui.pin import pin
from sparsecbm.ui.scene_parts import Draw, chart_part, failure_parts, table_part, words_parts
from sparsecbm.ui.session import seed_widget
from sparsecbm.ui.shell import note
from sparsecbm.ui.text import as_markdown

#: So many of a slice's reviews are kept with it.
MOST_KEPT = 20


def slice_title(analysis: ErrorAnalysis) -> str:
    """The slice in words, e.g. "noise = Negative, more than 40 words"."""
    words = in_words(the_slice(), analysis.reviews.schema)
    return f"{words[:1].upper()}{words[1:]}"


def slice_text(analysis: ErrorAnalysis, rows: Rows) -> str:
    """How many reviews a slice has, and how often the label is wrong there, beside all of them."""
    title, rate, every = analysis.reviews.schema.label_title, analysis.error_rate(rows), analysis.error_rate(
        np.ones(len(analysis), dtype=bool))
    said = f"{in_words(the_slice(), analysis.reviews.schema)}: {int(rows.sum()):,} of {len(analysis):,} reviews"
    if rate.share is None or every.share is None:
        return f"{said}; the true {title} is not told of any of them."
    low, high = rate.interval
    return (f"{said}. The {title} is wrong in {rate.hits:,} of {rate.n:,}, {percent(rate.share)} (95 % interval "
            f"{100 * low:.0f} to {100 * high:.0f}); in all reviews {percent(every.share)}.")


def slice_parts(
    analysis: ErrorAnalysis, rows: Rows, numbers: Int[np.ndarray, " shown"], charts: Sequence[Part]
) -> tuple[Part, ...]:
    """What the slice is, the pictures that are on screen, and its first reviews, `numbers` in the table's order."""
    table = table_page(analysis, numbers[:MOST_KEPT], None)
    return (Passage(slice_text(analysis, rows)), *charts, *([table_part(table.drop(columns=""))] if len(table) else []))


def row_title(analysis: ErrorAnalysis, row: int) -> str:
    """What is told of a review and what the model says."""
    schema, told = analysis.reviews.schema, int(analysis.reviews.labels[row])
    said = schema.label_display[int(analysis.predicted_labels[row])]
    return f"It says {said}" if told < 0 else f"Truly {schema.label_display[told]}, it says {said}"


def row_parts(explainer: Explainer, analysis: ErrorAnalysis, row: int, words: Explanation | None) -> tuple[Part, ...]:
    """The review, what the model says beside what is told, and the words it went by where they are on screen."""
    reviews, schema = analysis.reviews, analysis.reviews.schema
    label = None if reviews.labels[row] < 0 else schema.labels[int(reviews.labels[row])]
    told = {concept: schema.values[int(reviews.values[row, k])] for k, concept in enumerate(schema.concepts)
            if analysis.value_known[row, k]}
    return (*failure_parts(explainer.predict(reviews.texts[row]), label, told),
            *([] if words is None else words_parts(words)))


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


@dataclass(frozen=True)
class Picture:
    """A chart of the slice, with what becomes of the slice when a part of it is pressed."""

    heading: str
    help: str
    drawn: Draw | Cells
    table: pd.DataFrame
    key: str
    alt: str
    pressed: Callable[[Any], None]


def pictures(analysis: ErrorAnalysis) -> None:
    """One group of pictures at a time; the others cost nothing."""
    groups: Mapping[str, Callable[[ErrorAnalysis], Sequence[Picture]]] = {
        "Outcomes": _outcomes, "Concept errors": _concepts, "Error slices": _found}
    start: str = st.session_state.get(_SHOWN) or next(iter(groups))
    with st.container(horizontal=True, vertical_alignment="center", gap="small"):
        shown = st.segmented_control("Picture", list(groups), default=seed_widget(_SHOWN, start), key=_SHOWN,
                                     required=True, label_visibility="collapsed")
        bar = st.container(width="content")
    found = groups[shown](analysis)
    for column, picture in zip(st.columns(2, gap="medium"), found, strict=False):
        with column:
            title(picture.heading, picture.help)
            chart(picture.drawn, picture.table, picture.key, picture.alt, picture.pressed)
    if found and found[-1].key == "failures:confusion":
        st.markdown(as_markdown(found[-1].alt))
    with bar:
        pin(f"failures:slice:{abs(hash(the_slice())):x}", partial(slice_title, analysis), partial(_scene, analysis, found))


def _scene(analysis: ErrorAnalysis, found: Sequence[Picture]) -> tuple[Part, ...]:
    rows = the_slice().rows(analysis, marks())
    return slice_parts(analysis, rows, ordered(analysis, rows, STATE.current.sort),
                       [chart_part(picture.drawn, picture.table, picture.alt) for picture in found])


def _outcomes(analysis: ErrorAnalysis) -> Sequence[Picture]:
    schema, name = analysis.reviews.schema, as_markdown(analysis.reviews.schema.label_title)
    if not analysis.reviews.has_labels:
        note(f"The source does not tell the true {name}, so nothing can be called right or wrong.")
        return ()
    rows, crossed = _among(analysis, "outcomes"), _among(analysis, "true_labels", "predicted_labels") & analysis.label_known
    rates, counts = outcome_rates(analysis.outcomes[rows]), label_confusion(analysis, crossed)
    now, place, found = the_slice(), schema.labels.index, list[Picture]()
    if _some(rows):
        found.append(Picture(
            "What became of the reviews", OUTCOME_HELP,
            lambda dark: outcome_bars(rates, schema, f"Outcomes of {int(rows.sum()):,} reviews", dark, now.outcomes),
            outcome_table(rates, schema), "failures:outcomes", outcome_text(rates, schema), _outcome_pressed))
    if crossed.any() or (rows.any() and _some(crossed)):  # said once, not twice
        chosen = tuple((place(true), place(said)) for true in now.true_labels for said in now.predicted_labels)
        heading = f"{schema.label_title.capitalize()} of {counts.sum():,} reviews"
        found.append(Picture(
            f"The {name}, true and given", CONFUSION_HELP,
            confusion_map(counts, schema, heading, chosen), confusion_table(counts, schema),
            "failures:confusion", confusion_text(counts, schema),
            lambda cell: set_slice(replace(the_slice(), true_labels=(schema.labels[cell[0]],),
                                           predicted_labels=(schema.labels[cell[1]],)))))
    return found


def _concepts(analysis: ErrorAnalysis) -> Sequence[Picture]:
    schema, now = analysis.reviews.schema, the_slice()
    if not analysis.value_known.any():
        note("The model has no concepts to misread." if not analysis.has_concepts else
             "The source does not tell the true value of any concept.")
        return ()
    rows = _among(analysis, "true_values", "misread")
    if not _some(rows & analysis.value_known.any(1)):
        return ()
    errors, size = concept_errors(analysis, rows), f"{int(rows.sum()):,} reviews"
    names, values = schema.concepts, schema.values
    said = f"Misread: {errors_text(errors, schema)}"
    chosen = tuple((names.index(concept), values.index(value)) for concept, value in now.true_values if concept in now.misread)
    places = tuple(names.index(concept) for concept in now.misread)
    pair = tuple({(places[0], places[-1]), (places[-1], places[0])}) if len(places) in (1, 2) and not now.true_values else ()
    return (
        Picture("Which values are misread", VALUE_HELP,
                errors_by_value(errors, schema, f"Misread, by the true value, {size}", chosen),
                value_table(errors, schema), "failures:values", said,
                lambda cell: set_slice(replace(the_slice(), true_values=((names[cell[0]], values[cell[1]]),),
                                               misread=(names[cell[0]],)))),
        Picture("Which are misread together", TOGETHER_HELP,
                errors_together(errors, schema, f"Misread in the same review, {size}", pair),
                together_table(errors, schema), "failures:together", said,
                lambda cell: set_slice(replace(the_slice(), true_values=(), misread=tuple(dict.fromkeys(
                    names[place] for place in cell))))),
    )


def _found(analysis: ErrorAnalysis) -> Sequence[Picture]:
    """Slices that were found have a picture of their own, of other reviews than the slice's."""
    found_slices(analysis)
    return ()


def _among(analysis: ErrorAnalysis, *own: str) -> Rows:
    """The rows of the slice without a picture's own part of it."""
    return the_slice().without(*own).rows(analysis, marks())


def _some(rows: Rows) -> bool:
    if not rows.any():
        note("No review whose truth is told fits the conditions of the slice. Take one away to see more.")
    return bool(rows.any())


def _outcome_pressed(pressed: Sequence[str]) -> None:
    set_slice(replace(the_slice(), outcomes=(Outcome(pressed[0]),)))
