"""The intervals against their formulas and against rows that are resampled one by one."""

import math

import numpy as np
import pytest

from sparsecbm import intervals
from sparsecbm.intervals import RESAMPLES, Z95


@pytest.mark.parametrize(("hits", "n"), [(0, 5), (5, 5), (3, 17), (120, 1673)])
def test_wilson_is_its_formula(hits: int, n: int) -> None:
    share, scale = hits / n, 1 + Z95**2 / n
    half = Z95 / scale * math.sqrt(share * (1 - share) / n + Z95**2 / (4 * n**2))
    centre = (share + Z95**2 / (2 * n)) / scale
    assert intervals.wilson(hits, n) == pytest.approx((max(0, centre - half), min(1, centre + half)))
    assert intervals.wilson(0, 0) == (0, 1)


def test_a_normal_interval_needs_two_values() -> None:
    values = np.array([1.0, 2.0, 4.0])
    half = 1.959964 * values.std(ddof=1) / math.sqrt(3)
    assert intervals.normal(values) == pytest.approx((values.mean() - half, values.mean() + half))
    assert intervals.normal(values[:1]) is None and intervals.normal(np.ones(4)) is None


def test_a_change_of_the_same_rows() -> None:
    p, q = 31 / 102, 11 / 102
    half = 1.959964 * math.sqrt((p + q - (p - q) ** 2) / 102)
    paired = intervals.paired_change(30, 10, 100)
    assert paired == pytest.approx((p - q - half, p - q + half))
    before = np.arange(100) < 40
    after = before ^ (np.arange(100) < 10) ^ (np.arange(100) >= 70)
    low, high = intervals.paired_bootstrap(before, after)
    assert (low, high) == pytest.approx(paired, abs=0.02)
    assert intervals.paired_bootstrap(before, before) == intervals.paired_change(0, 0, 100), "no interval without width"
    assert intervals.paired_bootstrap(before[:0], before[:0]) is None
    assert intervals.paired_change(0, 3, 3)[0] >= -1


def test_rows_resampled_at_once_are_rows_resampled_one_by_one() -> None:
    values = np.random.default_rng(5).random(80)
    drawn = values[np.random.default_rng(3).integers(80, size=(RESAMPLES, 80))].mean(1)
    assert intervals.bootstrap_mean(values, 3) == pytest.approx(np.percentile(drawn, (2.5, 97.5)))
    assert not any(map(intervals.bootstrap_mean, ([], [0.5], [0.5, 0.5]))), "no interval without width"
    counts = intervals.resampled(80, 3)
    assert counts.shape == (RESAMPLES, 80) and (counts.sum(1) == 80).all()
    low, high = intervals.percentiles(counts @ values / 80)
    assert (low, high) == pytest.approx(np.percentile(drawn, (2.5, 97.5)), abs=0.02), "the same law, other draws"
    cells = intervals.resampled(1000, 0, np.array([0.2, 0.8])).mean(0)
    assert cells == pytest.approx([200, 800], rel=0.02)
