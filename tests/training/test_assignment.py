"""Which pass keeps which weight: exact, nested, deterministic, and disjoint but for the core."""

from collections.abc import Callable
from itertools import product

import pytest
import torch

from sparsecbm.model.masks import kept_weights
from sparsecbm.training.pruning import core_exclusive, core_shares, cubic_sparsity, independent

SPARSITIES = [0.0, 0.2, 0.5, 0.7, 0.9]
SIZES = [1, 7, 10, 63, 257]
Assign = Callable[[torch.Tensor, torch.Tensor, float], torch.Tensor]


def all_active(scores: torch.Tensor) -> torch.Tensor:
    return torch.ones_like(scores, dtype=torch.bool)


def kept(mask: torch.Tensor) -> list[list[int]]:
    """Indices of the weights that each pass keeps."""
    return [row.nonzero().squeeze(1).tolist() for row in mask]


def shared(scores: torch.Tensor, active: torch.Tensor, density: float) -> torch.Tensor:
    return core_exclusive(scores, active, density, core=0.0)


SCHEMES = pytest.mark.parametrize("scheme", [independent, shared], ids=["independent", "core_exclusive"])


# -- both schemes --------------------------------------------------------------------------------------------------


@SCHEMES
def test_the_density_is_exact(scheme: Assign) -> None:
    """With distinct scores, and with equal ones, which a threshold would keep or drop together."""
    for ties, sparsity, size, passes in product([False, True], SPARSITIES, SIZES, [1, 2, 5]):
        scores = torch.ones(passes, size) if ties else torch.rand(passes, size)
        made = scheme(scores, all_active(scores), 1 - sparsity)
        assert made.sum(1).tolist() == [kept_weights(1 - sparsity, size)] * passes, (ties, sparsity, size, passes)


@SCHEMES
def test_nothing_that_was_pruned_revives(scheme: Assign) -> None:
    """Although every step brings new scores, by which pruned weights would be the best."""
    for sparsity, size in product(SPARSITIES, SIZES):
        active = torch.ones(5, size, dtype=torch.bool)
        for step in (1, 2, 3, 4):
            target = cubic_sparsity(step, 4, min(0.2, sparsity), sparsity)
            scores = torch.rand(5, size) + 10.0 * ~active
            made = scheme(scores, active, 1 - target)
            assert not (made & ~active).any(), (sparsity, size, step)
            assert made.sum(1).tolist() == [kept_weights(1 - target, size)] * 5, (sparsity, size, step)
            active = made


@SCHEMES
def test_equal_scores_are_decided_the_same_way_every_time(scheme: Assign) -> None:
    scores = torch.rand(3, 40).round(decimals=1)
    first, second = (scheme(scores.clone(), all_active(scores), 0.4) for _ in range(2))
    assert torch.equal(first, second)


@SCHEMES
def test_more_than_is_active_cannot_be_kept(scheme: Assign) -> None:
    active = torch.zeros(2, 10, dtype=torch.bool)
    active[:, :3] = True
    with pytest.raises(ValueError, match=r"Only \d weights are active"):
        scheme(torch.rand(2, 10), active, 0.5)


# -- independent ---------------------------------------------------------------------------------------------------


def test_independent_masks_keep_each_passes_best() -> None:
    scores = torch.rand(4, 50)
    expected = [sorted(row.argsort(descending=True)[:15].tolist()) for row in scores]
    assert kept(independent(scores, all_active(scores), 0.3)) == expected


def test_of_equal_scores_the_first_stay() -> None:
    scores = torch.tensor([[1.0, 3, 1, 1, 3, 1], [0, 0, 0, 0, 0, 0]])
    assert kept(independent(scores, all_active(scores), 0.5)) == [[0, 1, 4], [0, 1, 2]]


# -- core and exclusive parts --------------------------------------------------------------------------------------


@pytest.mark.parametrize(("density", "passes", "core", "expected"), [
    (0.3, 5, 0.0, (0.125, 0.175)),  # four concepts and the residual: (5 x .3 - 1) / 4
    (0.3, 5, 0.2, (0.2, 0.1)),      # more core than needed, because it was asked for
    (0.3, 5, 0.05, (0.125, 0.175)),  # less than needed would not fit
    (0.1, 5, 0.0, (0.0, 0.1)),      # five tenths fit side by side
    (0.5, 2, 0.0, (0.0, 0.5)),
    (0.75, 2, 0.0, (0.5, 0.25)),
    (1.0, 5, 0.0, (1.0, 0.0)),
    (0.3, 1, 0.0, (0.0, 0.3)),
])
def test_shares_by_hand(density: float, passes: int, core: float, expected: tuple[float, float]) -> None:
    assert core_shares(density, passes, core) == pytest.approx(expected)
    common, own = core_shares(density, passes, core)
    assert common + passes * own <= 1 + 1e-9


def test_the_core_is_what_all_want_and_the_rest_goes_to_whoever_wants_it_most() -> None:
    """Density 3/4 of 4 weights: a core of two, the largest geometric means (9, 4, 2.8, 2.8), and one more for each."""
    scores = torch.tensor([[9.0, 4, 8, 1], [9, 4, 1, 8]])
    assert kept(shared(scores, all_active(scores), 0.75)) == [[0, 1, 2], [0, 1, 3]]


def test_scores_are_compared_after_each_pass_is_brought_to_mean_one() -> None:
    """No core. Means 6 and 2.5: weight 1 scores 9 / 6 for the first pass and 8 / 2.5 for the second, which gets it."""
    scores = torch.tensor([[10.0, 9, 8, 7, 1, 1], [1, 8, 1, 1, 2, 2]])
    assert kept(shared(scores, all_active(scores), 0.5)) == [[0, 2, 3], [1, 4, 5]]


def test_a_full_pass_leaves_the_rest_to_others() -> None:
    """The first pass wants weights 0 to 3 most and has room for three."""
    scores = torch.tensor([[10.0, 9, 8, 7, 1, 1], [1, 1, 1, 1, 1, 1]])
    assert kept(shared(scores, all_active(scores), 0.5)) == [[0, 1, 2], [3, 4, 5]]


def test_what_is_no_longer_active_everywhere_is_no_core() -> None:
    scores = torch.tensor([[9.0, 4, 8, 1], [9, 4, 1, 8]])
    active = torch.tensor([[True, True, True, True], [False, True, True, True]])
    assert kept(shared(scores, active, 0.75))[1] == [1, 2, 3]


def test_exclusive_parts_are_disjoint() -> None:
    """In one step from all ones: a weight is kept by all passes, by one, or by none."""
    for passes, size, sparsity, ties in product([2, 3, 5, 11], [40, 63, 257, 1000], SPARSITIES, [False, True]):
        scores = torch.ones(passes, size) if ties else torch.rand(passes, size)
        users = shared(scores, all_active(scores), 1 - sparsity).sum(0)
        assert set(users.tolist()) <= {0, 1, passes}, (passes, size, sparsity, ties)
        core, _ = core_shares(1 - sparsity, passes, 0.0)
        assert int((users == passes).sum()) == pytest.approx(core * size, abs=2), (passes, size, sparsity, ties)


def test_gradual_pruning_keeps_the_parts_apart() -> None:
    """What rounding leaves over may be shared: less than one weight in a matrix per pass."""
    for passes, sparsity in product([3, 5, 11], [0.5, 0.7, 0.9]):
        active = torch.ones(passes, 1024, dtype=torch.bool)
        for step in (1, 2, 3, 4):
            target = cubic_sparsity(step, 4, 0.2, sparsity)
            active = shared(torch.rand(passes, 1024), active, 1 - target)
        users = active.sum(0)
        assert int(((users > 1) & (users < passes)).sum()) < passes, (passes, sparsity)
        core, _ = core_shares(1 - sparsity, passes, 0.0)
        assert int((users == passes).sum()) == pytest.approx(core * 1024, abs=2), (passes, sparsity)


def test_a_core_that_was_asked_for_is_shared() -> None:
    made = core_exclusive(torch.rand(5, 1000), torch.ones(5, 1000, dtype=torch.bool), 0.3, core=0.2)
    assert int(made.all(0).sum()) == 200
    assert set(made.sum(0).tolist()) == {0, 1, 5}


def test_scores_of_zero_are_scores() -> None:
    scores = torch.zeros(3, 30)
    assert shared(scores, all_active(scores), 0.5).sum(1).tolist() == [15, 15, 15]
