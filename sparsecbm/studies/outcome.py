"""Means of participants and their differences, with 95 % intervals, tests and effect sizes. A participant is the unit.

What a participant did in several cases is one mean, because answers of one person resemble each other.
"""

import math
import warnings
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd
from jaxtyping import Float
from scipy.special import nctdtrinc
from statsmodels.regression.mixed_linear_model import MixedLM
from statsmodels.stats.meta_analysis import effectsize_smd
from statsmodels.stats.weightstats import CompareMeans, DescrStatsW

from sparsecbm.errors import InputError
from sparsecbm.intervals import Z95, Interval

#: Below this many participants there is no interval: by Student's t it would cover most of what is possible.
FEWEST = 5
_ANY: Interval = (-math.inf, math.inf)
#: Numbers that differ by less are the same.
_SAME = 1e-12


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
    """A value over `n` participants with its 95 % interval; None below FEWEST of them, or where none can be given."""

    value: float
    low: float | None
    high: float | None
    n: int


@dataclass(frozen=True)
class Comparison:
    """The mean of `arm` minus that of `against`; `problem` says why there is no test, where there is none.

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
    """An arm minus the first one in a mixed model; `effect` is the estimate over the total standard deviation."""

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
    `participants_sd` and `residual_sd` are standard deviations; `notes` are warnings of the fit, `problem` says why
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


def estimate(values: Sequence[float], bounds: Interval = _ANY) -> Estimate | None:
    """The mean with its interval by Student's t, cut to the values that are possible; None without values.

    Participants who are all the same are widened first, by `_spread`; without bounds they have no interval.
    """
    if not len(values):
        return None
    given = np.asarray(values, dtype=float)
    low, high = _ends(DescrStatsW(_spread(given, bounds)).tconfint_mean, len(given), bounds)
    return Estimate(float(given.mean()), low, high, len(given))


def _spread(values: Float[np.ndarray, " participant"], bounds: Interval) -> Float[np.ndarray, " more"]:
    """The values, with one more at each end of what is possible where all are the same.

    For t they would leave no doubt at all, even if all of five are right. Adding a row of each kind is the remedy of
    Agresti and Coull 1998 for shares, and of Bonett and Price 2012 for paired differences.
    """
    return values if _differ(values) or not np.isfinite(bounds).all() else np.append(values, bounds)


def _differ(values: Float[np.ndarray, " participant"]) -> bool:
    return bool(np.ptp(values) >= _SAME)


def _ends(
    interval: Callable[[], tuple[float, float]], n: int, bounds: Interval
) -> tuple[float, float] | tuple[None, None]:
    """An interval cut to what is possible; nothing for too few participants, or where it has no width."""
    if n < FEWEST:
        return None, None
    low, high = _cut(interval(), bounds)
    return (low, high) if high - low >= _SAME else (None, None)


def _cut(ends: tuple[float, float], bounds: Interval) -> Interval:
    low, high = map(float, ends)
    return max(low, bounds[0]), min(high, bounds[1])


def differences(bounds: Interval) -> Interval:
    """The possible differences between two values within bounds."""
    low, high = bounds
    return low - high, high - low


def paired(
    outcome: str, arm: str, against: str, a: Sequence[float], b: Sequence[float], bounds: Interval = _ANY
) -> Comparison:
    """The same participants twice, in the same order: a paired t test. `bounds` are those of the values, not of their
    differences. InputError when the numbers of participants differ."""
    if len(a) != len(b) or not len(a):
        raise InputError(f"Cannot pair {len(a)} with {len(b)} participants; allowed: the same ones, at least one.")
    change = np.asarray(a, dtype=float) - np.asarray(b, dtype=float)
    difference = estimate(change.tolist(), differences(bounds))
    assert difference is not None
    found = Comparison(outcome, arm, against, "paired t", difference)
    if len(change) < 2 or not _differ(change):
        return replace(found, problem="fewer than two participants, or all have the same difference")
    t, p, _ = DescrStatsW(change).ttest_mean(0)
    scale = math.sqrt(len(change))
    low, high = (float(nctdtrinc(len(change) - 1, share, t)) / scale if len(change) >= FEWEST else None
                 for share in (0.975, 0.025))
    return replace(found, p=float(p), effect=Estimate(float(t) / scale, low, high, len(change)))


def independent(
    outcome: str, arm: str, against: str, a: Sequence[float], b: Sequence[float], bounds: Interval = _ANY
) -> Comparison:
    """Two groups of participants: Welch's t test, and Hedges' g by the pooled deviation with its normal interval."""
    first, second = (np.asarray(values, dtype=float) for values in (a, b))
    if not len(first) or not len(second):
        raise InputError(f"Cannot compare {len(first)} with {len(second)} participants; allowed: at least one each.")
    n, fewest = len(first) + len(second), min(len(first), len(second))
    wide = CompareMeans(*(DescrStatsW(_spread(group, bounds)) for group in (first, second)))
    low, high = _ends(lambda: wide.tconfint_diff(usevar="unequal"), fewest, differences(bounds))
    found = Comparison(outcome, arm, against, "Welch t", Estimate(float(first.mean() - second.mean()), low, high, n))
    if fewest < 2 or not (_differ(first) or _differ(second)):
        return replace(found, problem="fewer than two participants in an arm, or all of an arm are the same")
    p = float(CompareMeans(DescrStatsW(first), DescrStatsW(second)).ttest_ind(usevar="unequal")[1])
    g, variance = effectsize_smd(first.mean(), first.std(ddof=1), len(first), second.mean(), second.std(ddof=1),
                                 len(second))
    half = Z95 * math.sqrt(variance)
    low, high = (None, None) if fewest < FEWEST else (g - half, g + half)
    return replace(found, p=p, effect=Estimate(float(g), low, high, n))


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


def mixed_model(table: pd.DataFrame, outcome: str, arms: Sequence[str], bounds: Interval = _ANY) -> MixedModel:
    """The model over the rows of a table of cases (columns participant, case, arm) that have the outcome."""
    rows = table.dropna(subset=[outcome])[["participant", "case", "arm", outcome]]
    rows = rows.rename(columns={outcome: "outcome"}).astype({"outcome": float})
    empty = MixedModel(outcome, arms[0], len(rows))
    if rows["participant"].nunique() < FEWEST or rows["arm"].nunique() < 2 or np.ptp(rows["outcome"]) < _SAME:
        return replace(empty, problem=f"fewer than {FEWEST} participants or two arms, or the outcome never differs")
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
        return replace(empty, problem="arms and cases account for every outcome, so no variance is left to test")
    limits = fit.conf_int()
    terms = tuple(Term(arm, value, *_cut((limits[k, 0], limits[k, 1]), bounds), float(fit.pvalues[k]),
                       value / math.sqrt(between + within))
                  for k, arm in enumerate(others, start=1) for value in (float(fit.params[k]),))
    notes = tuple(dict.fromkeys(str(one.message).partition("\n")[0] for one in caught))
    return replace(empty, terms=terms, participants_sd=math.sqrt(between), residual_sd=math.sqrt(within), notes=notes)
