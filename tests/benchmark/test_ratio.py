"""Times and ratios by hand, on a clock that stands still unless a procedure moves it."""

from collections.abc import Callable

import numpy as np
import pytest
import torch

from sparsecbm.benchmark.compute_clock import in_turns
from sparsecbm.benchmark.ratio import Failed, Ratio, SpeedReport
from sparsecbm.intervals import median_interval


class ToyClock:
    """Seconds that pass only while a procedure runs, which takes one of its times after the other."""

    def __init__(self) -> None:
        self.now, self.order = 0.0, list[str]()

    def __call__(self) -> float:
        return self.now

    def procedure(self, name: str, *seconds: float) -> Callable[[], None]:
        times = iter(seconds)

        def run() -> None:
            self.order.append(name)
            self.now += next(times)

        return run


def test_rounds_are_paired_and_warm_up_is_not_counted() -> None:
    clock = ToyClock()
    ours, theirs = clock.procedure("ours", 90, 80, 4, 6, 9), clock.procedure("theirs", 1, 1, 2, 2, 3)
    taken, reference = in_turns([ours, theirs], 3, torch.device("cpu"), clock=clock)
    assert (taken, reference) == ([4000, 6000, 9000], [2000, 2000, 3000])
    assert clock.order == ["ours", "theirs", "theirs", "ours"] * 2 + ["ours", "theirs"]
    found = Ratio.of("some", "ours / theirs", taken, reference, bound=2.9)
    assert (found.median, found.low, found.high, found.rounds) == (3, 2, 3, 3)  # 4/2, 6/2, 9/3
    assert (found.milliseconds, found.reference_milliseconds) == (6000, 2000)
    assert not found.within and Ratio.of("some", "", taken, reference, 3.0).within


def test_a_slow_moment_of_both_does_not_change_the_ratio() -> None:
    assert Ratio.of("some", "", [2.0, 200.0, 4.0], [1.0, 100.0, 2.0]).median == 2
    assert Ratio.of("some", "", [1.0, 90.0, 100.0], [10.0, 9.0, 10.0]).median == 10  # not 90 / 10


@pytest.mark.parametrize(("taken", "reference"), [([], []), ([1.0], [1.0, 2.0])])
def test_every_time_needs_its_reference(taken: list[float], reference: list[float]) -> None:
    with pytest.raises(ValueError, match="some"):
        Ratio.of("some", "", taken, reference)


@pytest.mark.parametrize(("values", "low", "high"), [(5, 1, 5), (6, 1, 6), (9, 2, 8), (15, 4, 12)])
def test_the_interval_of_a_median_has_the_ranks_of_a_fair_coin(values: int, low: int, high: int) -> None:
    """Of 15 tosses at most 3 are heads in 1.8 % of cases, at most 4 in 5.9 %: so ranks 4 and 12."""
    shuffled = np.random.default_rng(0).permutation(np.arange(1.0, values + 1))
    assert median_interval(shuffled) == (low, high)


def test_the_report_has_four_numbers_for_each_ratio_and_says_whether_bounds_are_kept() -> None:
    fine = Ratio.of("fine", "a / b", [1.0], [2.0], 0.5)
    free = Ratio.of("free", "c / b", [9.0], [2.0])
    report = SpeedReport({"processor": "toy"}, (fine, free), ("a note",))
    made = report.to_json()
    assert made["machine"] == {"processor": "toy"} and made["within_bounds"] and "memory" not in made
    assert made["ratios"] == {"fine": {"median": 0.5, "low": 0.5, "high": 0.5, "bound": 0.5},
                              "free": {"median": 4.5, "low": 4.5, "high": 4.5, "bound": None}}
    assert made["details"]["free"] == {"compares": "c / b", "milliseconds": 9, "reference_milliseconds": 2, "rounds": 1}
    late = Ratio.of("late", "", [1.1], [2.0], 0.5)
    assert not SpeedReport({}, (fine, late)).to_json()["within_bounds"]
    lacking = SpeedReport({}, (fine,), failed=(Failed("graphs", "no memory"),))
    assert lacking.to_json()["failed"] == {"graphs": "no memory"} and not lacking.within
    assert "late" in SpeedReport({}, (late,)).outcome and "no memory" in lacking.outcome
