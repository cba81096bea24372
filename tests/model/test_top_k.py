"""An exact number of weights, the best of those allowed."""

import pytest
import torch

from sparsecbm.model.masks import best_weights, kept_weights


def best(scores: list[float], allowed: list[int], count: int) -> list[int]:
    """Indices of the weights that are kept."""
    kept = best_weights(torch.tensor(scores, dtype=torch.float32), torch.tensor(allowed, dtype=torch.bool), count)
    found: list[int] = kept.nonzero().squeeze(1).tolist()
    return found


def test_a_sparsity_is_reached_in_full() -> None:
    assert kept_weights(1 - 0.7, 147456) == 44236  # 44236.8: one more would be less than 70 % pruned
    assert (kept_weights(1 - 0.9, 10), kept_weights(1 - 0.7, 10)) == (1, 3)
    assert (kept_weights(1.0, 7), kept_weights(0.0, 7)) == (7, 0)


def test_the_best_of_those_allowed_are_kept() -> None:
    assert best([5, 1, 4, 3, 2], [0, 1, 1, 1, 1], 2) == [2, 3]
    assert best([5, 1, 4, 3, 2], [0, 1, 1, 1, 1], 0) == []
    assert best([5, 1, 4, 3, 2], [0, 1, 1, 1, 1], 4) == [1, 2, 3, 4]


def test_of_equal_ones_those_that_come_first_are_kept() -> None:
    assert best([1, 2, 1, 1, 2], [1, 1, 1, 1, 1], 3) == [0, 1, 4]
    assert best([1, 1, 1, 1, 1], [0, 1, 0, 1, 1], 2) == [1, 3]


def test_more_than_are_allowed_cannot_be_kept() -> None:
    with pytest.raises(ValueError, match="cannot be kept"):
        best([1, 2, 3], [0, 0, 1], 2)
