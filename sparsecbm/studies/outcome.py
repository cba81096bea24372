"""Means of participants and their differences, with 95 % intervals, tests and effect sizes. A participant is the unit.

What a participant did in several cases is one mean, because answers of one person resemble each other.
"""

import math
import warnings
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd
from jaxtyping import Float
from scipy.special import nctdtrinc
from statsmodels.regression.mixed_linear_model import MixedLM
from statsmodels.stats.meta_analysis import effectsize_smd
from statsmodels.stats.weightstats import CompareMeans, DescrStatsW

from sparsecbm.errors import InputError
from sparsecbm.intervals import Z95


def krippendorff_alpha(answers: Iterable[Sequence[str]]) -> float | None:
    """Alpha for nominal answers, given by case: 1 when all agree, 0 when as often as by chance, below it when less.

    Krippendorff 2011, "Computing Krippendorff's Alpha-Reliability", section C: alpha = 1 - D_o / D_e from the matrix of
    coincidences within cases. Cases with fewer than two answers say nothing and are left out. None where nothing is
    left, or only one answer was ever given: then there is no chance to be better than.
    """
    cases = [list(given) for given in answers if len(given) > 1]
    names = sorted({answer for given in cases for answer in given})
    if len(names) < 2:
        return None
    coincidences = np.zeros((len(names), len(names)))
    for given in cases:
        counts = np.array([given.count(name) for name in names], dtype=float)
        coincidences += (np.outer(counts, counts) - np.diag(counts)) / (len(given) - 1)
    sums, total = coincidences.sum(0), coincidences.sum()
    observed = total - np.trace(coincidences)
    expected = (total**2 - (sums**2).sum()) / (total - 1)
    return float(1 - observed / expected)


@dataclass(frozen=True)
class Estimate:
    """A value with its 95 % interval, None where too few say anything, over `n` participants."""

    value: float
    low: float | None
    high: float | None
    n: int


@dataclass(frozen=True)
class Comparison:
    """The mean of `arm` less that of `against`; `problem` says why there is no test, where there is none.

    `effect` is d_z for a paired test (the mean of the differences by their standard deviation, its interval from the
    noncentral t distribution, Cumming and Finch 2001) and Hedges' g for an independent one. `p_holm` is corrected for
    all comparisons of the same outcome (Holm 1979).
    """

    outcome: str
    arm: str
    against: str
    test: str
    difference: Estimate
    p: float | None = None
    p_holm: float | None = None
    effect: Estimate | None = None
    problem: str = ""


@dataclass(frozen=True)
class Term:
    """An arm less the first one in a mixed model; `effect` is the estimate by the model's whole standard deviation."""

    arm: str
    estimate: float
    low: float
    high: float
    p: float
    effect: float


@dataclass(frozen=True)
class MixedModel:
    """outcome ~ arm + case, with an intercept for each participant drawn from a normal distribution.

    Cases are fixed effects: what is said holds for these cases. A yes or no outcome is modelled as a share.
    `participants_sd` and `residual_sd` are standard deviations; `notes` is what the fit complained of, `problem` why
    there is none.
    """

    outcome: str
    against: str
    n: int
    terms: tuple[Term, ...] = ()
    participants_sd: float | None = None
    residual_sd: float | None = None
    notes: tuple[str, ...] = ()
    problem: str = ""


def estimate(values: Sequence[float]) -> Estimate | None:
    """The mean with its interval by Student's t; None of no values."""
    if not len(values):
        return None
    if len(values) < 2:
        return Estimate(float(values[0]), None, None, 1)
    stats = DescrStatsW(np.asarray(values, dtype=float))
    low, high = stats.tconfint_mean()
    return Estimate(float(stats.mean), float(low), float(high), len(values))


def paired(outcome: str, arm: str, against: str, a: Sequence[float], b: Sequence[float]) -> Comparison:
    """The same participants twice, in the same order: a paired t test. InputError when their numbers differ."""
    if len(a) != len(b) or not len(a):
        raise InputError(f"{len(a)} and {len(b)} participants came to be paired; allowed: the same ones, at least one.")
    differences = np.asarray(a, dtype=float) - np.asarray(b, dtype=float)
    difference = estimate(differences.tolist())
    assert difference is not None
    found = Comparison(outcome, arm, against, "paired t", difference)
    if len(differences) < 2 or np.ptp(differences) < 1e-12:
        return replace(found, problem="fewer than two participants, or no difference between their differences")
    t, p, _ = DescrStatsW(differences).ttest_mean(0)
    scale = math.sqrt(len(differences))
    low, high = (float(nctdtrinc(len(differences) - 1, share, t)) / scale for share in (0.975, 0.025))
    return replace(found, p=float(p), effect=Estimate(float(t) / scale, low, high, len(differences)))


def independent(outcome: str, arm: str, against: str, a: Sequence[float], b: Sequence[float]) -> Comparison:
    """Two groups of participants: Welch's t test, and Hedges' g by the pooled deviation with its normal interval."""
    first, second = (np.asarray(values, dtype=float) for values in (a, b))
    if not len(first) or not len(second):
        raise InputError(f"{len(first)} and {len(second)} participants came to be compared; allowed: at least one "
                         "each.")
    difference = float(first.mean() - second.mean())
    n = len(first) + len(second)
    found = Comparison(outcome, arm, against, "Welch t", Estimate(difference, None, None, n))
    if min(len(first), len(second)) < 2 or max(np.ptp(first), np.ptp(second)) < 1e-12:
        return replace(found, problem="fewer than two participants in an arm, or no difference between any of one arm")
    means = CompareMeans(DescrStatsW(first), DescrStatsW(second))
    low, high = means.tconfint_diff(usevar="unequal")
    g, variance = effectsize_smd(first.mean(), first.std(ddof=1), len(first), second.mean(), second.std(ddof=1),
                                 len(second))
    half = Z95 * math.sqrt(variance)
    return replace(found, difference=Estimate(difference, float(low), float(high), n),
                   p=float(means.ttest_ind(usevar="unequal")[1]), effect=Estimate(float(g), g - half, g + half, n))


def corrected(comparisons: Sequence[Comparison]) -> tuple[Comparison, ...]:
    """The comparisons with `p_holm`, for as many as there are of the same outcome."""
    made = list(comparisons)
    for outcome in {one.outcome for one in comparisons}:
        places = [place for place, one in enumerate(comparisons) if one.outcome == outcome and one.p is not None]
        if places:
            adjusted = _holm(np.array([comparisons[place].p for place in places], dtype=float))
            for place, p in zip(places, adjusted.tolist(), strict=True):
                made[place] = replace(made[place], p_holm=p)
    return tuple(made)


def _holm(p: Float[np.ndarray, " test"]) -> Float[np.ndarray, " test"]:
    """Holm 1979, by hand: that of statsmodels collects garbage at each call, which holds up every session."""
    order = np.argsort(p)
    steps = np.maximum.accumulate(p[order] * np.arange(len(p), 0, -1))
    return np.asarray(np.minimum(steps, 1.0)[np.argsort(order)])


def mixed_model(table: pd.DataFrame, outcome: str, arms: Sequence[str]) -> MixedModel:
    """The model over the rows of a table of cases (columns participant, case, arm) that have the outcome."""
    rows = table.dropna(subset=[outcome])[["participant", "case", "arm", outcome]]
    rows = rows.rename(columns={outcome: "outcome"}).astype({"outcome": float})
    empty = MixedModel(outcome, arms[0], len(rows))
    if rows["participant"].nunique() < 2 or rows["arm"].nunique() < 2 or np.ptp(rows["outcome"]) < 1e-12:
        return replace(empty, problem="fewer than two participants or arms, or no difference in the outcome")
    others = [arm for arm in arms[1:] if (rows["arm"] == arm).any()]
    columns = [np.ones(len(rows)), *(rows["arm"] == arm for arm in others),
               *(rows["case"] == case for case in sorted(set(rows["case"]))[1:])]
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        try:  # Powell's method: those by gradients fail where participants do not differ, at the edge of what can be
            fit = MixedLM(rows["outcome"].to_numpy(), np.column_stack(columns).astype(float),
                          groups=rows["participant"].to_numpy()).fit(method=["powell"])
        except (np.linalg.LinAlgError, ValueError) as error:
            return replace(empty, problem=f"the model cannot be fitted to these rows ({error})")
    between, within = max(0.0, float(fit.cov_re[0, 0])), float(fit.scale)
    if not 1e-12 < within < np.inf:
        return replace(empty, problem="arms and cases account for every outcome, so that nothing is left to test by")
    limits = fit.conf_int()
    terms = tuple(Term(arm, float(fit.params[k]), float(limits[k, 0]), float(limits[k, 1]), float(fit.pvalues[k]),
                       float(fit.params[k]) / math.sqrt(between + within)) for k, arm in enumerate(others, start=1))
    notes = tuple(dict.fromkeys(str(one.message).partition("\n")[0] for one in caught))
    return replace(empty, terms=terms, participants_sd=math.sqrt(between), residual_sd=math.sqrt(within), notes=notes)
