"""The results of a study by arm: accuracy with and without help, reliance, confidence, time, interventions, agreement.

Reliance is on the model's first answer, before the participant set anything. Appropriate reliance on a case is to
accept a right answer or to reject a wrong one; switching to right advice and keeping a right answer against wrong
advice are RAIR and RSR of Schemmer et al. 2023, "Appropriate Reliance on AI Advice" (arXiv 2302.02187), eq. 1 and 2.
"""

import math
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from itertools import combinations
from typing import Any

import numpy as np
import pandas as pd

from sparsecbm.intervals import Interval
from sparsecbm.studies.cases import case_rows
from sparsecbm.studies.log import Course
from sparsecbm.studies.outcome import (
    Comparison,
    Estimate,
    MixedModel,
    corrected,
    differences,
    estimate,
    independent,
    krippendorff_alpha,
    mixed_model,
    paired,
)
from sparsecbm.studies.protocol import HIGHEST, Protocol
from sparsecbm.studies.run import step_of

#: What is estimated for each arm: a column of `case_table` -> what it is called. Shares lie in 0..1.
MEASURES = {
    "right_without": "accuracy without help",
    "right_with": "accuracy with help",
    "gain": "accuracy gained by help",
    "advice_right": "accuracy of the model on these cases",
    "appropriate": "appropriate reliance",
    "accept_right": "right answers of the model accepted",
    "reject_wrong": "wrong answers of the model rejected",
    "over_reliance": "wrong answers of the model accepted (over-reliance)",
    "under_reliance": "right answers of the model rejected (under-reliance)",
    "switched_to_right": "own wrong answers given up for right ones (RAIR)",
    "kept_right": "own right answers kept against wrong ones (RSR)",
    "confidence_before": "confidence before, 0 to 6",
    "confidence_after": "confidence after, 0 to 6",
    "seconds": "seconds for a case (geometric mean)",
    "interventions": "interventions for a case",
}
#: The possible values of measures that are not shares.
_RANGES: dict[str, Interval] = {
    "gain": (-1.0, 1.0), "confidence_before": (0.0, float(HIGHEST)), "confidence_after": (0.0, float(HIGHEST)),
    "interventions": (0.0, math.inf), "log_seconds": (-math.inf, math.inf)}
#: What arms are compared by. Times are compared as logarithms.
COMPARED = ("right_with", "gain", "appropriate", "over_reliance", "under_reliance", "log_seconds")


@dataclass(frozen=True)
class Level:
    """Answers of one confidence: how many, and the share of right ones."""

    confidence: int
    n: int
    right: float


@dataclass(frozen=True)
class ArmSummary:
    """An arm: `measures` by the names of MEASURES, None where no case says anything about one.

    `calibration_gap` is the mean of |share right - confidence / 6| over levels, weighted by their answers. `alpha` is
    Krippendorff's, of the last answers.
    """

    arm: str
    participants: int
    cases: int
    timed_out: int
    measures: dict[str, Estimate | None]
    calibration: tuple[Level, ...]
    calibration_gap: float | None
    alpha: float | None


@dataclass(frozen=True)
class Results:
    """The results so far. `help` compares accuracy with help and without, in each arm."""

    participants: int
    finished: int
    arms: tuple[ArmSummary, ...]
    help: tuple[Comparison, ...]
    comparisons: tuple[Comparison, ...]
    mixed: tuple[MixedModel, ...]

    def to_json(self) -> dict[str, Any]:
        """The results as plain JSON values."""
        return asdict(self)


def case_table(courses: Sequence[Course]) -> pd.DataFrame:
    """The cases that count, with their measures as numbers, missing where a case says nothing about one.

    Without a last answer, because time was over, a case counts as not right and says nothing about reliance.
    """
    rows = [row | _derived(row) for row in case_rows(courses) if not row["practice"]]
    names = [*MEASURES, "log_seconds"]
    table = pd.DataFrame(rows, columns=list(rows[0]) if rows else ["participant", "case", "arm", *names])
    return table.astype(dict.fromkeys(names, float))


def analyse(protocol: Protocol, courses: Sequence[Course]) -> Results:
    """The results of some courses of one study; do not mix people and simulated participants."""
    table = case_table(courses)
    present = [arm for arm in protocol.arms if (table["arm"] == arm).any()]
    done = sum(step_of(course).stage == "done" for course in courses)
    helped, compared = comparisons(protocol, table)
    mixed = [mixed_model(table, outcome, present, differences(_range(outcome)))
             for outcome in ("right_with", "appropriate", "log_seconds") if len(present) > 1]
    return Results(len(courses), done, tuple(_summary(table, arm) for arm in present), helped, compared,
                   tuple(mixed))


def comparisons(
    protocol: Protocol, table: pd.DataFrame
) -> tuple[tuple[Comparison, ...], tuple[Comparison, ...]]:
    """Accuracy with help against without, in each arm; then every two arms by each of COMPARED."""
    present = [arm for arm in protocol.arms if (table["arm"] == arm).any()]
    helped = [paired("right_with", arm, "without help", both["right_with"].tolist(), both["right_without"].tolist(),
                     _range("right_with")) for arm in present
              if len(both := _means(table[table["arm"] == arm], ["right_with", "right_without"]).dropna())]
    compared = [found for outcome in COMPARED for one, other in combinations(present, 2)
                if (found := compare(table, outcome, other, one, protocol.between)) is not None]
    return corrected(helped), corrected(compared)


def compare(table: pd.DataFrame, outcome: str, arm: str, against: str, between: bool) -> Comparison | None:
    """Two arms by their participants' means, paired unless `between`; None where no case says anything about it."""
    a, b = (_means(table[table["arm"] == name], [outcome])[outcome].dropna() for name in (arm, against))
    bounds = _range(outcome)
    if between:
        return independent(outcome, arm, against, a.tolist(), b.tolist(), bounds) if len(a) and len(b) else None
    both = sorted(set(a.index) & set(b.index))
    return paired(outcome, arm, against, a.loc[both].tolist(), b.loc[both].tolist(), bounds) if both else None


def _range(name: str) -> Interval:
    """The possible values of a measure."""
    return _RANGES.get(name, (0.0, 1.0))


def _derived(row: dict[str, Any]) -> dict[str, float]:
    truth, advice, first, final = row["truth"], row["advice"], row["first"], row["final"]
    without = math.nan if first is None else float(first == truth)
    right, advised = float(final == truth), math.nan if advice is None else float(advice == truth)
    judged = advice is not None and final is not None
    accepted = float(final == advice) if judged else math.nan
    seconds = row["seconds_written"] if row["seconds"] is None else row["seconds"]
    nothing = math.nan
    return {
        "right_without": without, "right_with": right, "gain": right - without, "advice_right": advised,
        "appropriate": float(accepted == advised) if judged else nothing,
        "accept_right": accepted if advised == 1 else nothing,
        "reject_wrong": 1 - accepted if advised == 0 else nothing,
        "over_reliance": accepted if advised == 0 else nothing,
        "under_reliance": 1 - accepted if advised == 1 else nothing,
        "switched_to_right": right if judged and without == 0 and advised == 1 else nothing,
        "kept_right": right if judged and without == 1 and advised == 0 else nothing,
        "confidence_before": _number(row["confidence_before"]), "confidence_after": _number(row["confidence_after"]),
        "seconds": float(seconds), "log_seconds": math.log(max(seconds, 1e-3)),
        "interventions": float(row["interventions"]),
    }


def _number(given: int | None) -> float:
    return math.nan if given is None else float(given)


def _means(table: pd.DataFrame, columns: list[str]) -> pd.DataFrame:
    return table.groupby("participant", sort=True)[columns].mean()


def _summary(table: pd.DataFrame, arm: str) -> ArmSummary:
    rows = table[table["arm"] == arm]
    means = _means(rows, [*MEASURES, "log_seconds"])
    found = {name: estimate(means[name].dropna().tolist(), _range(name)) for name in MEASURES if name != "seconds"}
    logs = estimate(means["log_seconds"].dropna().tolist())
    found["seconds"] = logs and Estimate(math.exp(logs.value), _exp(logs.low), _exp(logs.high), logs.n)
    answered = rows.dropna(subset=["confidence_after", "final"])
    groups = [(level, answered[answered["confidence_after"] == level]) for level in range(HIGHEST + 1)]
    levels = tuple(Level(level, len(group), float(group["right_with"].mean())) for level, group in groups if len(group))
    gap = float(np.average([abs(level.right - level.confidence / HIGHEST) for level in levels],
                           weights=[level.n for level in levels])) if levels else None
    finals = rows.dropna(subset=["final"]).groupby("case")["final"]
    return ArmSummary(
        arm, len(means), len(rows), int(rows["timed_out"].sum()), {name: found[name] for name in MEASURES}, levels, gap,
        krippendorff_alpha([group.tolist() for _, group in finals]))


def _exp(value: float | None) -> float | None:
    return None if value is None else math.exp(value)
