"""The outcomes by arm and their differences, as charts with their tables."""

from collections.abc import Callable, Mapping, Sequence

import pandas as pd
import streamlit as st

from sparsecbm.figures.dots import Dot, dots, dots_table
from sparsecbm.figures.text import listed
from sparsecbm.studies.analysis import Results
from sparsecbm.studies.figure import (
    calibration,
    calibration_table,
    differences,
    order_map,
    order_table,
    padded,
    with_sign,
)
from sparsecbm.studies.panel_results_numbers import (
    HELPED,
    SHOWN,
    alpha_dots,
    alpha_lines,
    calibration_lines,
    compared,
    comparison_rows,
    comparison_table,
    measure_dots,
    mixed_lines,
    mixed_rows,
    mixed_table,
    order_counts,
    outcome_title,
    rated,
    undefined,
)
from sparsecbm.studies.protocol import HIGHEST, Protocol, offers
from sparsecbm.ui.chart import chart, title
from sparsecbm.ui.safe_text import as_markdown
from sparsecbm.ui.shell import note

ACCURACY_HELP = (
    "Without help is the participant's first answer, before the prediction was shown; with help is the last one. The "
    "model's own accuracy on the same cases shows whether always following it would have been better."
)
RELIANCE_HELP = (
    "On the model's first answer. Appropriate is to accept a right answer or to reject a wrong one; a participant who "
    "always accepts has 100 % of the right ones accepted and 0 % of the wrong ones rejected."
)
OVER_HELP = (
    "Over-reliance: a wrong answer of the model is accepted. Under-reliance: a right one is rejected. RAIR: of the "
    "first answers that were wrong while the model was right, the share given up for the right one. RSR: of those that "
    "were right while the model was wrong, the share kept (Schemmer et al. 2023)."
)
CALIBRATION_HELP = (
    "Final answers by the confidence stated with them; larger marks stand for more answers. On the dotted line people "
    "are as confident as they are right, above it underconfident, below it overconfident."
)
TIME_HELP = "Geometric means of seconds from opening a case to its final answer, by the clock of the screen."
ACTS_HELP = "Concepts set, marked as not sure or reset, and subnetworks revised, for each case."
ORDER_HELP = (
    "Which concepts were acted on first, second and so on, each counted once in a case. The colour is the share within "
    "the column."
)
ALPHA_HELP = (
    "Krippendorff's alpha of the final answers: 1 when all participants agree on every case, 0 when they agree as "
    "often as by chance, below 0 when less often. It has no interval: the cases are few and not a random sample."
)
_KEY = "studies:results"


def _accuracy(results: Results, table: pd.DataFrame, protocol: Protocol) -> None:
    title("How often are they right?", ACCURACY_HELP)
    _chart(results, "Accuracy by arm", "percent", "accuracy", ("right_with", "right_without", "advice_right"), 100.0,
           100.0)


def _reliance(results: Results, table: pd.DataFrame, protocol: Protocol) -> None:
    title("Do they accept right answers and reject wrong ones?", RELIANCE_HELP)
    _chart(results, "Reliance by arm", "percent", "reliance", ("appropriate", "accept_right", "reject_wrong"), 100.0,
           100.0)
    title("Do they rely too much, or too little?", OVER_HELP)
    _chart(results, "Over- and under-reliance by arm", "percent", "over-reliance",
           ("over_reliance", "under_reliance", "switched_to_right", "kept_right"), 100.0, 100.0)


def _confidence(results: Results, table: pd.DataFrame, protocol: Protocol) -> None:
    title("Are they as confident as they are right?", CALIBRATION_HELP)
    levels = rated(results)
    if levels:
        chart(lambda dark: calibration(levels, HIGHEST, "Right answers by confidence", dark),
              calibration_table(levels, HIGHEST), f"{_KEY}:calibration", "Percent of right answers by confidence")
    _lines(calibration_lines(results))
    title("How confident are they?", f"Means of the ratings from 0, not at all, to {HIGHEST}, fully.")
    _chart(results, "Confidence before and after the prediction", "confidence", "confidence",
           ("confidence_after", "confidence_before"), 1.0, float(HIGHEST), 2)


def _effort(results: Results, table: pd.DataFrame, protocol: Protocol) -> None:
    title("How long do they take?", TIME_HELP)
    _chart(results, "Seconds for a case", "seconds", "time", ("seconds",))
    if not any(offers(arm, "overrides") for arm in protocol.arms):
        note("No arm of this study lets participants act on concepts.")
        return
    title("How often do they intervene?", ACTS_HELP)
    _chart(results, "Interventions for a case", "interventions", "interventions", ("interventions",), digits=2)
    title("In which order?", ORDER_HELP)
    counts = order_counts([str(order) for order in table["order"]], protocol.schema.concepts)
    if any(map(sum, counts.values())):
        chart(order_map(counts, "Concepts by the place at which they were acted on"), order_table(counts),
              f"{_KEY}:order", "How often each concept was acted on first, second, and so on")
    else:
        note("Nobody has acted on a concept yet.")


def _agreement(results: Results, table: pd.DataFrame, protocol: Protocol) -> None:
    title("Do they agree with each other?", ALPHA_HELP)
    points = alpha_dots(results)
    if points:
        _drawn(points, "Agreement of the final answers", "Krippendorff's alpha", "agreement", 1.0, 2)
    _lines(alpha_lines(results))


#: The charts that are drawn together, by the name of the group.
GROUPS: Mapping[str, Callable[[Results, pd.DataFrame, Protocol], None]] = {
    "Accuracy": _accuracy, "Reliance": _reliance, "Confidence": _confidence, "Time and interventions": _effort,
    "Agreement": _agreement}


def _chart(
    results: Results, heading: str, axis: str, key: str, names: Sequence[str], factor: float = 1.0,
    most: float | None = None, digits: int = 1,
) -> None:
    """Some measures of every arm, times a factor. The axis goes from 0, and to `most` where that is given."""
    points = measure_dots(results, names, factor)
    if points:
        _drawn(points, heading, axis, key, most, digits)
    _lines(undefined(results, names))


def _drawn(points: tuple[Dot, ...], heading: str, axis: str, key: str, most: float | None, digits: int) -> None:
    ends = [end for dot in points for end in (dot.value, *(dot.interval or ()))]
    span = padded(0.0, *ends, *([] if most is None else [most]))
    chart(lambda dark: dots(points, heading, axis, dark, digits).update_xaxes(range=span),
          dots_table(points, {"row": "arm", "series": "what", "value": axis}, digits), f"{_KEY}:{key}", heading)


def _lines(said: Sequence[str]) -> None:
    for line in said:
        note(as_markdown(line))


TESTS_HELP = (
    "Each participant is one mean for each arm. Within participants: paired t tests, effect size d_z (the mean "
    "difference over the standard deviation of the differences). Between participants: Welch's t test, effect size "
    "Hedges' g. p is corrected for all comparisons of the same outcome (Holm). In blue and vermillion, the whole 95 % "
    "interval lies on one side of zero; grey differences may be zero."
)
MIXED_HELP = (
    "The same outcomes case by case: a linear mixed model with arm and case as fixed effects and a random intercept "
    "for each participant. It says nothing about other cases."
)

def tests_group(results: Results) -> None:
    """One outcome at a time as a chart, and all of them in the tables."""
    found = {HELPED: results.help} | {
        outcome: tuple(one for one in results.comparisons if one.outcome == outcome)
        for outcome in dict.fromkeys(one.outcome for one in results.comparisons)}
    found = {name: some for name, some in found.items() if some}
    title("What differs?", TESTS_HELP)
    if not found:
        note("There is only one arm and no answer before the prediction, so there is nothing to compare.")
        return
    st.selectbox("Outcome", **SHOWN.choice("outcome", list(found)), format_func=outcome_title, width=330)
    outcome = SHOWN.now.outcome
    some = found[outcome]
    rows, unit = comparison_rows(some), compared(some[0].outcome).unit
    chart(lambda dark: differences(rows, f"Difference: {outcome_title(outcome)}", unit, dark),
          comparison_table([*results.help, *results.comparisons]), f"{_KEY}:tests:chart",
          f"Differences in {outcome_title(outcome)}, with their intervals")
    for row in rows:
        span = "no interval" if row.interval is None else " to ".join(with_sign(bound, 1) for bound in row.interval)
        st.markdown(f"- {as_markdown(row.row)}: **{with_sign(row.value, 1)} {unit}** ({as_markdown(span)}); "
                    f"{as_markdown(row.said)}")
    _mixed(results, some[0].outcome)


def _mixed(results: Results, outcome: str) -> None:
    """The mixed model of an outcome, where one was fitted; all of them in the table."""
    if not results.mixed:
        return
    title("The same in a mixed model", MIXED_HELP)
    models = {model.outcome: model for model in results.mixed}
    rows, of = mixed_rows(models[outcome]) if outcome in models else (), compared(outcome)
    if rows:
        chart(lambda dark: differences(rows, f"Difference in a mixed model: {of.name}", of.unit, dark),
              mixed_table(results.mixed), f"{_KEY}:tests:mixed", f"Differences in {of.name} in a mixed model")
    elif outcome not in models:
        note(f"Mixed models are fitted for {listed([compared(name).name for name in models])}: choose one of these.")
    for line in mixed_lines(results.mixed):
        note(as_markdown(line))
