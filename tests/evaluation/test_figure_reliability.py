"""Reliability: the dots and their intervals as they were kept, and the sentence on every side of its verdict."""

from typing import Any

import pytest

from sparsecbm.evaluation.figure_reliability import reliability_figure, reliability_table, reliability_text


def a_bin(n: int, confidence: float, accuracy: float, low: float, high: float) -> dict[str, Any]:
    return {"n": n, "confidence": confidence, "accuracy": accuracy, "ci95": [low, high]}


BINS = [a_bin(4, 0.5, 0.75, 0.3, 0.95), a_bin(96, 0.9, 0.8, 0.7, 0.85)]


def test_dots_stand_at_confidence_and_accuracy_with_their_intervals_and_counts() -> None:
    line, many, few, bars = reliability_figure(BINS, "Sure?", False).data
    assert list(line.x) == list(line.y) == [0, 100]
    assert (list(many.x), list(many.y), list(few.x), list(few.y)) == ([90], [80], [50], [75])
    assert many.error_y.array == pytest.approx((5,)) and many.error_y.arrayminus == pytest.approx((10,))
    assert few.marker.symbol == "circle-open"  # 4 reviews say little
    assert list(bars.y) == [4, 96] and list(bars.text) == ["4", "96"]
    assert reliability_table(BINS)["texts"].tolist() == [4, 96]


def test_the_sentence_says_which_way_the_model_errs() -> None:
    """(96 x .1 - 4 x .25) / 100 = .086 too sure; only the first bin's interval holds its confidence."""
    said = reliability_text("rating", BINS, 0.106)
    assert "error of rating: 10.6 points" in said and "too sure, by 8.6 points" in said
    assert "96 % of the texts" in said
    careful = reliability_text("rating", [a_bin(10, 0.5, 0.75, 0.45, 0.9)], 0.25)
    assert "too careful, by 25.0 points" in careful and "Every bin's interval reaches the line" in careful
    assert "as sure as it is right" in reliability_text("rating", [a_bin(10, 0.5, 0.505, 0.3, 0.7)], 0.005)
