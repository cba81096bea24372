"""What the presenter deck keeps of the Failures page: the slice with its pictures, and one review."""

from collections.abc import Sequence

import numpy as np
from jaxtyping import Int

from sparsecbm.deck.parts import Part, Passage
from sparsecbm.explainer import Explainer
from sparsecbm.failures.judged import Judged, Rows
from sparsecbm.failures.slice_words import in_words
from sparsecbm.figures.names import percent
from sparsecbm.types import Explanation
from sparsecbm.ui.deck.parts import failure_parts, table_part, words_parts
from sparsecbm.ui.engine import predicted
from sparsecbm.ui.failures.state import the_slice
from sparsecbm.ui.failures.table import table_page

#: So many of a slice's reviews are kept with it.
MOST_KEPT = 20


def slice_title(judged: Judged) -> str:
    """The slice in words, e.g. "noise = Negative, more than 40 words"."""
    words = in_words(the_slice(), judged.reviews.schema)
    return f"{words[:1].upper()}{words[1:]}"


def slice_text(judged: Judged, rows: Rows) -> str:
    """How many reviews a slice has, and how often the label is wrong there, beside all of them."""
    title, rate, every = judged.reviews.schema.label_title, judged.error_rate(rows), judged.error_rate(
        np.ones(len(judged), dtype=bool))
    said = f"{in_words(the_slice(), judged.reviews.schema)}: {int(rows.sum()):,} of {len(judged):,} reviews"
    if rate.share is None or every.share is None:
        return f"{said}; the true {title} is not told of any of them."
    low, high = rate.interval
    return (f"{said}. The {title} is wrong in {rate.hits:,} of {rate.n:,}, {percent(rate.share)} (95 % interval "
            f"{100 * low:.0f} to {100 * high:.0f}); in all reviews {percent(every.share)}.")


def slice_parts(
    judged: Judged, rows: Rows, numbers: Int[np.ndarray, " shown"], charts: Sequence[Part]
) -> tuple[Part, ...]:
    """What the slice is, the pictures that are on screen, and its first reviews, `numbers` in the table's order."""
    table = table_page(judged, numbers[:MOST_KEPT], None)
    return (Passage(slice_text(judged, rows)), *charts, *([table_part(table.drop(columns=""))] if len(table) else []))


def row_title(judged: Judged, row: int) -> str:
    """What is told of a review and what the model says."""
    schema, told = judged.reviews.schema, int(judged.reviews.labels[row])
    said = schema.label_display[int(judged.said_labels[row])]
    return f"It says {said}" if told < 0 else f"Truly {schema.label_display[told]}, it says {said}"


def row_parts(explainer: Explainer, judged: Judged, row: int, words: Explanation | None) -> tuple[Part, ...]:
    """The review, what the model says beside what is told, and the words it went by where they are on screen."""
    reviews, schema = judged.reviews, judged.reviews.schema
    label = None if reviews.labels[row] < 0 else schema.labels[int(reviews.labels[row])]
    told = {concept: schema.values[int(reviews.values[row, k])] for k, concept in enumerate(schema.concepts)
            if judged.value_known[row, k]}
    return (*failure_parts(predicted(explainer, reviews.texts[row]), label, told),
            *([] if words is None else words_parts(words)))
