"""Shares that move together."""

import pytest

from sparsecbm.concepts.contributions import certain_value, move_share


def test_the_others_keep_their_proportions() -> None:
    assert move_share((0.2, 0.3, 0.5), 2, 0.75) == pytest.approx((0.1, 0.15, 0.75))


def test_the_rest_is_split_evenly_where_nothing_was() -> None:
    assert move_share((0.0, 0.0, 1.0), 2, 0.4) == pytest.approx((0.3, 0.3, 0.4))


@pytest.mark.parametrize("share", [0.0, 0.01, 0.5, 1.0])
@pytest.mark.parametrize("start", [(1.0, 0.0, 0.0), (0.2, 0.3, 0.5), (0.0, 0.5, 0.5)])
def test_the_result_is_a_distribution(start: tuple[float, ...], share: float) -> None:
    for index in range(3):
        moved = move_share(start, index, share)
        assert sum(moved) == pytest.approx(1) and min(moved) >= 0 and moved[index] == share


def test_only_a_whole_share_is_certain() -> None:
    assert certain_value((0.0, 1.0, 0.0)) == 1
    assert certain_value((0.0, 0.99, 0.01)) is None
