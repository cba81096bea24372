"""Numbers as dots with their intervals: a row for each subject, a colour and a symbol for each series."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import pandas as pd
import plotly.graph_objects as go

from sparsecbm.figures.style import DARK_PAPER, LEGEND, NEUTRAL, PAPER, SHARED, ink_on, layout, plain, ticks
from sparsecbm.intervals import Interval

#: The model that is loaded stands out; blue and vermillion are kept for supports and opposes.
HIGHLIGHT = "#5B5FC7"


@dataclass(frozen=True)
class ModelScore:
    """One model's scores on a split, all 0..1; what was not measured is None. `loaded` marks the one on screen."""

    name: str
    n: int
    accuracy: float
    accuracy_interval: Interval | None
    macro_f1: float
    macro_f1_interval: Interval | None
    concept_accuracy: float | None = None
    concept_macro_f1: float | None = None
    loaded: bool = False


def label_scores(scores: Sequence[ModelScore], title: str) -> go.Figure:
    """Label accuracy and macro F1 of every model, the first at the top; whiskers are the intervals."""
    figure = go.Figure()
    series = (("accuracy", "circle", -0.12), ("macro F1", "diamond", 0.12))
    for metric, symbol, shift in series:
        points, low, high = [], [], []
        for score in scores:
            value, interval = ((score.accuracy, score.accuracy_interval) if metric == "accuracy"
                               else (score.macro_f1, score.macro_f1_interval))
            points.append(100 * value)
            low.append(0.0 if interval is None else 100 * (value - interval[0]))
            high.append(0.0 if interval is None else 100 * (interval[1] - value))
        colours = [HIGHLIGHT if score.loaded else NEUTRAL for score in scores]
        figure.add_trace(go.Scatter(
            name=metric, x=points, y=[row + shift for row in range(len(scores))], mode="markers",
            marker={"symbol": symbol, "size": 10, "color": colours},
            error_x={"type": "data", "array": high, "arrayminus": low, "thickness": 1.5, "width": 4, "color": NEUTRAL},
            customdata=[score.name for score in scores],
            hovertemplate=f"%{{customdata}}: {metric} %{{x:.1f}} %<extra></extra>"))
    figure.update_layout(
        title={"text": title, "font": {"size": 15}}, height=110 + 46 * len(scores),
        margin={"l": 10, "r": 10, "t": 40, "b": 10},
        legend=LEGEND,
        xaxis={"title": {"text": "percent"}, "range": [0, 100]},
        yaxis={"tickvals": list(range(len(scores))), "ticktext": [score.name for score in scores],
               "range": [len(scores) - 0.5, -0.5], "automargin": True, "zeroline": False})
    return figure


#: Colour and symbol of the series in their order; None is the page's ink. What was measured comes first.
_LOOKS = ((HIGHLIGHT, "circle"), (NEUTRAL, "circle-open"), (SHARED, "diamond"), (None, "x"), ("#CC79A7", "square"),
          ("#E69F00", "triangle-up"), ("#56B4E9", "star"))
_ROW_PIXELS = 36


@dataclass(frozen=True)
class Dot:
    """A number of a series in a row, with its interval where it has one."""

    row: str
    series: str
    value: float
    interval: Interval | None = None


def dots(points: Sequence[Dot], title: str, axis: str, dark: bool, digits: int = 1) -> go.Figure:
    """Rows from the top in the order in which they come; whiskers are the intervals. `axis` says what is measured."""
    rows, series = (tuple(dict.fromkeys(names)) for names in ([dot.row for dot in points],
                                                              [dot.series for dot in points]))
    sharing = {row: tuple(dict.fromkeys(dot.series for dot in points if dot.row == row)) for row in rows}

    def place_of(dot: Dot) -> float:
        """In the middle of its row, or beside the other series there."""
        others = sharing[dot.row]
        return rows.index(dot.row) + 0.5 * (others.index(dot.series) - (len(others) - 1) / 2) / max(len(others), 2)

    figure = go.Figure()
    for place, name in enumerate(series):
        own = [dot for dot in points if dot.series == name]
        colour, symbol = series_look(place, dark)
        whiskers = [dot.interval or (dot.value, dot.value) for dot in own]
        figure.add_trace(go.Scatter(
            name=plain(name), x=[dot.value for dot in own], y=[place_of(dot) for dot in own], mode="markers",
            marker={"symbol": symbol, "size": 10, "color": colour},
            error_x={"type": "data", "symmetric": False, "thickness": 1.5, "width": 4, "color": colour,
                     "array": [high - dot.value for (_, high), dot in zip(whiskers, own, strict=True)],
                     "arrayminus": [dot.value - low for (low, _), dot in zip(whiskers, own, strict=True)]},
            customdata=[[plain(dot.row), _in_brackets(dot.interval, digits)] for dot in own],
            hovertemplate=f"%{{customdata[0]}}: %{{x:.{digits}f}}%{{customdata[1]}}<extra>%{{fullData.name}}</extra>"))
    figure.update_layout(layout(
        title, 120 + _ROW_PIXELS * len(rows) + 18 * len(series), dark,
        xaxis={"title": {"text": axis}, "fixedrange": True, "zeroline": True},
        yaxis=ticks(rows, range=[len(rows) - 0.5, -0.5])))
    return figure


def series_look(place: int, dark: bool) -> tuple[str, str]:
    """Colour and symbol of a series by its place; the symbols of the first seven differ, too."""
    colour, symbol = _LOOKS[place % len(_LOOKS)]
    return colour or ink_on(DARK_PAPER if dark else PAPER), symbol


def dots_table(points: Sequence[Dot], names: Mapping[str, str], digits: int = 1) -> pd.DataFrame:
    """The same as numbers; `names` heads the columns `row`, `series` and `value`."""
    columns = [names["row"], names["series"], names["value"], "95 % from", "95 % to"]
    rows = [(dot.row, dot.series, dot.value, *(dot.interval or (None, None))) for dot in points]
    return pd.DataFrame(rows, columns=columns).astype({name: float for name in columns[2:]}).round(digits)


def _in_brackets(interval: Interval | None, digits: int) -> str:
    return "" if interval is None else f" ({interval[0]:.{digits}f} to {interval[1]:.{digits}f})"
