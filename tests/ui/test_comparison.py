"""Two orders of the same words."""

from dataclasses import replace

import numpy as np
import pytest

from sparsecbm.ui.comparison import rank_correlation
from tests.builders import an_attribution

ONE = an_attribution("a b c d", {"a": 4.0, "b": 3.0, "c": 2.0, "d": 1.0})


@pytest.mark.parametrize(("scores", "correlation"), [
    ([40.0, 3.0, 2.0, -9.0], 1.0),
    ([1.0, 2.0, 3.0, 4.0], -1.0),
    ([3.0, 4.0, 2.0, 1.0], 0.8),  # 1 - 6 * (1 + 1) / (4 * 15)
])
def test_only_the_order_counts(scores: list[float], correlation: float) -> None:
    assert rank_correlation(ONE, replace(ONE, scores=np.array(scores))) == pytest.approx(correlation)


def test_nothing_ranks_nothing() -> None:
    assert rank_correlation(ONE, replace(ONE, scores=np.zeros(4))) is None
    alone = an_attribution("a", {"a": 1.0})
    assert rank_correlation(alone, alone) is None
    empty = an_attribution("", {})
    assert rank_correlation(empty, empty) is None
