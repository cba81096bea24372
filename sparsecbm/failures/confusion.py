"""What is taken for what: labels labelled and given, values labelled and misread, concepts that go wrong together. Counts."""

from dataclasses import dataclass

import numpy as np
from jaxtyping import Int

from sparsecbm.evaluation.metrics import confusion
from sparsecbm.failures.error_analysis import ErrorAnalysis, Rows


@dataclass(frozen=True, eq=False)
class ConceptErrors:
    """How the concepts are misread, as counts of rows.

    Of a concept whose value is labelled, `labelled` counts the rows by that value, and `wrong` those of them that are misread.
    `together` counts the rows in which two concepts are both misread, its diagonal those in which one is; `both_labelled`
    counts the rows in which the values of both are labelled.
    """

    labelled: Int[np.ndarray, "concept value"]
    wrong: Int[np.ndarray, "concept value"]
    together: Int[np.ndarray, "concept other"]
    both_labelled: Int[np.ndarray, "concept other"]


def label_confusion(analysis: ErrorAnalysis, rows: Rows) -> Int[np.ndarray, "label label"]:
    """Counts of some rows by true label and by the label given; a row whose label is not labelled is in no cell."""
    counted = rows & analysis.label_known
    return confusion(analysis.reviews.labels[counted], analysis.predicted_labels[counted], len(analysis.reviews.schema.labels))


def concept_errors(analysis: ErrorAnalysis, rows: Rows) -> ConceptErrors:
    """How the concepts of some rows are misread."""
    known, misread = (part[rows] for part in (analysis.value_known, analysis.misread))
    values, count = analysis.reviews.values[rows], len(analysis.reviews.schema.values)
    labelled, wrong = (np.stack([np.bincount(values[chosen[:, k], k], minlength=count) for k in range(values.shape[1])])
                   for chosen in (known, misread))
    together, both_labelled = (chosen.astype(np.int64).T @ chosen.astype(np.int64) for chosen in (misread, known))
    return ConceptErrors(labelled, wrong, together, both_labelled)
