"""The gain of correcting: out of a stored report, with its interval."""

from typing import Any

import pytest

from sparsecbm.evaluation.correction import correction_gain
from tests.evaluation.reports import correction


@pytest.mark.parametrize(("after", "n", "clear"), [(0.65, 40, False), (0.9, 40, True), (0.2, 40, True)])
def test_the_interval_holds_the_change(after: float, n: int, clear: bool) -> None:
    gain = correction_gain(correction(0.6, after, n=n))
    assert gain is not None and gain.n == n and gain.change == pytest.approx(after - 0.6)
    assert gain.interval[0] < gain.change < gain.interval[1] and gain.clear is clear


@pytest.mark.parametrize("report", [{}, {"correction": None}, correction(0.6, None)])
def test_without_corrected_rows_there_is_no_gain(report: dict[str, Any]) -> None:
    assert correction_gain(report) is None
