"""The rows of the slice in pictures: outcomes, labels true and given, concepts misread. What is pressed is the slice.

Each picture leaves out its own part of the slice, so that what was pressed stands among what could be pressed instead.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

import pandas as pd
import streamlit as st

from sparsecbm.deck.parts import Part
from sparsecbm.failures.confusion import concept_errors, label_confusion
from sparsecbm.failures.judged import Judged, Rows
from sparsecbm.failures.outcomes import Outcome
from sparsecbm.figures.cells import Cells
from sparsecbm.figures.concept_errors import errors_by_value, errors_text, errors_together, together_table, value_table
from sparsecbm.figures.confusion import confusion_map, confusion_table, confusion_text
from sparsecbm.figures.outcomes import outcome_bars, outcome_rates, outcome_table, outcome_text
from sparsecbm.ui.chart import chart, title
from sparsecbm.ui.deck.parts import Draw, chart_part
from sparsecbm.ui.deck.pinning import pin
from sparsecbm.ui.failures.found import found_slices
from sparsecbm.ui.failures.order import ordered
from sparsecbm.ui.failures.scene import slice_parts, slice_title
from sparsecbm.ui.failures.state import KEPT, marks, set_slice, the_slice
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


def pictures(judged: Judged) -> None:
    """One group of pictures at a time; the others cost nothing."""
    groups: Mapping[str, Callable[[Judged], Sequence[Picture]]] = {
        "Outcomes": _outcomes, "Concept errors": _concepts, "Error slices": _found}
    start: str = st.session_state.get(_SHOWN) or next(iter(groups))
    with st.container(horizontal=True, vertical_alignment="center", gap="small"):
        shown = st.segmented_control("Picture", list(groups), default=seed_widget(_SHOWN, start), key=_SHOWN,
                                     required=True, label_visibility="collapsed")
        bar = st.container(width="content")
    found = groups[shown](judged)
    for column, picture in zip(st.columns(2, gap="medium"), found, strict=False):
        with column:
            title(picture.heading, picture.help)
            chart(picture.drawn, picture.table, picture.key, picture.alt, picture.pressed)
    if found and found[-1].key == "failures:confusion":
        st.markdown(as_markdown(found[-1].alt))
    with bar:
        pin(f"failures:slice:{abs(hash(the_slice())):x}", partial(slice_title, judged), partial(_scene, judged, found))


def _scene(judged: Judged, found: Sequence[Picture]) -> tuple[Part, ...]:
    rows = the_slice().rows(judged, marks())
    return slice_parts(judged, rows, ordered(judged, rows, KEPT.current.sort),
                       [chart_part(picture.drawn, picture.table, picture.alt) for picture in found])


def _outcomes(judged: Judged) -> Sequence[Picture]:
    schema, name = judged.reviews.schema, as_markdown(judged.reviews.schema.label_title)
    if not judged.reviews.labels_told:
        note(f"The source does not tell the true {name}, so nothing can be called right or wrong.")
        return ()
    rows, crossed = _among(judged, "outcomes"), _among(judged, "true", "said") & judged.label_known
    rates, counts = outcome_rates(judged.outcomes[rows]), label_confusion(judged, crossed)
    now, place, found = the_slice(), schema.labels.index, list[Picture]()
    if _some(rows):
        found.append(Picture(
            "What became of the reviews", OUTCOME_HELP,
            lambda dark: outcome_bars(rates, schema, f"Outcomes of {int(rows.sum()):,} reviews", dark, now.outcomes),
            outcome_table(rates, schema), "failures:outcomes", outcome_text(rates, schema), _outcome_pressed))
    if crossed.any() or (rows.any() and _some(crossed)):  # said once, not twice
        chosen = tuple((place(true), place(said)) for true in now.true for said in now.said)
        heading = f"{schema.label_title.capitalize()} of {counts.sum():,} reviews"
        found.append(Picture(
            f"The {name}, true and given", CONFUSION_HELP,
            confusion_map(counts, schema, heading, chosen), confusion_table(counts, schema),
            "failures:confusion", confusion_text(counts, schema),
            lambda cell: set_slice(replace(the_slice(), true=(schema.labels[cell[0]],),
                                           said=(schema.labels[cell[1]],)))))
    return found


def _concepts(judged: Judged) -> Sequence[Picture]:
    schema, now = judged.reviews.schema, the_slice()
    if not judged.value_known.any():
        note("The model has no concepts to misread." if not judged.concepts_read else
             "The source does not tell the true value of any concept.")
        return ()
    rows = _among(judged, "told", "misread")
    if not _some(rows & judged.value_known.any(1)):
        return ()
    errors, size = concept_errors(judged, rows), f"{int(rows.sum()):,} reviews"
    names, values = schema.concepts, schema.values
    said = f"Misread: {errors_text(errors, schema)}"
    chosen = tuple((names.index(concept), values.index(value)) for concept, value in now.told if concept in now.misread)
    places = tuple(names.index(concept) for concept in now.misread)
    pair = tuple({(places[0], places[-1]), (places[-1], places[0])}) if len(places) in (1, 2) and not now.told else ()
    return (
        Picture("Which values are misread", VALUE_HELP,
                errors_by_value(errors, schema, f"Misread, by the true value, {size}", chosen),
                value_table(errors, schema), "failures:values", said,
                lambda cell: set_slice(replace(the_slice(), told=((names[cell[0]], values[cell[1]]),),
                                               misread=(names[cell[0]],)))),
        Picture("Which are misread together", TOGETHER_HELP,
                errors_together(errors, schema, f"Misread in the same review, {size}", pair),
                together_table(errors, schema), "failures:together", said,
                lambda cell: set_slice(replace(the_slice(), told=(), misread=tuple(dict.fromkeys(
                    names[place] for place in cell))))),
    )


def _found(judged: Judged) -> Sequence[Picture]:
    """Slices that were found have a picture of their own, of other reviews than the slice's."""
    found_slices(judged)
    return ()


def _among(judged: Judged, *own: str) -> Rows:
    """The rows of the slice without a picture's own part of it."""
    return the_slice().without(*own).rows(judged, marks())


def _some(rows: Rows) -> bool:
    if not rows.any():
        note("No review whose truth is told fits the conditions of the slice. Take one away to see more.")
    return bool(rows.any())


def _outcome_pressed(pressed: Sequence[str]) -> None:
    set_slice(replace(the_slice(), outcomes=(Outcome(pressed[0]),)))
