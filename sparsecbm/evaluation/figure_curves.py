"""The label's error over the number of corrected concepts: lines, tables, and what they come to."""

from collections.abc import Mapping, Sequence

import pandas as pd
import plotly.graph_objects as go

from sparsecbm.evaluation.correction import ORACLE, CorrectionCurves, Curve, EditCurves
from sparsecbm.figures.style import DARK_PAPER, NEUTRAL, OPPOSES, PAPER, SHARED, SUPPORTS, ink_on, layout, plain
from sparsecbm.figures.text import listed, signed

#: A curve as people call it; the table has its short name, too.
NAMES = {
    "ectp": "largest expected change of the label first", "ucp": "most uncertain concept first",
    "cctp": "largest contribution to the label first", "eudtp": "largest expected gain in certainty first",
    "random": "random order", ORACLE: "most wrong concept first (needs the gold values)",
    "wrong": "set to wrong values", "annotator": "set by an annotator who errs",
    "override": "setting the concept", "revision": "revising the subnetwork",
    "random_edit": "a random edit of the same size",
}
#: Colour, dashes and marker of a curve; no two have the same dashes and marker. None is the page's ink.
_LOOKS: Mapping[str, tuple[str | None, str, str]] = {
    "ectp": (SUPPORTS, "solid", "circle"), "ucp": (SHARED, "solid", "square"), "cctp": ("#CC79A7", "dash", "diamond"),
    "eudtp": ("#56B4E9", "dash", "x"), "random": (NEUTRAL, "dot", "circle-open"), ORACLE: (None, "dashdot", "star"),
    "wrong": (OPPOSES, "solid", "triangle-up"), "annotator": ("#E69F00", "dash", "triangle-down"),
    "override": (None, "dashdot", "star"), "revision": (SUPPORTS, "solid", "circle"),
    "random_edit": (NEUTRAL, "dot", "circle-open"),
}
_OTHER = (NEUTRAL, "solid", "circle")


def correction_figure(found: CorrectionCurves, title: str, dark: bool) -> go.Figure:
    """Every policy, wrong corrections and the annotator; bars are 95 % intervals over the texts.

    Policies that coincide are one line, that of the first of them.
    """
    groups = coinciding(found.policies)
    names = {group[0]: NAMES.get(group[0], group[0]) if len(group) == 1 else
             f"gold values, {len(group)} orders that coincide" for group in groups}
    curves = {group[0]: found.policies[group[0]] for group in groups}
    return _figure(curves | _others(found), names, title, dark, "corrected concepts")


def correction_table(found: CorrectionCurves) -> pd.DataFrame:
    """All curves in percent: a row per curve and number of corrected concepts."""
    return _table(dict(found.policies) | _others(found))


def edit_figure(found: EditCurves, title: str, dark: bool) -> go.Figure:
    """Override, revision and random edit on the texts with a misread concept."""
    return _figure(found.curves, {}, title, dark, "corrected misread concepts")


def edit_table(found: CorrectionCurves) -> pd.DataFrame:
    """The same in percent; no rows where they were not measured."""
    return _table({} if found.edits is None else found.edits.curves)


def coinciding(curves: Mapping[str, Curve]) -> tuple[tuple[str, ...], ...]:
    """Curves in groups: each lies at every step within the interval of the first of its group, and that within its."""
    groups: list[list[str]] = []
    for name, curve in curves.items():
        for group in groups:
            if _within(curve, curves[group[0]]) and _within(curves[group[0]], curve):
                group.append(name)
                break
        else:
            groups.append([name])
    return tuple(map(tuple, groups))


def curve_text(found: CorrectionCurves) -> str:
    """What the first correction and all of them do to the label's error."""
    first = found.policies[found.annotator_policy]
    return (f"The label is wrong in {100 * first.error[0]:.1f} %. Correcting one concept changes that by "
            f"{_change(first, 1)}, correcting all by {_change(first, -1)}.")


def order_text(found: CorrectionCurves) -> str:
    """Which policies coincide, and whether wrong values hurt."""
    first, wrong = found.policies[found.annotator_policy], 100 * found.wrong.error[-1]
    said = f"The first concept is chosen by: {NAMES.get(found.annotator_policy, found.annotator_policy)}."
    for group in coinciding(found.policies):
        if len(group) > 1:
            every = [found.policies[name].error for name in group]
            apart = 100 * max(max(steps) - min(steps) for steps in zip(*every, strict=True))
            names = listed([NAMES.get(name, name) for name in group])
            said += f" These orders coincide, at most {apart:.1f} points apart and within their intervals: {names}."
    depends = ("so the label depends on its concepts" if wrong > 100 * first.error[0] else
               "so it does not depend on them")
    return f"{said} With every concept set to a wrong value the label is wrong in {wrong:.1f} %, {depends}."


def edit_text(found: EditCurves) -> str:
    """How each way of correcting changes the error, all misread concepts corrected."""
    changes = [f"{NAMES.get(name, name)} by {_change(curve, -1)}" for name, curve in found.curves.items()]
    return (f"On {found.n:,} texts with {found.corrected:,} misread concepts, correcting all of these changes the "
            f"error: {listed(changes)}.")


def _change(curve: Curve, step: int) -> str:
    low, high = curve.change_ci95[step]
    return (f"{signed(100 * (curve.error[step] - curve.error[0]), 1)} points ({signed(100 * low, 1)} to "
            f"{signed(100 * high, 1)})")


def _within(curve: Curve, other: Curve) -> bool:
    return len(curve.error) == len(other.error) and all(
        low <= error <= high for error, (low, high) in zip(curve.error, other.ci95, strict=True))


def _others(found: CorrectionCurves) -> dict[str, Curve]:
    return {"wrong": found.wrong, "annotator": found.annotator}


def _figure(
    curves: Mapping[str, Curve], names: Mapping[str, str], title: str, dark: bool, axis: str
) -> go.Figure:
    traces = []
    for place, (name, curve) in enumerate(curves.items()):
        colour, dash, marker = _LOOKS.get(name, _OTHER)
        colour = colour or ink_on(DARK_PAPER if dark else PAPER)
        error = [100 * share for share in curve.error]
        shift = 0.02 * (place - (len(curves) - 1) / 2)  # intervals next to each other, not on top of each other
        traces.append(go.Scatter(
            name=plain(names.get(name) or NAMES.get(name, name)), x=[step + shift for step in range(len(error))],
            y=error, mode="lines+markers",
            line={"color": colour, "dash": dash, "width": 2}, marker={"symbol": marker, "size": 8},
            error_y={"type": "data", "symmetric": False, "thickness": 1, "width": 2,
                     "array": [100 * high - mean for (_, high), mean in zip(curve.ci95, error, strict=True)],
                     "arrayminus": [mean - 100 * low for (low, _), mean in zip(curve.ci95, error, strict=True)]},
            customdata=[[step, 100 * low, 100 * high] for step, (low, high) in enumerate(curve.ci95)],
            hovertemplate="%{customdata[0]} corrected: %{y:.1f} % wrong (%{customdata[1]:.1f} to %{customdata[2]:.1f})"
                          "<extra>%{fullData.name}</extra>"))
    most = max((len(curve.error) for curve in curves.values()), default=1)
    return go.Figure(traces, layout(
        title, 360, dark,
        xaxis={"title": {"text": axis}, "tickmode": "array", "tickvals": list(range(most)), "fixedrange": True},
        yaxis={"title": {"text": "label wrong, percent"}, "rangemode": "tozero", "fixedrange": True}))


def _table(curves: Mapping[str, Curve]) -> pd.DataFrame:
    rows = [(NAMES.get(name, name), name, step, 100 * error, 100 * low, 100 * high,
             None if curve.spread is None else 100 * curve.spread[step])
            for name, curve in curves.items() for step, (error, (low, high))
            in enumerate(zip(curve.error, curve.ci95, strict=True))]
    columns: Sequence[str] = ["curve", "short name", "corrected", "label wrong, percent", "95 % from", "95 % to",
                              "deviation over draws"]
    return pd.DataFrame(rows, columns=list(columns)).astype({columns[-1]: float}).round(1)
