"""Cases balance by outcome and come from the slice alone."""

from collections import Counter

import numpy as np
import pandas as pd
import pytest

from sparsecbm.data.reviews import Reviews
from sparsecbm.errors import InputError
from sparsecbm.studies.design import choose_cases, outcomes_of
from tests.helpers import TOY, toy_reviews, toy_split


def toys(openings: int) -> Reviews:
    return Reviews("toy", toy_split(openings), pd.DataFrame(index=range(9 * openings)))


def test_as_many_of_each_outcome_from_the_slice_drawn_by_the_seed() -> None:
    reviews = toys(3)
    predicted = [(label + 1) % 3 if row % 3 == 0 else label for row, label in enumerate(reviews.labels.tolist())]
    outcomes = outcomes_of(reviews, predicted)
    assert [one == "right" for one in outcomes] == (np.array(predicted) == reviews.labels).tolist()
    rows = [row for row in range(27) if row != 4]
    cases = choose_cases(reviews, outcomes, 8, 5, rows)
    assert Counter(case.outcome for case in cases) == {"right": 4, "wrong": 4}
    by_id = {review.id: (row, review) for row, review in enumerate(toy_reviews(3))}
    for case in cases:
        row, review = by_id[case.id]
        assert row in rows and case.text == review.text and case.label == TOY.labels[review.label]
        assert case.concepts == dict(zip(TOY.concepts, (TOY.values[v] for v in review.concepts), strict=True))
        assert case.outcome == outcomes[row]
    assert choose_cases(reviews, outcomes, 8, 5, rows) == cases != choose_cases(reviews, outcomes, 8, 6, rows)


@pytest.mark.parametrize(("size", "part"), [(3, "8 right, 1 wrong"), (4, "8 right, 1 wrong"), (0, "0 cases")])
def test_what_cannot_balance_is_refused(size: int, part: str) -> None:
    reviews = toys(1)
    with pytest.raises(InputError, match=part):
        choose_cases(reviews, ["wrong", *["right"] * 8], size, 0)


def test_a_row_without_an_outcome_is_never_drawn() -> None:
    reviews = toys(1)
    cases = choose_cases(reviews, ["", *["right"] * 8], 8, 0)
    assert "000" not in {case.id for case in cases}
