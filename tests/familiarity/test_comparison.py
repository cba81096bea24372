"""The benchmark that compares scores of unlikeness: its scores by hand, and what its table says."""

import numpy as np
import pytest

from benchmarks import familiarity


def test_the_neighbour_is_that_at_the_smallest_angle(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(familiarity, "NEIGHBOURS", 1)
    train = {"x": np.array([[2.0, 0.0], [0.0, -1.0]])}
    score = familiarity.neighbour(lambda found: found["x"], train)
    np.testing.assert_allclose(score({"x": np.array([[7.0, 7.0], [0.1, 0.0], [0.0, 3.0]])}), [1 - 0.5**0.5, 0, 1],
                               atol=1e-12)


def test_a_score_for_its_length_is_a_multiple_of_the_usual() -> None:
    held_out = {"tokens": np.array([1, 2, 4, 8]), "x": np.array([12.0, 7.0, 4.5, 3.25])}  # 2 + 10 / tokens
    score = familiarity.for_its_length(lambda found: found["x"], held_out)
    np.testing.assert_allclose(score({"tokens": np.array([5, 10]), "x": np.array([4.0, 9.0])}), [1, 3])


def test_a_row_says_correlation_marks_and_area() -> None:
    dev = {"tokens": np.arange(100), "x": np.arange(100.0)[::-1]}
    others = {"train": dev, "dev": dev, "far": {"x": np.array([200.0, 300.0])}, "half": {"x": np.array([94.0, 95.0])}}
    correlation, far, half = familiarity.row_of(lambda found: found["x"], others)
    assert (correlation, far) == ("-1.00", "100 (1.000)") and half.startswith("50 (0.9")


def test_shuffling_keeps_the_words() -> None:
    texts = ["a b c d e f g", "h"]
    made = familiarity.shuffled(texts)
    assert [sorted(text.split()) for text in made] == [text.split() for text in texts] and made[0] != texts[0]
