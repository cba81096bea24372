"""Means and intervals over reviews, by hand."""

import numpy as np
import pytest

from sparsecbm.types import Target
from sparsecbm.words.faithfulness import Faithfulness, interval, summarise

SOUP = Target("soup", "Positive")


def measured(without: float, random: float, removal: str = "deletion", tau: float | None = 0.5,
             target: Target = SOUP, method: str = "m") -> Faithfulness:
    """A review of probability 1 whose curves are flat, at a value that is half as high for sufficiency."""
    flat = np.full(10, 1.0)
    return Faithfulness(target, method, None, removal, np.arange(1, 11) / 10, 1.0, without * flat, without / 2 * flat,
                        np.full((3, 10), random), np.full((3, 10), random / 2), tau, 1.0)



def test_an_interval_by_hand() -> None:
    """Of two values 0 and 1, a resampled mean is 0 or 1 a quarter of the time each, far more than 2.5 %."""
    assert interval([0.0, 1.0]) == {"mean": 0.5, "ci95": [0.0, 1.0]}
    assert interval([0.3]) == interval([0.3, 0.3]) == {"mean": 0.3, "ci95": None}
    many = np.random.default_rng(1).normal(size=400)
    low, high = interval(many.tolist())["ci95"]
    assert (low, high) == pytest.approx((many.mean() - 1.96 / 20, many.mean() + 1.96 / 20), abs=0.015)


def test_undefined_values_are_left_out_and_may_be_all() -> None:
    assert interval([None, 0.25, None, 0.75])["mean"] == 0.5
    assert interval([None]) == interval([]) == {"mean": None, "ci95": None}


def test_the_seed_decides() -> None:
    values = np.random.default_rng(1).normal(size=20).tolist()
    assert interval(values, 1) == interval(values, 1) != interval(values, 2)


def test_results_are_gathered_by_method_and_subject() -> None:
    label = Target(None, "good")
    made = summarise([
        measured(0.2, 0.8), measured(0.4, 0.8, target=Target("soup", "Negative"), tau=None),
        measured(0.6, 0.8, target=label), measured(0.9, 0.8, method="n"),
        measured(0.8, 0.8, "replacement"), measured(0.0, 0.8, "replacement", None)])
    assert {method: list(subjects) for method, subjects in made.items()} == {"m": ["soup", "label"], "n": ["soup"]}
    soup = made["m"]["soup"]
    assert soup["comprehensiveness"]["mean"] == pytest.approx(0.7)
    assert soup["comprehensiveness"]["ci95"] == pytest.approx([0.6, 0.8])
    assert soup["sufficiency"]["mean"] == pytest.approx(0.85)
    assert soup["random_comprehensiveness"]["mean"] == pytest.approx(0.2)
    assert soup["random_sufficiency"]["mean"] == pytest.approx(0.6)
    assert soup["loo_tau"] == {"mean": 0.5, "ci95": None}
    assert soup["replacement"]["comprehensiveness"]["mean"] == pytest.approx(0.6)
    assert "replacement" not in made["m"]["label"] and "replacement" not in soup["replacement"]


@pytest.mark.parametrize(("own", "random", "beats"), [
    ((0.5, 0.7), (0.8, 0.9), True), ((0.5, 0.85), (0.8, 0.9), False), ((0.9, 0.95), (0.5, 0.6), False),
    ((0.5, 0.5), (0.5, 0.5), False),
])
def test_to_beat_random_order_the_intervals_must_not_touch(
    own: tuple[float, float], random: tuple[float, float], beats: bool
) -> None:
    made = summarise([measured(own[0], random[0])])
    assert made["m"]["soup"]["beats_random"] is False, "one text tells nothing"
    made = summarise([measured(without, other) for without, other in zip(own, random, strict=True)])
    assert made["m"]["soup"]["beats_random"] is beats
