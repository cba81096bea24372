"""Sources and predictions written by hand, for whoever analyses, slices or draws them."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd

from sparsecbm.data.reviews import Reviews
from sparsecbm.data.split import LoadReport, Review, Split
from sparsecbm.failures.error_analysis import ErrorAnalysis
from sparsecbm.schema import ConceptSchema
from sparsecbm.types import Predictions
from tests.helpers import TOY

#: Places of the toy schema's values and labels.
NEGATIVE, UNKNOWN, POSITIVE = 0, 1, 2
BAD, FAIR, GOOD = 0, 1, 2
UNLABELLED = -1


def reviews_of(
    labels: Sequence[int], values: Sequence[Sequence[int]], texts: Sequence[str] | None = None,
    columns: dict[str, Any] | None = None, agreement: Any = None, schema: ConceptSchema = TOY,
) -> Reviews:
    """A source with these gold answers, a row each; ids are r0, r1, .."""
    even = ((1 / len(schema.values),) * len(schema.values),) * len(schema.concepts)
    rows = [Review(f"r{row}", texts[row] if texts else f"Review {row}.", int(label), tuple(map(int, values[row])), even)
            for row, label in enumerate(labels)]
    split = Split.from_reviews(rows, schema, LoadReport("toy", "toy", len(rows), len(rows), {}, {}))
    return Reviews("toy", split, pd.DataFrame(columns or {}, index=range(len(rows))),
                   None if agreement is None else np.array(agreement, dtype=float))


def predictions_of(
    labels: Sequence[int], values: Sequence[Sequence[int]], lead: float = 0.8, schema: ConceptSchema = TOY,
    truncated: Sequence[bool] | None = None,
) -> Predictions:
    """Answers that are sure of every value; the label given has `lead` over every other one, which are alike."""
    others = len(schema.labels) - 1
    shares = np.full((len(labels), len(schema.labels)), (1 - lead) / (others + 1))
    shares[np.arange(len(labels)), np.array(labels, dtype=int)] += lead
    read = np.eye(len(schema.values))[np.array(values, dtype=int).reshape(len(labels), len(schema.concepts))]
    return Predictions(schema, shares.astype(np.float32), read.astype(np.float32),
                       np.zeros(len(labels), dtype=bool) if truncated is None else np.array(truncated))


#: Nine rows: truth and answer of the label, of soup and of room, and the outcome.
ROWS = (
    (GOOD, GOOD, (POSITIVE, UNKNOWN), (POSITIVE, UNKNOWN), "right"),
    (GOOD, GOOD, (POSITIVE, UNLABELLED), (POSITIVE, NEGATIVE), "right"),
    (BAD, FAIR, (NEGATIVE, UNKNOWN), (NEGATIVE, UNKNOWN), "label-wrong"),
    (BAD, BAD, (NEGATIVE, UNKNOWN), (POSITIVE, UNKNOWN), "concept-wrong"),
    (BAD, GOOD, (NEGATIVE, NEGATIVE), (POSITIVE, POSITIVE), "both-wrong"),
    (FAIR, GOOD, (UNKNOWN, UNLABELLED), (POSITIVE, UNKNOWN), "both-wrong"),
    (FAIR, FAIR, (UNLABELLED, UNLABELLED), (POSITIVE, UNKNOWN), "only-label-right"),
    (FAIR, BAD, (UNLABELLED, UNLABELLED), (POSITIVE, UNKNOWN), "only-label-wrong"),
    (UNLABELLED, BAD, (NEGATIVE, POSITIVE), (POSITIVE, POSITIVE), "not-told"),
)


def the_nine(**source: Any) -> ErrorAnalysis:
    """The error analysis of those rows; `source` goes to the reviews."""
    true, given, told, read, _ = zip(*ROWS, strict=True)
    fixable = np.zeros((len(ROWS), 2), dtype=bool)
    fixable[4, 0] = True
    return ErrorAnalysis.of(reviews_of(true, told, **source), predictions_of(given, read), fixable)
