"""The label's error over the number of corrected concepts: a line per policy, and what wrong corrections do."""

from collections.abc import Mapping

import pandas as pd
import plotly.graph_objects as go

from sparsecbm.edits.curves import ORACLE, CorrectionCurves, Curve, EditCurves
from sparsecbm.figures.colour import DARK_PAPER, NEUTRAL, OPPOSES, PAPER, SHARED, SUPPORTS, ink_on
from sparsecbm.figures.plotly_text import ink, layout, plain

#: Colour, dashes and marker of a curve by its name: no two are told apart by colour alone. None is the page's ink.
_LOOKS: Mapping[str, tuple[str | None, str, str]] = {
    "ectp": (SUPPORTS, "solid", "circle"), "ucp": (SHARED, "solid", "square"), "cctp": ("#CC79A7", "dash", "diamond"),
    "eudtp": ("#56B4E9", "dash", "x"), "random": (NEUTRAL, "dot", "circle-open"), ORACLE: (None, "dashdot", "star"),
    "wrong": (OPPOSES, "solid", "triangle-up"), "annotator": ("#E69F00", "dash", "triangle-down"),
    "override": (None, "dashdot", "star"), "revision": (SUPPORTS, "solid", "circle"),
    "random_edit": (NEUTRAL, "dot", "circle-open"),
}
_OTHER = (NEUTRAL, "solid", "circle")


def correction_figure(found: CorrectionCurves, title: str, dark: bool) -> go.Figure:
    """Every policy, wrong corrections and the annotator; bars are 95 % intervals over the texts."""
    return _figure(_named(found), title, dark, "corrected concepts")


def correction_table(found: CorrectionCurves) -> pd.DataFrame:
    """The same in percent: a row per curve and number of corrected concepts."""
    return _table(_named(found))


def edit_figure(found: EditCurves, title: str, dark: bool) -> go.Figure:
    """Override, revision and random edit on the texts with a misread concept."""
    return _figure(found.curves, title, dark, "corrected misread concepts")


def edit_table(found: CorrectionCurves) -> pd.DataFrame:
    """The same in percent; no rows where they were not measured."""
    return _table({} if found.edits is None else found.edits.curves)


def curve_name(name: str) -> str:
    """A curve as people call it."""
    return {ORACLE: f"{ORACLE} (oracle)", "wrong": "set to wrong values", "annotator": "annotator who errs",
            "random_edit": "random edit of the same size"}.get(name, name)


def _named(found: CorrectionCurves) -> dict[str, Curve]:
    return dict(found.policies) | {"wrong": found.wrong, "annotator": found.annotator}


def _figure(curves: Mapping[str, Curve], title: str, dark: bool, axis: str) -> go.Figure:
    traces = []
    for place, (name, curve) in enumerate(curves.items()):
        colour, dash, marker = _LOOKS.get(name, _OTHER)
        colour = colour or ink_on(DARK_PAPER if dark else PAPER)
        error = [100 * share for share in curve.error]
        shift = 0.02 * (place - (len(curves) - 1) / 2)  # intervals beside each other, not on top of each other
        traces.append(go.Scatter(
            name=plain(curve_name(name)), x=[step + shift for step in range(len(error))], y=error, mode="lines+markers",
            line={"color": colour, "dash": dash, "width": 2}, marker={"symbol": marker, "size": 8},
            error_y={"type": "data", "symmetric": False, "thickness": 1, "width": 2,
                     "array": [100 * high - mean for (_, high), mean in zip(curve.ci95, error, strict=True)],
                     "arrayminus": [mean - 100 * low for (low, _), mean in zip(curve.ci95, error, strict=True)]},
            customdata=[[step, 100 * low, 100 * high] for step, (low, high) in enumerate(curve.ci95)],
            hovertemplate="%{customdata[0]} corrected: %{y:.1f} % wrong (%{customdata[1]:.1f} to %{customdata[2]:.1f})"
                          "<extra>%{fullData.name}</extra>"))
    most = max((len(curve.error) for curve in curves.values()), default=1)
    return go.Figure(traces, layout(
        title, 420, dark, margin={"l": 10, "r": 10, "t": 110, "b": 10},
        legend={"orientation": "h", "x": 0, "xanchor": "left", "y": 1.01, "yanchor": "bottom", "font": ink(dark)},
        xaxis={"title": {"text": axis}, "tickmode": "array", "tickvals": list(range(most)), "fixedrange": True},
        yaxis={"title": {"text": "label wrong, percent"}, "rangemode": "tozero", "fixedrange": True}))


def _table(curves: Mapping[str, Curve]) -> pd.DataFrame:
    rows = [(curve_name(name), step, 100 * error, 100 * low, 100 * high,
             None if curve.spread is None else 100 * curve.spread[step])
            for name, curve in curves.items() for step, (error, (low, high))
            in enumerate(zip(curve.error, curve.ci95, strict=True))]
    columns = ["curve", "corrected", "label wrong, percent", "95 % from", "95 % to", "deviation over draws"]
    return pd.DataFrame(rows, columns=columns).astype({columns[-1]: float}).round(1)
