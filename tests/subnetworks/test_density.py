"""Specificity and sparsity, counted by hand."""

import numpy as np
import pytest
import torch

from sparsecbm.model.masks import ConceptMasks
from sparsecbm.subnetworks.compute_overlap import Sparsity, head_accuracy, sparsity
from tests.evaluation.toys import pooled, toy_model

NONE = (0.0, 0.0, 0.0)


def test_specificity_reads_row_mask_column_head() -> None:
    """Soup's pass says 2, 2, 0; seats' pass says 0, 2, 0. Truth of soup 2, 2, 0; of seats 0, 0 and unknown.

    Soup's head is right thrice on its own pass, and on seats' pass for rows 1 and 2; seats' head, over two rows,
    never on soup's pass and once on its own.
    """
    found = head_accuracy(toy_model(), pooled([(2, 0, NONE), (2, 2, NONE), (0, 0, NONE)]),
                        np.array([[2, 0], [2, 0], [0, -1]]))
    np.testing.assert_allclose(found, [[3 / 3, 0 / 2], [2 / 3, 1 / 2]])


def test_sparsity_by_hand() -> None:
    """Of every matrix, soup keeps the first row, seats the second, the residual both."""
    model = toy_model()
    stacks = {}
    for name, site in model.sites.items():
        stack = torch.zeros(3, *site.shape, dtype=torch.bool)
        stack[0, 0] = stack[1, 1] = stack[2, :2] = True
        stacks[name] = stack
    # attention: 4 matrices of 4 x 4; feed-forward: 8 x 4 and 4 x 8, so a row is 1/4, 1/8 and 1/4 of a matrix
    weights, row = 4 * 16 + 32 + 32, 4 * 4 + 4 + 8
    found = sparsity(model, ConceptMasks.from_bools(("soup", "seats", "residual"), stacks))
    once, twice = 1 - row / weights, 1 - 2 * row / weights
    assert found.masked_weights == pytest.approx({"soup": once, "seats": once, "residual": twice})
    assert found.union == pytest.approx(twice)
    parameters = sum(parameter.numel() for parameter in model.parameters())
    assert found.whole_model == pytest.approx((once + once + twice) / 3 * weights / parameters)
    assert found.whole_model < found.union


def test_nothing_is_dropped_without_masks() -> None:
    model = toy_model(kind="dense")
    none = Sparsity({"soup": 0.0, "seats": 0.0, "residual": 0.0}, 0.0, 0.0)
    assert sparsity(model, None) == none
    assert sparsity(model, ConceptMasks.ones(model.config.passes, {n: s.shape for n, s in model.sites.items()})) == none
