"""Scores equal scikit-learn's, or a sum done by hand."""

import time

import numpy as np
import pytest
from sklearn import metrics as oracle

from sparsecbm.evaluation import metrics
from sparsecbm.intervals import wilson


def random_answers(seed: int, rows: int, classes: int) -> tuple[np.ndarray, np.ndarray]:
    generator = np.random.default_rng(seed)
    gold = generator.integers(0, classes, rows)
    return gold, np.where(generator.random(rows) < 0.6, gold, generator.integers(0, classes, rows))


@pytest.mark.parametrize(("rows", "classes"), [(400, 5), (60, 3), (7, 5), (1, 3)])
@pytest.mark.parametrize("seed", range(5))
def test_accuracy_and_macro_f1_are_scikit_learns(rows: int, classes: int, seed: int) -> None:
    gold, predicted = random_answers(seed, rows, classes)  # seven rows leave classes out, as truth, answer or both
    counts = metrics.confusion(gold, predicted, classes)
    np.testing.assert_array_equal(counts, oracle.confusion_matrix(gold, predicted, labels=range(classes)))
    assert float(metrics.accuracy(counts)) == pytest.approx(oracle.accuracy_score(gold, predicted))
    assert float(metrics.macro_f1(counts)) == pytest.approx(oracle.f1_score(gold, predicted, average="macro"))


@pytest.mark.parametrize("seed", range(5))
def test_paper_f1_is_the_mean_of_one_against_the_rest(seed: int) -> None:
    gold, predicted = random_answers(seed, 300, 5)
    each = [oracle.f1_score(gold == value, predicted == value, average="macro") for value in range(5)]
    assert float(metrics.f1_ovr_paper(metrics.confusion(gold, predicted, 5))) == pytest.approx(np.mean(each))


def test_paper_f1_inflates() -> None:
    """Five balanced classes, .664 of each right, errors spread evenly: macro F1 .664, the paper's .790."""
    counts = np.full((5, 5), 84) + np.diag([664 - 84] * 5)
    assert float(metrics.accuracy(counts)) == pytest.approx(0.664)
    assert float(metrics.macro_f1(counts)) == pytest.approx(0.664)
    assert float(metrics.f1_ovr_paper(counts)) == pytest.approx(0.790)


def test_scores_take_leading_axes_along() -> None:
    stack = np.stack([metrics.confusion(*random_answers(seed, 50, 4), 4) for seed in range(6)]).reshape(2, 3, 4, 4)
    for score in (metrics.accuracy, metrics.macro_f1, metrics.f1_ovr_paper):
        together = score(stack)
        assert together.shape == (2, 3)
        assert together[1, 2] == score(stack[1, 2])


def test_ece_by_hand() -> None:
    """Bins of width 1/5. Confidences .5, .6 share a bin (one of two right): |1/2 - .55| x 2/4; 1.0 right: 0;
    .95 wrong, in the bin of 1.0: that bin has accuracy 1/2, confidence .975."""
    probabilities = np.array([[0.5, 0.3, 0.2], [0.2, 0.6, 0.2], [0.0, 0.0, 1.0], [0.95, 0.05, 0.0]])
    gold = np.array([0, 0, 2, 1])
    assert metrics.ece(probabilities, gold, bins=5) == pytest.approx(0.5 * 0.05 + 0.5 * 0.475)


def test_reliability_by_hand() -> None:
    """The bins of the error above: .4 to .6 with one of two right, .8 to 1 likewise. Wilson's interval of 1 of 2, with
    z = 1.96: centre 1/2, half of it z / (1 + z^2 / 2) x sqrt(1/8 + z^2 / 16) = .4055."""
    probabilities = np.array([[0.5, 0.3, 0.2], [0.2, 0.6, 0.2], [0.0, 0.0, 1.0], [0.95, 0.05, 0.0]])
    gold = np.array([0, 0, 2, 1])
    low, high = metrics.reliability(probabilities, gold, bins=5)
    assert (low.n, low.confidence, low.accuracy) == (2, pytest.approx(0.55), 0.5)
    assert (high.n, high.confidence, high.accuracy) == (2, pytest.approx(0.975), 0.5)
    assert low.ci95 == pytest.approx((0.0945, 0.9055), abs=1e-4)
    bins = metrics.reliability(probabilities, gold)  # of 1/15: .95 and 1.0 part company only from 1/20 on
    assert sum(one.n * abs(one.accuracy - one.confidence) for one in bins) / 4 == pytest.approx(
        metrics.ece(probabilities, gold))


def test_ece_has_15_bins_closed_above() -> None:
    """.6 = 9/15 is in one bin with .55, .61 in the next: gaps (1 - .6) - .55 and 1 - .61, over 3 rows."""
    probabilities = np.array([[0.6, 0.4], [0.55, 0.45], [0.61, 0.39]])
    assert metrics.ece(probabilities, np.array([0, 1, 0])) == pytest.approx((abs(0.4 - 0.55) + 0.39) / 3)


def test_a_sure_and_right_model_is_calibrated() -> None:
    assert metrics.ece(np.eye(4), np.arange(4)) == 0
    assert metrics.ece(np.eye(4), np.array([1, 2, 3, 0])) == 1


def test_intervals_are_those_of_resampled_rows() -> None:
    """Against the plain bootstrap: draw rows, score with scikit-learn. Both ends within Monte Carlo error."""
    gold, predicted = random_answers(1, 250, 5)
    intervals = metrics.bootstrap_ci(metrics.confusion(gold, predicted, 5))
    generator = np.random.default_rng(2)
    drawn = [generator.integers(0, 250, 250) for _ in range(300)]
    plain = {
        "accuracy": [oracle.accuracy_score(gold[rows], predicted[rows]) for rows in drawn],
        "macro_f1": [oracle.f1_score(gold[rows], predicted[rows], average="macro") for rows in drawn],
    }
    for name, scores in plain.items():
        np.testing.assert_allclose(intervals[name], np.percentile(scores, (2.5, 97.5)), atol=0.02)
        assert intervals[name][1] - intervals[name][0] > 0.05


@pytest.mark.parametrize(("counts", "right"), [([[3, 0], [0, 4]], 7), ([[0, 3], [4, 0]], 0), ([[5, 0], [0, 0]], 5)])
def test_where_every_row_is_right_or_none_the_intervals_still_leave_a_doubt(
    counts: list[list[int]], right: int
) -> None:
    for low, high in metrics.bootstrap_ci(np.array(counts)).values():
        assert (low, high) == wilson(right, int(np.sum(counts))) and high - low > 0.3


def test_intervals_are_seeded_and_fast() -> None:
    counts = metrics.confusion(*random_answers(0, 1673, 5), 5)
    start = time.perf_counter()
    first = metrics.bootstrap_ci(counts, seed=3)
    assert time.perf_counter() - start < 1
    assert first == metrics.bootstrap_ci(counts, seed=3) != metrics.bootstrap_ci(counts, seed=4)


def test_majority_baseline_by_hand() -> None:
    """Always "b" on a, b, b, c: accuracy 1/2; F1 of b is 2 x 2 / (2 + 4), of a and c zero."""
    baseline = metrics.majority(np.array([0, 1, 1, 2]), ("a", "b", "c"))
    assert (baseline.value, baseline.accuracy) == ("b", 0.5)
    assert baseline.macro_f1 == pytest.approx((4 / 6) / 3)


def test_majority_takes_the_first_of_a_tie() -> None:
    assert metrics.majority(np.array([2, 2, 1, 1]), ("a", "b", "c")).value == "b"
