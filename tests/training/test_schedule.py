"""Schedules against values computed by hand."""

import pytest

from sparsecbm.training.pruning import cubic_sparsity, learning_rate_factor


def test_cubic_schedule_by_hand() -> None:
    """0.7 - 0.5 (1 - t)^3 at t = 0, 1/3, 2/3, 1."""
    made = [cubic_sparsity(step, 4, 0.2, 0.7) for step in (1, 2, 3, 4)]
    assert made == pytest.approx([0.2, 0.7 - 0.5 * 8 / 27, 0.7 - 0.5 / 27, 0.7])
    assert made[-1] == 0.7


def test_one_step_goes_to_the_end() -> None:
    assert cubic_sparsity(1, 1, 0.2, 0.9) == 0.9


def test_nothing_is_pruned_when_nothing_is_asked() -> None:
    assert [cubic_sparsity(step, 3, 0.0, 0.0) for step in (1, 2, 3)] == [0, 0, 0]


def test_learning_rate_by_hand() -> None:
    """Of 100 steps 5 warm up, the next 45 hold, the last 50 fall."""
    expected = {0: 0.2, 1: 0.4, 4: 1.0, 5: 1.0, 49: 1.0, 50: 1.0, 75: 0.5, 99: 0.02, 100: 0.0}
    assert {step: learning_rate_factor(step, 100) for step in expected} == pytest.approx(expected)


@pytest.mark.parametrize("steps", [1, 2, 3, 7])
def test_short_runs_learn_at_every_step(steps: int) -> None:
    assert all(0 < learning_rate_factor(step, steps) <= 1 for step in range(steps))
