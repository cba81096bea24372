"""Counts of what is taken for what, on nine rows."""

import numpy as np

from sparsecbm.failures.error_analysis import concept_errors, label_confusion
from tests.failures.toys import the_nine


def test_labels_true_and_given() -> None:
    """Rows bad, fair, good; row 8, whose label is not labelled, is in no cell."""
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
