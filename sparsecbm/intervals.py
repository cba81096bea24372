"""95 % intervals, each by one method in one place: shares, means, paired changes, and resampled rows."""

from collections.abc import Sequence

import numpy as np
from jaxtyping import Bool, Float, Int
from scipy.stats import bootstrap, norm, quantile_test, sem
from statsmodels.stats.proportion import proportion_confint

Interval = tuple[float, float]

#: Resamples behind a bootstrap interval.
RESAMPLES = 1000
#: Standard deviations on either side of the mean that hold 95 % of a normal distribution.
Z95 = float(norm.ppf(0.975))
_PERCENTILES = (2.5, 97.5)


def wilson(hits: int, n: int) -> Interval:
    """Wilson's interval of a share (1927, J. Am. Stat. Assoc. 22, 209-212); all of 0..1 without a row.

    It holds for few rows and rare hits, too, and never leaves 0..1.
    """
    if not n:
        return 0.0, 1.0
    low, high = proportion_confint(hits, n, method="wilson")
    return float(low), float(high)


def normal(values: Float[np.ndarray, " row"]) -> Interval | None:
    """The normal interval of a mean; None for fewer than two values, or where all are the same: it had no width."""
    if len(values) < 2 or np.ptp(values) == 0:
        return None
    mean, half = float(values.mean()), Z95 * float(sem(values))
    return mean - half, mean + half


def paired_change(fixed: int, broken: int, n: int) -> Interval:
    """How a share changes in `n` rows, `fixed` of which become hits and `broken` no longer are.

    Wald's interval after one row is added to each (Bonett and Price 2012, J. Educ. Behav. Stat. 37, 479-488). It keeps
    its width where nothing changes, as resampling the rows would not.
    """
    p, q = (fixed + 1) / (n + 2), (broken + 1) / (n + 2)
    half = Z95 * float(np.sqrt((p + q - (p - q) ** 2) / (n + 2)))
    return max(-1.0, p - q - half), min(1.0, p - q + half)


def paired_bootstrap(
    before: Bool[np.ndarray, " row"], after: Bool[np.ndarray, " row"], seed: int = 0
) -> Interval | None:
    """How the share of hits changes from `before` to `after` in the same rows: percentiles over resampled rows.

    Where every row changes alike, each resample is the same; then it is `paired_change`. None without a row.
    """
    n, broken, fixed = len(before), int((before & ~after).sum()), int((after & ~before).sum())
    if not n:
        return None
    if n in (broken, fixed, n - broken - fixed):
        return paired_change(fixed, broken, n)
    drawn = resampled(n, seed, np.array([broken, n - broken - fixed, fixed]) / n)
    low, high = percentiles((drawn[:, 2] - drawn[:, 0]) / n)
    return float(low), float(high)


def bootstrap_mean(values: Sequence[float] | Float[np.ndarray, " row"], seed: int = 0) -> Interval | None:
    """Percentile interval of a mean over resampled values; None for fewer than two, or where all are the same.

    The seed alone decides which places are drawn, so means over the same rows are resampled together.
    """
    if len(values) < 2 or np.ptp(values) == 0:
        return None
    low, high = bootstrap((np.asarray(values, dtype=np.float64),), np.mean, n_resamples=RESAMPLES, method="percentile",
                          rng=np.random.default_rng(seed)).confidence_interval
    return float(low), float(high)


def resampled(
    n: int, seed: int = 0, shares: Float[np.ndarray, " cell"] | None = None
) -> Int[np.ndarray, "sample cell"]:
    """How often each cell occurs when `n` rows are drawn with replacement, in each resample.

    `shares` are the probabilities of the cells; without them, each row is a cell of its own. Counting cells draws the
    same resamples as choosing rows one by one, and is much quicker.
    """
    each = np.full(n, 1 / n) if shares is None else shares
    return np.random.default_rng(seed).multinomial(n, each, size=RESAMPLES)


def percentiles(samples: Float[np.ndarray, "sample *more"]) -> Float[np.ndarray, "2 *more"]:
    """The low and the high end of the interval that holds 95 % of the samples, for each of the remaining axes."""
    return np.asarray(np.percentile(samples, _PERCENTILES, axis=0))


def median_interval(values: Float[np.ndarray, " value"]) -> Interval:
    """Exact interval of a median by order statistics, whatever the distribution (scipy's `quantile_test`).

    For fewer than six values, where no interval holds 95 %, it is all of them.
    """
    low, high = quantile_test(values, p=0.5).confidence_interval(confidence_level=0.95)
    return (float(values.min()), float(values.max())) if np.isnan(low + high) else (float(low), float(high))
