"""What training and the check of word scores left in metrics.json: scores by epoch, and every method's faithfulness."""

from collections.abc import Mapping
from math import nan
from typing import Any

import pandas as pd
import plotly.graph_objects as go

from sparsecbm.evaluation.figure import percent_interval
from sparsecbm.figures.dots import HIGHLIGHT, Dot
from sparsecbm.figures.style import NEUTRAL, SHARED, ink, layout
from sparsecbm.figures.text import listed


def word_dots(faithfulness: Mapping[str, Any], titles: Mapping[str, str]) -> tuple[Dot, ...]:
    """How far an answer's probability falls without the words that a method ranks first, compared with random order."""
    found = []
    for method, targets in faithfulness["methods"].items():
        for target, part in targets.items():
            mean = part["comprehensiveness"]
            found.append(Dot(target, titles.get(method, method), 100 * mean["mean"], _interval(mean)))
    for target, part in next(iter(faithfulness["methods"].values()), {}).items():
        mean = part["random_comprehensiveness"]
        found.append(Dot(target, "random order", 100 * mean["mean"], _interval(mean)))
    return tuple(found)


def _interval(mean: Mapping[str, Any]) -> tuple[float, float] | None:
    return None if mean["ci95"] is None else percent_interval(mean["ci95"])


def words_text(faithfulness: Mapping[str, Any], titles: Mapping[str, str]) -> str:
    """For which targets each method beats random order, methods of the same outcome together."""
    outcomes: dict[tuple[tuple[str, ...], tuple[str, ...]], list[str]] = {}
    for method, targets in faithfulness["methods"].items():
        both = tuple(tuple(target for target, part in targets.items() if bool(part.get("beats_random")) is beats)
                     for beats in (True, False))
        outcomes.setdefault((both[0], both[1]), []).append(titles.get(method, method))
    said = []
    for (better, not_better), names in outcomes.items():
        verb = f"beat{'s' if len(names) == 1 else ''} random order"
        subject = listed([names[0], *(name[:1].lower() + name[1:] for name in names[1:])])
        said.append(f"{subject} {verb} for {listed(better)}" + (
            f" but not for {listed(not_better)}." if not_better else ".") if better else
            f"{subject} never {verb}.")
    return " ".join(said)


def word_table(faithfulness: Mapping[str, Any], titles: Mapping[str, str]) -> pd.DataFrame:
    """Every measure of every method in points of probability, with random order; tau is a rank correlation."""
    rows = [{"target": target, "words in the order of": titles.get(method, method),
             "comprehensiveness": 100 * part["comprehensiveness"]["mean"],
             **dict(zip(("95 % from", "95 % to"), _interval(part["comprehensiveness"]) or (nan, nan), strict=True)),
             "in random order": 100 * part["random_comprehensiveness"]["mean"],
             "sufficiency": _points(part, "sufficiency"), "sufficiency at random": _points(part, "random_sufficiency"),
             "tau with leaving words out": _mean(part, "loo_tau"),
             "beats random order": part.get("beats_random")}
            for method, targets in faithfulness["methods"].items() for target, part in targets.items()]
    return pd.DataFrame(rows).round(2)


_SERIES = (("label_macro_f1", "label macro F1", HIGHLIGHT, "circle", "solid"),
           ("concept_macro_f1", "mean concept macro F1", SHARED, "diamond", "dash"),
           ("sparsity", "weights pruned", NEUTRAL, "square-open", "dot"))


def training_text(training: Mapping[str, Any]) -> str:
    """Which epoch was kept, and its scores."""
    epochs = training["epochs"]
    kept = epochs[training["best_epoch"]]
    scores = [f"{name} {100 * kept[key]:.1f} %" for key, name, *_ in _SERIES if kept.get(key) is not None]
    return (f"Epoch {training['best_epoch'] + 1} of {len(epochs)} was kept, after {training['seconds'] / 60:.0f} "
            f"minutes of training: {', '.join(scores)}.")


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
        title, 320, dark,
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


def _mean(part: Mapping[str, Any], name: str) -> float | None:
    return part[name]["mean"] if name in part else None


def _points(part: Mapping[str, Any], name: str) -> float | None:
    mean = _mean(part, name)
    return None if mean is None else 100 * mean
