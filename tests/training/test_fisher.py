"""Fisher blocks against a hand computation, the Woodbury recursion and a dense inverse."""

import numpy as np
import pytest
import torch

from sparsecbm.training.saliency import BlockFisher

SIZES = [(1, 2, 2), (3, 8, 4), (2, 7, 3), (4, 5, 16), (2, 9, 1)]  # rows, columns, block


def fisher(gradients: torch.Tensor, block: int) -> BlockFisher:
    made = BlockFisher(gradients.shape[1], gradients.shape[2], block)
    made.add(gradients)
    return made


def blocks(columns: int, block: int) -> list[slice]:
    return [slice(first, min(first + block, columns)) for first in range(0, columns, min(block, columns))]


def woodbury(gradients: np.ndarray, damp: float) -> np.ndarray:
    """F_i^-1 = F_{i-1}^-1 - (F_{i-1}^-1 g)(F_{i-1}^-1 g)^T / (m + g^T F_{i-1}^-1 g), from F_0^-1 = I / damp."""
    count, size = gradients.shape
    inverse = np.eye(size) / damp
    for gradient in gradients:
        moved = inverse @ gradient
        inverse = inverse - np.outer(moved, moved) / (count + gradient @ moved)
    return inverse


def dense(gradients: np.ndarray, damp: float) -> np.ndarray:
    return np.linalg.inv(damp * np.eye(gradients.shape[1]) + gradients.T @ gradients / len(gradients))


def test_two_weights_by_hand() -> None:
    """g = (1, 0), (1, 1): F = [[1, .5], [.5, .5]]; with damping .5 the inverse is [[1, -.5], [-.5, 1.5]] / 1.25."""
    made = fisher(torch.tensor([[[1.0, 0.0]], [[1.0, 1.0]]]), block=2)
    torch.testing.assert_close(made.inverse_diagonal(0.5), torch.tensor([[0.8, 1.2]]))
    assert made.damping(0.1) == pytest.approx(0.1 * 0.75)


@pytest.mark.parametrize("oracle", [woodbury, dense])
@pytest.mark.parametrize(("rows", "columns", "block"), SIZES)
def test_the_inverse_diagonal_equals_an_oracle(rows: int, columns: int, block: int, oracle: object) -> None:
    gradients = torch.randn(6, rows, columns)
    made = fisher(gradients, block).inverse_diagonal(0.05)
    for row in range(rows):
        for part in blocks(columns, block):
            inverse = oracle(gradients[:, row, part].double().numpy(), 0.05)  # type: ignore[operator]
            np.testing.assert_allclose(made[row, part], np.diag(inverse), rtol=1e-3)


def test_a_block_stays_in_one_output_row() -> None:
    """Rows whose gradients are copies of each other do not explain each other away."""
    gradients = torch.randn(5, 1, 4)
    one = fisher(gradients, 64).inverse_diagonal(0.1)
    two = fisher(gradients.expand(5, 2, 4), 64).inverse_diagonal(0.1)
    torch.testing.assert_close(two, one.expand(2, 4))


def test_gradients_may_come_in_parts() -> None:
    gradients = torch.randn(7, 3, 8)
    parts = BlockFisher(3, 8, 4)
    for part in gradients.split(3):
        parts.add(part)
    torch.testing.assert_close(parts.inverse_diagonal(0.1), fisher(gradients, 4).inverse_diagonal(0.1))


@pytest.mark.parametrize("block", [3, 5, 7])
def test_damping_is_a_share_of_the_mean_diagonal_without_padding(block: int) -> None:
    gradients = torch.randn(5, 2, 7)
    assert fisher(gradients, block).damping(0.2) == pytest.approx(0.2 * gradients.square().mean().item())


def test_a_matrix_without_gradients_can_be_inverted() -> None:
    made = fisher(torch.zeros(3, 2, 4), 4)
    assert made.damping(0.01) == 0.01
    torch.testing.assert_close(made.inverse_diagonal(0.01), torch.full((2, 4), 100.0))
    assert BlockFisher(2, 4, 4).damping(0.01) == 0.01
