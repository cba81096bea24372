"""The slice in pictures: outcomes, true and predicted labels, misread concepts. A press on a picture sets the slice.

Each picture ignores its own condition of the slice, so that the pressed part stays among those that can be pressed.
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
    common_error,
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
from sparsecbm.failures.panel_address import STATE, ordered
from sparsecbm.failures.panel_error_slices import found_slices
from sparsecbm.failures.panel_state import marks, set_slice, the_slice
from sparsecbm.failures.panel_table import table_page
from sparsecbm.failures.slices import in_words
from sparsecbm.figures.cell_table import Cells
from sparsecbm.figures.text import counted_documents, percent
from sparsecbm.service import Explainer
from sparsecbm.types import Explanation
from sparsecbm.ui.chart import chart, title
from sparsecbm.ui.pin import pin
from sparsecbm.ui.safe_text import as_markdown
from sparsecbm.ui.scene_parts import Draw, chart_part, failure_parts, table_part, words_parts
from sparsecbm.ui.session import seed_widget
from sparsecbm.ui.shell import note

#: So many of a slice's documents are pinned with it.
MOST_KEPT = 20


def slice_title(analysis: ErrorAnalysis) -> str:
    """The slice in words, e.g. "noise = Negative, more than 40 words"."""
    words = in_words(the_slice(), analysis.reviews.schema)
    return f"{words[:1].upper()}{words[1:]}"


def slice_text(analysis: ErrorAnalysis, rows: Rows) -> str:
    """How many documents a slice has, and how often the label is wrong there and in all of them."""
    title, rate, every = analysis.reviews.schema.label_title, analysis.error_rate(rows), analysis.error_rate(
        np.ones(len(analysis), dtype=bool))
    schema = analysis.reviews.schema
    said = f"{in_words(the_slice(), schema)}: {int(rows.sum()):,} of {counted_documents(len(analysis), schema)}"
    if rate.share is None or every.share is None:
        return f"{said}; none has a labelled {title}."
    low, high = rate.interval
    return (f"{said}. The {title} is wrong in {rate.hits:,} of {rate.n:,}, {percent(rate.share)} (95 % interval "
            f"{100 * low:.0f} to {100 * high:.0f}); in all {percent(every.share)}.")


def slice_parts(
    analysis: ErrorAnalysis, rows: Rows, numbers: Int[np.ndarray, " shown"], charts: Sequence[Part]
) -> tuple[Part, ...]:
    """What the slice is, the pictures on screen, and its first documents, `numbers` in the table's order."""
    table = table_page(analysis, numbers[:MOST_KEPT], None)
    return (Passage(slice_text(analysis, rows)), *charts, *([table_part(table.drop(columns=""))] if len(table) else []))


def row_title(analysis: ErrorAnalysis, row: int) -> str:
    """The gold label of a document and the predicted one."""
    schema, gold = analysis.reviews.schema, int(analysis.reviews.labels[row])
    said = schema.label_display[int(analysis.predicted_labels[row])]
    return f"Predicted {said}" if gold < 0 else f"True {schema.label_display[gold]}, predicted {said}"


def row_parts(explainer: Explainer, analysis: ErrorAnalysis, row: int, words: Explanation | None) -> tuple[Part, ...]:
    """The document, its gold and predicted answers, and the words behind the label where they are on screen."""
    reviews, schema = analysis.reviews, analysis.reviews.schema
    label = None if reviews.labels[row] < 0 else schema.labels[int(reviews.labels[row])]
    gold = {concept: schema.values[int(reviews.values[row, k])] for k, concept in enumerate(schema.concepts)
            if analysis.value_known[row, k]}
    return (*failure_parts(explainer.predict(reviews.texts[row]), label, gold),
            *([] if words is None else words_parts(words)))


OUTCOME_HELP = (
    "Every text once. Concepts are right when none of the labelled ones is misread. Whiskers are 95 % intervals for "
    "texts like these. Press a bar to list its texts."
)
CONFUSION_HELP = (
    "Rows are the truth, columns the prediction; the diagonal is right. The colour is the share of the row. Press a "
    "cell to list its texts."
)
VALUE_HELP = (
    "Of the texts in which a concept truly has a value, how many are predicted with another one. Press a cell to "
    "list those."
)
TOGETHER_HELP = (
    "Texts in which both concepts are misread; on the diagonal, those in which the concept is. The colour is the "
    "share of the row's diagonal. Hover to see how many there would be if the two were misread independently. Press a "
    "cell to see its texts."
)
_SHOWN = "failures:pictures"


@dataclass(frozen=True)
class Picture:
    """A chart of the slice, and what a press on a part of it does. `finding` is what it shows, in a sentence."""

    heading: str
    help: str
    drawn: Draw | Cells
    table: pd.DataFrame
    key: str
    alt: str
    pressed: Callable[[Any], None]
    finding: str = ""


def pictures(analysis: ErrorAnalysis) -> None:
    """One group of pictures at a time, with its finding; the others cost nothing."""
    groups: Mapping[str, Callable[[ErrorAnalysis], Sequence[Picture]]] = {
        "Outcomes": _outcomes, "Concept errors": _concepts, "Error slices": _found}
    start: str = st.session_state.get(_SHOWN) or next(iter(groups))
    with st.container(horizontal=True, vertical_alignment="center", gap="small"):
        shown = st.segmented_control("Picture", list(groups), default=seed_widget(_SHOWN, start), key=_SHOWN,
                                     required=True, label_visibility="collapsed")
        bar = st.container(width="content")
    found = groups[shown](analysis)
    for finding in dict.fromkeys(picture.finding for picture in found if picture.finding):
        st.markdown(as_markdown(finding))
    for column, picture in zip(st.columns(2, gap="medium"), found, strict=False):
        with column:
            title(picture.heading, picture.help)
            chart(picture.drawn, picture.table, picture.key, picture.alt, picture.pressed)
    with bar:
        pin(f"failures:slice:{abs(hash(the_slice())):x}", partial(slice_title, analysis),
            partial(_scene, analysis, found))


def _scene(analysis: ErrorAnalysis, found: Sequence[Picture]) -> tuple[Part, ...]:
    rows = the_slice().rows(analysis, marks())
    return slice_parts(analysis, rows, ordered(analysis, rows, STATE.current.sort),
                       [chart_part(picture.drawn, picture.table, picture.alt) for picture in found])


def _outcomes(analysis: ErrorAnalysis) -> Sequence[Picture]:
    schema, name = analysis.reviews.schema, as_markdown(analysis.reviews.schema.label_title)
    if not analysis.reviews.has_labels:
        note(f"This source has no labelled {name}, so nothing can be called right or wrong.")
        return ()
    rows = _among(analysis, "outcomes")
    crossed = _among(analysis, "true_labels", "predicted_labels") & analysis.label_known
    rates, counts = outcome_rates(analysis.outcomes[rows]), label_confusion(analysis, crossed)
    now, place, found = the_slice(), schema.labels.index, list[Picture]()
    if _some(rows):
        found.append(Picture(
            "Outcomes", OUTCOME_HELP,
            lambda dark: outcome_bars(rates, schema, f"Outcomes of {counted_documents(int(rows.sum()), schema)}", dark,
                                      now.outcomes),
            outcome_table(rates, schema), "failures:outcomes", outcome_text(rates, schema), _outcome_pressed))
    if crossed.any() or (rows.any() and _some(crossed)):  # said once, not twice
        chosen = tuple((place(true), place(said)) for true in now.true_labels for said in now.predicted_labels)
        heading = f"{schema.label_title.capitalize()} of {counted_documents(int(counts.sum()), schema)}"
        found.append(Picture(
            f"True and predicted {name}", CONFUSION_HELP,
            confusion_map(counts, schema, heading, chosen), confusion_table(counts, schema),
            "failures:confusion", confusion_text(counts, schema),
            lambda cell: set_slice(replace(the_slice(), true_labels=(schema.labels[cell[0]],),
                                           predicted_labels=(schema.labels[cell[1]],))),
            common_error(counts, schema)))
    return found


def _concepts(analysis: ErrorAnalysis) -> Sequence[Picture]:
    schema, now = analysis.reviews.schema, the_slice()
    if not analysis.value_known.any():
        note("The model has no concepts to misread." if not analysis.has_concepts else
             "No concept of this source is labelled.")
        return ()
    rows = _among(analysis, "true_values", "misread")
    if not _some(rows & analysis.value_known.any(1)):
        return ()
    errors, size = concept_errors(analysis, rows), counted_documents(int(rows.sum()), schema)
    names, values = schema.concepts, schema.values
    said = f"Misread: {errors_text(errors, schema)}"
    chosen = tuple((names.index(concept), values.index(value)) for concept, value in now.true_values
                   if concept in now.misread)
    places = tuple(names.index(concept) for concept in now.misread)
    pair = tuple({(places[0], places[-1]), (places[-1], places[0])}) \
        if len(places) in (1, 2) and not now.true_values else ()
    return (
        Picture("Which values are misread", VALUE_HELP,
                errors_by_value(errors, schema, f"Misread, by the true value, {size}", chosen),
                value_table(errors, schema), "failures:values", said,
                lambda cell: set_slice(replace(the_slice(), true_values=((names[cell[0]], values[cell[1]]),),
                                               misread=(names[cell[0]],))), said),
        Picture("Which are misread together", TOGETHER_HELP,
                errors_together(errors, schema, f"Misread in the same {schema.document}, {size}", pair),
                together_table(errors, schema), "failures:together", said,
                lambda cell: set_slice(replace(the_slice(), true_values=(), misread=tuple(dict.fromkeys(
                    names[place] for place in cell))))),
    )


def _found(analysis: ErrorAnalysis) -> Sequence[Picture]:
    """Error slices have a picture of their own, of all documents of the source."""
    found_slices(analysis)
    return ()


def _among(analysis: ErrorAnalysis, *own: str) -> Rows:
    """The rows of the slice without a picture's own condition."""
    return the_slice().without(*own).rows(analysis, marks())


def _some(rows: Rows) -> bool:
    if not rows.any():
        note("No labelled text fits the filters. Remove one to see more.")
    return bool(rows.any())


def _outcome_pressed(pressed: Sequence[str]) -> None:
    set_slice(replace(the_slice(), outcomes=(Outcome(pressed[0]),)))
