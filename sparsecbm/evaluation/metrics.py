"""Scores of a classifier from its confusion matrix, with bootstrap intervals, the majority baseline, and calibration.

A confusion matrix counts rows: first axis the true class, second the predicted one. Every score below takes
leading axes along, so a thousand resampled matrices are scored in one go. All scores lie in 0..1.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from jaxtyping import Bool, Float, Int

from sparsecbm.intervals import Interval, percentiles, resampled, wilson

Confusion = Int[np.ndarray, "*sample value value"]
Score = Float[np.ndarray, "*sample"]

BINS = 15


@dataclass(frozen=True)
class Majority:
    """What always answering the evaluated rows' most frequent class (`value`, the first of a tie) would score."""

    value: str
    accuracy: float
    macro_f1: float


def confusion(gold: Int[np.ndarray, " row"], predicted: Int[np.ndarray, " row"], classes: int) -> Confusion:
    """Count rows per true and predicted class; no entry may be negative."""
    return np.bincount(gold * classes + predicted, minlength=classes * classes).reshape(classes, classes)


def accuracy(counts: Confusion) -> Score:
    """Share of rows on the diagonal."""
    return np.asarray(_hits(counts).sum(-1) / counts.sum((-2, -1)))


def macro_f1(counts: Confusion) -> Score:
    """Plain mean of each class's F1, over the classes that occur as truth or prediction (scikit-learn's macro F1)."""
    size, hits = counts.sum(-1) + counts.sum(-2), _hits(counts)
    return _mean_where(2 * hits / np.maximum(size, 1), size > 0)


def f1_ovr_paper(counts: Confusion) -> Score:
    """The published "macro F1": each class's F1 averaged with the F1 of its complement, then over classes.

    Telling four classes from the fifth is easy, so this is far above the macro F1. For comparison only.
    """
    size, hits = counts.sum(-1) + counts.sum(-2), _hits(counts)
    rows = counts.sum((-2, -1))[..., None]
    rest_size, rest_hits = 2 * rows - size, rows - size + hits  # the same two counts, of the complement
    own, rest = 2 * hits / np.maximum(size, 1), 2 * rest_hits / np.maximum(rest_size, 1)
    return _mean_where((own + rest) / 2, size > 0)


@dataclass(frozen=True)
class Bin:
    """Rows of like confidence: their number, mean confidence and accuracy, 0..1, with Wilson's 95 % interval."""

    n: int
    confidence: float
    accuracy: float
    ci95: Interval


def ece(probabilities: Float[np.ndarray, "row value"], gold: Int[np.ndarray, " row"], bins: int = BINS) -> float:
    """Expected calibration error: |accuracy - mean confidence| per bin, weighted by the bin's share of rows.

    Confidence is the largest probability; the bins are of equal width, each open below and closed above.
    """
    confidence, correct, places = _binned(probabilities, gold, bins)
    return float(np.abs(np.bincount(places, weights=correct - confidence)).sum() / len(gold))


def reliability(
    probabilities: Float[np.ndarray, "row value"], gold: Int[np.ndarray, " row"], bins: int = BINS
) -> list[Bin]:
    """The bins of `ece`, from the least confident on; those without a row are left out."""
    confidence, correct, places = _binned(probabilities, gold, bins)
    found = []
    for place in np.unique(places):
        rows = places == place
        n, hits = int(rows.sum()), int(correct[rows].sum())
        found.append(Bin(n, float(confidence[rows].mean()), hits / n, wilson(hits, n)))
    return found


def bootstrap_ci(counts: Int[np.ndarray, "value value"], seed: int = 0) -> dict[str, Interval]:
    """95 % percentile intervals of accuracy and macro F1 over resamples of the rows.

    Where all rows are right, or none, every resample is the same; then both have Wilson's interval of the accuracy.
    """
    rows = int(counts.sum())
    matrices = resampled(rows, seed, counts.ravel() / rows).reshape(-1, *counts.shape)
    intervals = {}
    for name, score in (("accuracy", accuracy), ("macro_f1", macro_f1)):
        low, high = percentiles(score(matrices))
        intervals[name] = (float(low), float(high)) if low < high else wilson(int(np.trace(counts)), rows)
    return intervals


def majority(gold: Int[np.ndarray, " row"], names: Sequence[str]) -> Majority:
    """The majority-class baseline of these very rows."""
    most = int(np.bincount(gold).argmax())
    counts = confusion(gold, np.full_like(gold, most), len(names))
    return Majority(names[most], float(accuracy(counts)), float(macro_f1(counts)))


def _binned(
    probabilities: Float[np.ndarray, "row value"], gold: Int[np.ndarray, " row"], bins: int
) -> tuple[Float[np.ndarray, " row"], Bool[np.ndarray, " row"], Int[np.ndarray, " row"]]:
    """Every row's confidence, whether it is right, and the place of its bin."""
    confidence = probabilities.max(-1).astype(np.float64)
    places = np.clip(np.ceil(confidence * bins).astype(np.int64) - 1, 0, bins - 1)
    return confidence, probabilities.argmax(-1) == gold, places


def _hits(counts: Confusion) -> Int[np.ndarray, "*sample value"]:
    return np.diagonal(counts, axis1=-2, axis2=-1)


def _mean_where(scores: Float[np.ndarray, "*sample value"], counted: np.ndarray) -> Score:
    return np.asarray((scores * counted).sum(-1) / counted.sum(-1))
