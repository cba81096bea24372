"""The order of the table: the most telling rows first, equal ones in the source's order."""

import numpy as np

from sparsecbm.failures.error_analysis import ErrorAnalysis
from sparsecbm.failures.panel_address import SORTS, ordered
from tests.failures.toys import BAD, FAIR, GOOD, UNLABELLED, predictions_of, reviews_of

#: Off by one, by two, right, not told, off by one and misread, off by two.
TRUE, GIVEN = (BAD, BAD, GOOD, UNLABELLED, GOOD, GOOD), (FAIR, GOOD, GOOD, BAD, FAIR, BAD)


def analysis() -> ErrorAnalysis:
    texts = ("a b c", "a", "a b", "a b c d", "a b", "a")
    found = predictions_of(GIVEN, [(2, 2), (2, 2), (2, 2), (2, 2), (0, 0), (2, 0)])
    found.label_probabilities[5] = (0.9, 0.05, 0.05)
    found.label_probabilities[2] = (0.3, 0.2, 0.5)
    return ErrorAnalysis.of(reviews_of(TRUE, [(2, 2)] * 6, texts), found, None)


def test_every_order() -> None:
    for sort, rows in [
        ("far-off", [5, 1, 0, 4, 2, 3]), ("misread", [4, 5, 0, 1, 2, 3]), ("unsure", [2, 0, 1, 3, 4, 5]),
        ("sure", [5, 0, 1, 3, 4, 2]), ("long", [3, 0, 2, 4, 1, 5]), ("short", [1, 5, 2, 4, 0, 3]),
        ("source", [0, 1, 2, 3, 4, 5]),
    ]:
        assert ordered(analysis(), np.ones(6, dtype=bool), sort).tolist() == rows
        some = np.array([True, False, True, True, False, True])
        assert ordered(analysis(), some, sort).tolist() == [row for row in rows if some[row]]
        assert len(SORTS) == 7
