"""The outcomes by arm, as pictures with their tables."""

from collections.abc import Callable, Mapping, Sequence

import pandas as pd

from sparsecbm.figures.dots import Dot, dots, dots_table
from sparsecbm.studies.analysis import Results
from sparsecbm.studies.figure import calibration, calibration_table, order_map, order_table, padded
from sparsecbm.studies.panel_results_numbers import (
    alpha_dots,
    alpha_lines,
    calibration_lines,
    measure_dots,
    order_counts,
    rated,
    undefined,
)
from sparsecbm.studies.protocol import HIGHEST, Protocol, offers
from sparsecbm.ui.chart import chart, title
from sparsecbm.ui.shell import note
from sparsecbm.ui.text import as_markdown

ACCURACY_HELP = (
    "Without help is the participant's first answer, before the prediction was shown; with help is the last one. The "
    "model's own accuracy on the same cases says whether following it always would have been better."
)
RELIANCE_HELP = (
    "On the model's first answer. Appropriate is to accept a right answer or to reject a wrong one; a participant who "
    "always accepts has 100 % of the right ones accepted and 0 % of the wrong ones rejected."
)
OVER_HELP = (
    "Over-reliance is a wrong answer of the model accepted, under-reliance a right one rejected. RAIR: of the own "
    "first answers that were wrong while the model was right, how many were given up for the right one. RSR: of "
    "those that were right while the model was wrong, how many were kept (Schemmer et al. 2023)."
)
CALIBRATION_HELP = (
    "Last answers by the confidence that was stated with them; larger marks stand for more answers. On the dotted line "
    "people are as sure as they are right, above it they are too modest, below it too sure."
)
TIME_HELP = "Geometric means of seconds from opening a case to its last answer, by the clock of the screen."
ACTS_HELP = "Concepts set, marked as not sure or set back, and subnetworks revised, for each case."
ORDER_HELP = (
    "Which concepts were acted on first, second and so on in a case, each counted once in a case. The colour is the "
    "share of the column."
)
ALPHA_HELP = (
    "Krippendorff's alpha of the last answers: 1 when all participants agree on every case, 0 when as often as by "
    "chance, below 0 when less. There is no interval: the cases of an arm are few and not a random sample."
)
_KEY = "studies:results"


def _accuracy(results: Results, table: pd.DataFrame, protocol: Protocol) -> None:
    title("How often are they right?", ACCURACY_HELP)
    _chart(results, "Accuracy by arm", "percent", "accuracy", ("right_with", "right_without", "advice_right"), 100.0,
           100.0)


def _reliance(results: Results, table: pd.DataFrame, protocol: Protocol) -> None:
    title("Do they accept the right and reject the wrong?", RELIANCE_HELP)
    _chart(results, "Reliance by arm", "percent", "reliance", ("appropriate", "accept_right", "reject_wrong"), 100.0,
           100.0)
    title("Do they rely too much, or too little?", OVER_HELP)
    _chart(results, "Over- and under-reliance by arm", "percent", "over-reliance",
           ("over_reliance", "under_reliance", "switched_to_right", "kept_right"), 100.0, 100.0)


def _confidence(results: Results, table: pd.DataFrame, protocol: Protocol) -> None:
    title("Are they as sure as they are right?", CALIBRATION_HELP)
    levels = rated(results)
    if levels:
        chart(lambda dark: calibration(levels, HIGHEST, "Right answers by confidence", dark),
              calibration_table(levels, HIGHEST), f"{_KEY}:calibration", "Percent of right answers by confidence")
    _lines(calibration_lines(results))
    title("How sure are they?", f"Means of the ratings from 0, not at all, to {HIGHEST}, fully.")
    _chart(results, "Confidence before and after the prediction", "confidence", "confidence",
           ("confidence_after", "confidence_before"), 1.0, float(HIGHEST), 2)


def _effort(results: Results, table: pd.DataFrame, protocol: Protocol) -> None:
    title("How long do they take?", TIME_HELP)
    _chart(results, "Seconds for a case", "seconds", "time", ("seconds",))
    if not any(offers(arm, "overrides") for arm in protocol.arms):
        note("No arm of this study lets participants act on concepts, so there are no interventions.")
        return
    title("How often do they step in?", ACTS_HELP)
    _chart(results, "Interventions for a case", "interventions", "interventions", ("interventions",), digits=2)
    title("In which order?", ORDER_HELP)
    counts = order_counts([str(order) for order in table["order"]], protocol.schema.concepts)
    if any(map(sum, counts.values())):
        chart(order_map(counts, "Concepts by the place at which they were acted on"), order_table(counts),
              f"{_KEY}:order", "How often each concept was acted on first, second, and so on")
    else:
        note("Nobody acted on a concept yet.")


def _agreement(results: Results, table: pd.DataFrame, protocol: Protocol) -> None:
    title("Do they agree with each other?", ALPHA_HELP)
    points = alpha_dots(results)
    if points:
        _drawn(points, "Agreement of the last answers", "Krippendorff's alpha", "agreement", 1.0, 2)
    _lines(alpha_lines(results))


#: What is drawn together, by its name.
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
