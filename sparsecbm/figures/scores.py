"""How well models do beside each other: dots with their intervals."""

from collections.abc import Sequence
from dataclasses import dataclass

import plotly.graph_objects as go

from sparsecbm.figures.colour import NEUTRAL

#: The model that is loaded stands out; blue and vermillion are kept for supports and opposes.
HIGHLIGHT = "#5B5FC7"

Interval = tuple[float, float]


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
        legend={"orientation": "h", "x": 1, "xanchor": "right", "y": 1.02, "yanchor": "bottom"},
        xaxis={"title": {"text": "percent"}, "range": [0, 100]},
        yaxis={"tickvals": list(range(len(scores))), "ticktext": [score.name for score in scores],
               "range": [len(scores) - 0.5, -0.5], "automargin": True, "zeroline": False})
    return figure
