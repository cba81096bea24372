"""What is right, wrong and not told, row by row; rates with Wilson's interval."""

from dataclasses import replace

import numpy as np
import pytest

from sparsecbm.errors import InputError
from sparsecbm.evaluation.field_test import MODEL
from sparsecbm.failures.error_analysis import ErrorAnalysis, concept_errors, label_confusion
from sparsecbm.failures.how_right import how_right
from sparsecbm.failures.outcomes import OUTCOMES, Outcome, Rate, outcome_name
from sparsecbm.schema import CEBAB
from sparsecbm.types import LABEL_TARGET
from tests.failures.toys import ROWS, the_nine
from tests.helpers import TOY


def test_every_row_has_the_outcome_written_beside_it() -> None:
    assert [OUTCOMES[place] for place in the_nine().outcomes] == [row[-1] for row in ROWS]


def test_where_nothing_is_told_nothing_is_wrong() -> None:
    analysis = the_nine()
    assert analysis.label_known.tolist() == [True] * 8 + [False]
    assert analysis.label_wrong.tolist() == [False, False, True, False, True, True, False, True, False]
    assert analysis.misread.tolist() == [[False, False], [False, False], [False, False], [True, False], [True, True],
                                       [True, False], [False, False], [False, False], [True, False]]
    assert analysis.value_known.sum(0).tolist() == [7, 5]


def test_rates_are_over_the_rows_of_which_the_truth_is_told() -> None:
    analysis, every = the_nine(), np.ones(9, dtype=bool)
    assert analysis.error_rate(every) == Rate(4, 8)
    assert analysis.error_rate(every, "soup") == Rate(4, 7)
    assert analysis.error_rate(every, "room") == Rate(1, 5)
    assert analysis.error_rate(np.arange(9) >= 6, "soup") == Rate(1, 1)
    assert analysis.error_rate(np.arange(9) == 8).share is None
    with pytest.raises(InputError, match="allowed: soup, room"):
        analysis.error_rate(every, "decor")


def test_a_model_without_concepts_misreads_none() -> None:
    analysis = replace(the_nine(), has_concepts=False)
    assert not analysis.misread.any() and not analysis.value_known.any()
    assert [OUTCOMES[place] for place in analysis.outcomes] == [
        Outcome.ONLY_LABEL_RIGHT, Outcome.ONLY_LABEL_RIGHT, Outcome.ONLY_LABEL_WRONG, Outcome.ONLY_LABEL_RIGHT,
        Outcome.ONLY_LABEL_WRONG, Outcome.ONLY_LABEL_WRONG, Outcome.ONLY_LABEL_RIGHT, Outcome.ONLY_LABEL_WRONG,
        Outcome.UNLABELLED]


def test_predictions_of_others_are_refused() -> None:
    analysis = the_nine()
    shorter = replace(analysis.predictions, **{name: getattr(analysis.predictions, name)[:8] for name in (
        "label_probabilities", "concept_probabilities", "truncated")})
    foreign = replace(analysis.predictions, schema=CEBAB)
    for predictions, fixable in ((shorter, None), (foreign, None), (analysis.predictions, analysis.fixable[:3])):
        with pytest.raises(InputError, match="allowed"):
            ErrorAnalysis.of(analysis.reviews, predictions, fixable)


@pytest.mark.parametrize(("hits", "n", "low", "high"), [
    (28, 74, 0.2765, 0.4923),  # (p + z²/2n ± z sqrt(p(1-p)/n + z²/4n²)) / (1 + z²/n), worked out by hand
    (0, 10, 0.0, 0.2775), (10, 10, 0.7225, 1.0),
])
def test_wilsons_interval(hits: int, n: int, low: float, high: float) -> None:
    assert Rate(hits, n).interval == (pytest.approx(low, abs=1e-4), pytest.approx(high, abs=1e-4))


def test_without_rows_nothing_is_known() -> None:
    assert Rate(0, 0).share is None and Rate(0, 0).interval == (0.0, 1.0)


def test_outcomes_are_named_by_what_the_schema_calls_its_label() -> None:
    assert outcome_name(Outcome.LABEL_WRONG, TOY) == "verdict wrong, concepts right"
    assert outcome_name(Outcome.LABEL_WRONG, CEBAB) == "rating wrong, concepts right"


def test_labels_are_counted_by_gold_and_prediction() -> None:
    """Rows bad, fair, good; row 8, which has no gold label, is in no cell."""
    every = np.ones(9, dtype=bool)
    assert label_confusion(the_nine(), every).tolist() == [[1, 1, 1], [1, 1, 1], [0, 0, 2]]
    assert label_confusion(the_nine(), np.arange(9) > 6).tolist() == [[0, 0, 0], [1, 0, 0], [0, 0, 0]]
    assert label_confusion(the_nine(), ~every).tolist() == [[0] * 3] * 3


def test_concepts_by_value_and_together() -> None:
    errors = concept_errors(the_nine(), np.ones(9, dtype=bool))
    assert errors.labelled.tolist() == [[4, 1, 2], [1, 3, 1]]
    assert errors.wrong.tolist() == [[3, 1, 0], [1, 0, 0]]
    assert errors.together.tolist() == [[4, 1], [1, 1]]
    assert errors.both_labelled.tolist() == [[7, 5], [5, 5]]
    some = concept_errors(the_nine(), np.arange(9) == 8)
    assert some.labelled.tolist() == [[1, 0, 0], [0, 0, 1]] and some.together.tolist() == [[1, 0], [0, 0]]


def test_how_right_it_is_counts_only_rows_with_a_gold_answer() -> None:
    """The label is right in 4 of 8 rows, soup in 3 of 7, the room in 4 of 5."""
    found = how_right(the_nine())
    assert {name: (subject.n, round(subject.n * subject.answers[MODEL].accuracy)) for name, subject
            in found.subjects.items()} == {LABEL_TARGET: (8, 4), "soup": (7, 3), "room": (5, 4)}
    assert set(how_right(replace(the_nine(), has_concepts=False)).subjects) == {LABEL_TARGET}
