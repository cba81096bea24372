"""How training went: scores on the held-out split over the epochs, and where pruning was done."""

from collections.abc import Mapping
from typing import Any

import pandas as pd
import plotly.graph_objects as go

from sparsecbm.evaluation.curves import ORACLE, CorrectionCurves, Curve, EditCurves
from sparsecbm.figures.colour import DARK_PAPER, NEUTRAL, OPPOSES, PAPER, SHARED, SUPPORTS, ink_on
from sparsecbm.figures.dots import HIGHLIGHT
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


_SERIES = (("label_macro_f1", "label macro F1", HIGHLIGHT, "circle", "solid"),
           ("concept_macro_f1", "mean concept macro F1", SHARED, "diamond", "dash"),
           ("sparsity", "weights pruned", NEUTRAL, "square-open", "dot"))


def training_figure(training: Mapping[str, Any], title: str, dark: bool) -> go.Figure:
    """Lines over the epochs, counted from 1, all in percent; the kept epoch is marked."""
    epochs = training["epochs"]
    numbers = [epoch["epoch"] + 1 for epoch in epochs]
    figure = go.Figure([
        go.Scatter(name=name, x=numbers, y=[None if epoch.get(key) is None else 100 * epoch[key] for epoch in epochs],
                   mode="lines+markers", line={"color": colour, "dash": dash}, marker={"symbol": symbol, "size": 9},
                   hovertemplate="epoch %{x}: %{y:.1f} %<extra>%{fullData.name}</extra>")
        for key, name, colour, symbol, dash in _SERIES])
    figure.add_vline(training["best_epoch"] + 1, line={"color": NEUTRAL, "width": 1, "dash": "dash"},
                     annotation={"text": "kept", "font": ink(dark), "xanchor": "right"})
    figure.update_layout(layout(
        title, 320, dark, margin={"l": 10, "r": 10, "t": 84, "b": 10},
        legend={"orientation": "h", "x": 0, "xanchor": "left", "y": 1.01, "yanchor": "bottom", "font": ink(dark)},
        xaxis={"title": {"text": "epoch"}, "tickmode": "array", "tickvals": numbers, "fixedrange": True},
        yaxis={"title": {"text": "percent"}, "range": [0, 100], "fixedrange": True}))
    return figure


def training_table(training: Mapping[str, Any]) -> pd.DataFrame:
    """The same as numbers: an epoch a row, with its loss and seconds."""
    rows = [(epoch["epoch"] + 1, epoch["loss"], *(100 * epoch[key] if epoch.get(key) is not None else None
                                                  for key, *_ in _SERIES), epoch["seconds"])
            for epoch in training["epochs"]]
    columns = ["epoch", "loss", *(f"{name}, percent" for _, name, *_ in _SERIES), "seconds"]
    return pd.DataFrame(rows, columns=columns).astype({name: float for name in columns[1:]}).round(2)
