"""How training went: scores on the held-out split over the epochs, and where pruning was done."""

from collections.abc import Mapping
from typing import Any

import pandas as pd
import plotly.graph_objects as go

from sparsecbm.figures.colour import NEUTRAL, SHARED
from sparsecbm.figures.plotly_text import ink, layout
from sparsecbm.figures.scores import HIGHLIGHT

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
