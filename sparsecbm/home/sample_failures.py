"""The failures that teach most: found by running the loaded model over the shipped samples, never chosen beforehand."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from enum import StrEnum
from itertools import islice

import numpy as np
from jaxtyping import Bool

from sparsecbm.failures.error_analysis import ErrorAnalysis

#: Words of a sample at least: a shorter one seldom shows why it was misunderstood.
LEAST_WORDS = 8
#: So many failures are tried for each lesson at most; each takes a prediction of its own.
MOST_TRIED = 40


class Lesson(StrEnum):
    """What a failure shows."""

    CONCEPT = "one concept is misread"
    RESIDUAL = "the residual decides"
    LABEL = "right concepts, wrong label"


@dataclass(frozen=True)
class Failure:
    """A sample whose label is wrong: its row among the samples, and what it shows.

    `concept` is the one that is misread, None in the other lessons.
    """

    lesson: Lesson
    row: int
    concept: str | None = None


def teaching_failures(
    analysis: ErrorAnalysis, corrected: Callable[[int], int], without_residual: Callable[[int], int]
) -> tuple[Failure, ...]:
    """One failure for each lesson that this model can teach, in their order.

    `corrected` and `without_residual` give the label, as an index, of a row with its concepts as they are labelled, and
    without its residual. Labels that are furthest off are tried first, then the most confident ones. A black box has
    neither concepts nor residual: its three worst failures are shown.
    """
    truth, found = analysis.reviews.labels, list[Failure]()
    if not analysis.has_concepts:
        return tuple(Failure(Lesson.LABEL, row) for row in islice(_worst_first(analysis, analysis.label_wrong), 3))
    labelled = analysis.label_wrong & analysis.value_known.all(1) & (analysis.words >= LEAST_WORDS)
    misread = analysis.misread.sum(1)
    for row in islice(_worst_first(analysis, labelled & (misread == 1)), MOST_TRIED):
        if corrected(row) == truth[row]:
            concept = analysis.reviews.schema.concepts[int(analysis.misread[row].argmax())]
            found.append(Failure(Lesson.CONCEPT, row, concept))
            break
    lessons = dict[Lesson, Failure]()
    for row in islice(_worst_first(analysis, labelled & (misread == 0)), MOST_TRIED):
        lesson = Lesson.RESIDUAL if without_residual(row) == truth[row] else Lesson.LABEL
        lessons.setdefault(lesson, Failure(lesson, row))
        if len(lessons) == 2:
            break
    return (*found, *(lessons[lesson] for lesson in (Lesson.RESIDUAL, Lesson.LABEL) if lesson in lessons))


def _worst_first(analysis: ErrorAnalysis, rows: Bool[np.ndarray, " row"]) -> Iterator[int]:
    distance = np.abs(analysis.predicted_labels - analysis.reviews.labels)
    confidence = analysis.predictions.label_probabilities.max(1)
    return (int(row) for row in np.lexsort((-confidence, -distance)) if rows[row])
