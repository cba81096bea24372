"""The outcomes on screen as dots, rows and sentences, in the units that people read."""

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import pandas as pd

from sparsecbm.figures.dots import Dot
from sparsecbm.figures.text import counted, listed
from sparsecbm.studies.analysis import MEASURES, ArmSummary, Results
from sparsecbm.studies.figure import Difference, Rated, with_sign
from sparsecbm.studies.log import ParticipantKind
from sparsecbm.studies.outcome import FEWEST, Comparison, Estimate, MixedModel
from sparsecbm.studies.panel_builder_draft import Form


@dataclass(frozen=True)
class Compared:
    """Something that arms are compared by: its name, and how a difference is scaled to the unit that people read."""

    name: str
    unit: str
    scaled: Callable[[float], float]


_LOG_TIME = Compared("time for a case", "percent of the time", lambda log: 100 * math.expm1(log))
_NAMES: Mapping[str, str] = {"over_reliance": "over-reliance"}
#: What accuracy with help is compared with in one arm, and the name of that comparison.
WITHOUT = "without help"
HELPED = "with help against without"
#: Names of MEASURES that are short enough for legends.
SERIES: Mapping[str, str] = {
    "right_with": "with help", "right_without": "without help", "advice_right": "the model alone",
    "appropriate": "appropriate reliance", "accept_right": "right answers accepted",
    "reject_wrong": "wrong answers rejected", "over_reliance": "over-reliance", "under_reliance": "under-reliance",
    "switched_to_right": "RAIR", "kept_right": "RSR", "confidence_before": "before", "confidence_after": "after",
    "seconds": "seconds", "interventions": "interventions",
}


def compared(outcome: str) -> Compared:
    """How differences of an outcome are shown. Those of logarithms of times are percent more or less time."""
    if outcome == "log_seconds":
        return _LOG_TIME
    return Compared(_NAMES.get(outcome, MEASURES[outcome]), "points", lambda share: 100 * share)


def measure_dots(results: Results, names: Sequence[str], factor: float = 1.0) -> tuple[Dot, ...]:
    """Some measures of every arm, where they are defined; a row for each arm."""
    return tuple(Dot(arm.arm, SERIES[name], factor * found.value, _interval(found, lambda value: factor * value))
                 for arm in results.arms for name in names if (found := arm.measures[name]) is not None)


def undefined(results: Results, names: Sequence[str]) -> tuple[str, ...]:
    """A sentence for each measure that some arm lacks, and one where there are no intervals."""
    said = []
    for name in names:
        lacking = [arm.arm for arm in results.arms if arm.measures[name] is None]
        if lacking:
            said.append(f"“{MEASURES[name]}” is not defined in {listed(lacking)}: no case says anything about it.")
    few = [arm.arm for arm in results.arms if any(
        found is not None and found.n < FEWEST for found in (arm.measures[name] for name in names))]
    if few:
        said.append(f"Too few participants for an interval in {listed(few)}: {FEWEST} or more are needed.")
    return tuple(said)


def rated(results: Results) -> tuple[Rated, ...]:
    """Every arm's answers by confidence."""
    return tuple(Rated(arm.arm, level.confidence, level.n, level.right)
                 for arm in results.arms for level in arm.calibration)


def calibration_lines(results: Results) -> tuple[str, ...]:
    """The calibration of each arm in a sentence."""
    return tuple(
        f"{arm.arm}: there are no answers with a confidence rating." if arm.calibration_gap is None
        else f"{arm.arm}: confidence and the share of right answers differ by {100 * arm.calibration_gap:.0f} points "
             f"on average, over {counted(sum(level.n for level in arm.calibration), 'answer')}."
        for arm in results.arms)


def alpha_dots(results: Results) -> tuple[Dot, ...]:
    """Agreement of each arm, where it is defined."""
    return tuple(Dot(arm.arm, "Krippendorff's alpha", arm.alpha) for arm in results.arms if arm.alpha is not None)


def alpha_lines(results: Results) -> tuple[str, ...]:
    """The arms where agreement is not defined."""
    return tuple(f"{arm.arm}: agreement is not defined: no case has two answers, or all answers are the same."
                 for arm in results.arms if arm.alpha is None)


def order_counts(orders: Sequence[str], concepts: Sequence[str]) -> dict[str, list[int]]:
    """How often each concept was the first, second, .. that was acted on, each counted once in a case. `orders` hold
    concepts in their order, with `>` between."""
    each = [list(dict.fromkeys(name for name in order.split(">") if name)) for order in orders]
    most = max((len(names) for names in each), default=0)
    return {concept: [sum(len(names) > place and names[place] == concept for names in each) for place in range(most)]
            for concept in concepts}


def comparison_rows(found: Sequence[Comparison]) -> tuple[Difference, ...]:
    """Comparisons of one outcome in its unit."""
    return tuple(Difference(_row(one), (scaled := compared(one.outcome).scaled)(one.difference.value),
                            _interval(one.difference, scaled), test_text(one)) for one in found)


def comparison_table(found: Sequence[Comparison]) -> pd.DataFrame:
    """Every comparison with its test and its effect size; cells are empty where there is none."""
    rows = []
    for one in found:
        of = compared(one.outcome)
        low, high = _interval(one.difference, of.scaled) or (None, None)
        rows.append((of.name, one.arm, one.against, of.scaled(one.difference.value), low, high, of.unit,
                     one.difference.n,
                     one.test, one.p, one.p_holm, one.effect and one.effect.value, one.effect and one.effect.low,
                     one.effect and one.effect.high, one.problem))
    columns = ["outcome", "arm", "against", "difference", "95 % from", "95 % to", "unit", "participants", "test", "p",
               "p, Holm", "effect size", "effect from", "effect to", "no test because"]
    numbers = [name for name in columns if name not in ("outcome", "arm", "against", "unit", "participants", "test",
                                                        "no test because")]
    return pd.DataFrame(rows, columns=columns).astype(dict.fromkeys(numbers, float)).round(4)


def test_text(one: Comparison) -> str:
    """The result of the test, or why there is none."""
    if one.p is None or one.p_holm is None or one.effect is None:
        return f"no test: {one.problem}"
    low, high = one.effect.low, one.effect.high
    span = "" if low is None or high is None else f" ({with_sign(low, 2)} to {with_sign(high, 2)})"
    kind = "d_z" if one.test.startswith("paired") else "g"
    return (f"{one.test}, {_p('p', one.p)}, {_p('corrected p', one.p_holm)}; effect size {kind} "
            f"{with_sign(one.effect.value, 2)}{span}; n = {one.difference.n}")


def mixed_table(models: Sequence[MixedModel]) -> pd.DataFrame:
    """A row for each arm of each mixed model that could be fitted."""
    rows = [(of.name, term.arm, model.against, *map(of.scaled, (term.estimate, term.low, term.high)), of.unit, term.p,
             term.effect, model.n) for model in models for of in (compared(model.outcome),) for term in model.terms]
    return pd.DataFrame(rows, columns=["outcome", "arm", "against", "difference", "95 % from", "95 % to", "unit", "p",
                                       "effect size", "cases"]).round(4)


def mixed_rows(model: MixedModel) -> tuple[Difference, ...]:
    """The arms of one mixed model in the outcome's unit."""
    scaled = compared(model.outcome).scaled
    return tuple(Difference(f"{term.arm} − {model.against}", scaled(term.estimate),
                            (scaled(term.low), scaled(term.high)), f"{_p('p', term.p)}; effect size "
                            f"{with_sign(term.effect, 2)}; {model.n} cases") for term in model.terms)


def mixed_lines(models: Sequence[MixedModel]) -> tuple[str, ...]:
    """Why there is no model, and the warnings of the fits."""
    complaints: dict[str, list[str]] = {}
    for model in models:
        for line in model.notes:
            complaints.setdefault(line, []).append(compared(model.outcome).name)
    return (*(f"{compared(model.outcome).name}: no mixed model, {model.problem}." for model in models if model.problem),
            *(f"Warning of the fit of {listed(names)}: {line.rstrip('.')}." for line, names in complaints.items()))


def gained(arm: ArmSummary) -> str:
    """What help gained in an arm, as far as it is known."""
    without, with_, gain = (arm.measures[name] for name in ("right_without", "right_with", "gain"))
    if with_ is None:
        return ""
    if without is None or gain is None:
        return f"{arm.arm}: {100 * with_.value:.0f} % right with help."
    span = "" if gain.low is None or gain.high is None else (
        f" (95 % interval {with_sign(100 * gain.low)} to {with_sign(100 * gain.high)})")
    return (f"{arm.arm}: {100 * without.value:.0f} % right without help, {100 * with_.value:.0f} % with it, "
            f"{with_sign(100 * gain.value)} points{span}.")


def outcome_title(outcome: str) -> str:
    """An outcome as the lists name it."""
    return f"accuracy, {HELPED}" if outcome == HELPED else compared(outcome).name


def _row(one: Comparison) -> str:
    return f"{one.arm}: with help − {one.against}" if one.against == WITHOUT else f"{one.arm} − {one.against}"


def _interval(found: Estimate, scaled: Callable[[float], float]) -> tuple[float, float] | None:
    return None if found.low is None or found.high is None else (scaled(found.low), scaled(found.high))


def _p(name: str, p: float) -> str:
    return f"{name} < 0.001" if p < 0.001 else f"{name} = {p:.3f}"


TESTS = "Tests"


@dataclass(frozen=True)
class Shown:
    """Whose outcomes of which study, the group of charts, and the outcome whose differences are drawn."""

    study: str = ""
    who: ParticipantKind = "person"
    group: str = "Accuracy"
    outcome: str = ""


SHOWN = Form("studies:results", Shown)
