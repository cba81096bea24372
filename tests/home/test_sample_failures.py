"""The failures that teach most come from the error analysis, the worst first."""

from dataclasses import replace

import numpy as np

from sparsecbm.failures.error_analysis import ErrorAnalysis
from sparsecbm.home.sample_failures import LEAST_WORDS, Failure, Lesson, teaching_failures
from tests.failures.toys import BAD, FAIR, GOOD, NEGATIVE, POSITIVE, UNKNOWN, UNLABELLED, predictions_of, reviews_of

#: Gold and predicted label, gold and predicted values: near and misread, far and misread, far and misread twice,
#: concepts right, concepts right and nearer, right, one concept not labelled, too short.
ROWS = (
    (FAIR, GOOD, (NEGATIVE, UNKNOWN), (POSITIVE, UNKNOWN)), (BAD, GOOD, (NEGATIVE, UNKNOWN), (POSITIVE, UNKNOWN)),
    (BAD, GOOD, (NEGATIVE, NEGATIVE), (POSITIVE, POSITIVE)), (BAD, GOOD, (POSITIVE, UNKNOWN), (POSITIVE, UNKNOWN)),
    (FAIR, GOOD, (POSITIVE, UNKNOWN), (POSITIVE, UNKNOWN)), (GOOD, GOOD, (POSITIVE, UNKNOWN), (POSITIVE, UNKNOWN)),
    (BAD, GOOD, (NEGATIVE, UNLABELLED), (POSITIVE, UNKNOWN)), (BAD, GOOD, (NEGATIVE, UNKNOWN), (POSITIVE, UNKNOWN)),
)


def an_analysis() -> ErrorAnalysis:
    true, predicted, values, read = zip(*ROWS, strict=True)
    texts = ["word " * LEAST_WORDS] * (len(ROWS) - 1) + ["short"]
    return ErrorAnalysis.of(reviews_of(true, values, texts), predictions_of(predicted, read), None)


def test_one_failure_for_each_lesson_the_furthest_off_first() -> None:
    labels = an_analysis().reviews.labels
    found = teaching_failures(an_analysis(), lambda row: int(labels[row]), lambda row: BAD)
    assert found == (Failure(Lesson.CONCEPT, 1, "soup"), Failure(Lesson.RESIDUAL, 3), Failure(Lesson.LABEL, 4))


def test_a_lesson_that_the_model_cannot_teach_is_left_out() -> None:
    found = teaching_failures(an_analysis(), lambda row: GOOD, lambda row: GOOD)
    assert found == (Failure(Lesson.LABEL, 3),), "correcting the concept does not help, nor is it the residual"
    right = replace(an_analysis(), predictions=predictions_of([row[0] for row in ROWS], [row[2] for row in ROWS]))
    assert teaching_failures(right, lambda row: BAD, lambda row: BAD) == ()


def test_a_correction_is_tried_until_one_helps() -> None:
    tried: list[int] = []

    def corrected(row: int) -> int:
        tried.append(row)
        return FAIR

    found = teaching_failures(an_analysis(), corrected, lambda row: BAD)
    assert tried == [1, 0] and found[0] == Failure(Lesson.CONCEPT, 0, "soup")


def test_a_black_box_has_its_worst_failures() -> None:
    analysis = replace(an_analysis(), has_concepts=False)
    found = teaching_failures(analysis, lambda row: BAD, lambda row: BAD)
    assert len(found) == 3 and all(one.lesson is Lesson.LABEL for one in found)
    assert all(np.abs(analysis.predicted_labels - analysis.reviews.labels)[one.row] == 2 for one in found)
