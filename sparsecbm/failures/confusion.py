"""What is taken for what: labels told and given, values told and misread, concepts that go wrong together. Counts."""

from dataclasses import dataclass

import numpy as np
from jaxtyping import Int

from sparsecbm.evaluation.metrics import confusion
from sparsecbm.failures.error_analysis import Judged, Rows


@dataclass(frozen=True, eq=False)
class ConceptErrors:
    """How the concepts are misread, as counts of rows.

    Of a concept whose value is told, `told` counts the rows by that value, and `wrong` those of them that are misread.
    `together` counts the rows in which two concepts are both misread, its diagonal those in which one is; `both_told`
    counts the rows in which the values of both are told.
    """

    told: Int[np.ndarray, "concept value"]
    wrong: Int[np.ndarray, "concept value"]
    together: Int[np.ndarray, "concept other"]
    both_told: Int[np.ndarray, "concept other"]


def label_confusion(judged: Judged, rows: Rows) -> Int[np.ndarray, "label label"]:
    """Counts of some rows by true label and by the label given; a row whose label is not told is in no cell."""
    counted = rows & judged.label_known
    return confusion(judged.reviews.labels[counted], judged.said_labels[counted], len(judged.reviews.schema.labels))


def concept_errors(judged: Judged, rows: Rows) -> ConceptErrors:
    """How the concepts of some rows are misread."""
    known, misread = (part[rows] for part in (judged.value_known, judged.misread))
    values, count = judged.reviews.values[rows], len(judged.reviews.schema.values)
    told, wrong = (np.stack([np.bincount(values[chosen[:, k], k], minlength=count) for k in range(values.shape[1])])
                   for chosen in (known, misread))
    together, both_told = (chosen.astype(np.int64).T @ chosen.astype(np.int64) for chosen in (misread, known))
    return ConceptErrors(told, wrong, together, both_told)
