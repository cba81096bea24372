"""What removing words shows about their scores: a curve, its table, and sentences."""

import numpy as np
import pandas as pd
import plotly.graph_objects as go
from jaxtyping import Float

from sparsecbm.figures.dots import HIGHLIGHT
from sparsecbm.figures.style import LEGEND, NEUTRAL
from sparsecbm.words.faithfulness import Faithfulness

#: The random orders' band.
_BAND = "rgba(122,130,140,.25)"


def removal_curve(faithfulness: Faithfulness, title: str) -> go.Figure:
    """The target's probability by the share of removed words: a line for the order of the scores, a band from the
    lowest to the highest random order, and a dotted line for their mean."""
    curves = _curves(faithfulness)
    low, high, mean, own = (curves[name] for name in ("lowest", "highest", "mean", "own"))
    share = _percent(np.concatenate([[0.0], faithfulness.fractions]))
    hover = "%{x:.0f} % of the words removed: %{y:.0f} %<extra>%{fullData.name}</extra>"
    figure = go.Figure([
        go.Scatter(x=share, y=low, mode="lines", line={"width": 0}, showlegend=False, hoverinfo="skip"),
        go.Scatter(x=share, y=high, mode="lines", line={"width": 0}, fill="tonexty", fillcolor=_BAND,
                   name=f"{len(faithfulness.random_without)} random orders", hoverinfo="skip"),
        go.Scatter(x=share, y=mean, mode="lines", line={"color": NEUTRAL, "width": 2, "dash": "dot"},
                   name="random, mean", hovertemplate=hover),
        go.Scatter(x=share, y=own, mode="lines+markers", line={"color": HIGHLIGHT, "width": 3},
                   name="in the order of the scores", hovertemplate=hover),
    ])
    contrasted = faithfulness.target.against is not None
    figure.update_layout(
        title={"text": title, "font": {"size": 15}}, height=330, margin={"l": 10, "r": 10, "t": 44, "b": 10},
        legend=LEGEND,
        xaxis={"title": {"text": "removed words, percent"}, "range": [0, 100]},
        yaxis={"title": {"text": "difference of probabilities, percent" if contrasted else "probability, percent"},
               "range": [-102, 102] if contrasted else [0, 102]})
    return figure


def removal_table(faithfulness: Faithfulness) -> pd.DataFrame:
    """The curves as numbers, all in percent."""
    curves = _curves(faithfulness)
    return pd.DataFrame({
        "removed words": _percent(np.concatenate([[0.0], faithfulness.fractions])),
        "in the order of the scores": curves["own"],
        "random, mean": curves["mean"],
        "random, lowest": curves["lowest"],
        "random, highest": curves["highest"],
    }).round(1)


def _curves(faithfulness: Faithfulness) -> dict[str, Float[np.ndarray, " point"]]:
    """Every curve in percent, starting with the whole text."""
    random = faithfulness.random_without
    curves = {"own": faithfulness.without_top, "mean": random.mean(axis=0), "lowest": random.min(axis=0),
              "highest": random.max(axis=0)}
    return {name: _percent(np.concatenate([[faithfulness.probability], curve])) for name, curve in curves.items()}


def _percent(shares: Float[np.ndarray, " point"]) -> Float[np.ndarray, " point"]:
    return np.asarray(100 * shares)


def beats_random(faithfulness: Faithfulness) -> bool:
    """True when removing the top words costs more than removing as many in any of the random orders."""
    return faithfulness.comprehensiveness > float(faithfulness.random_comprehensiveness.max())


def removal_text(faithfulness: Faithfulness) -> str:
    """Comprehensiveness, compared with random orders."""
    return (f"Without the top words, in the order of the scores, the {_quantity(faithfulness)} "
            f"{_loss(faithfulness.comprehensiveness)} on average; in random order it "
            f"{_loss(float(faithfulness.random_comprehensiveness.mean()))}.")


def keeping_text(faithfulness: Faithfulness) -> str:
    """Sufficiency, compared with random orders."""
    return (f"With nothing but the top words, the {_quantity(faithfulness)} "
            f"{_loss(faithfulness.sufficiency)} on average; in random order it "
            f"{_loss(float(faithfulness.random_sufficiency.mean()))}.")


def verdict_text(faithfulness: Faithfulness) -> str:
    """Whether the scores find the important words."""
    orders = len(faithfulness.random_comprehensiveness)
    than = "random order" if orders == 1 else f"any of {orders} random orders"
    if beats_random(faithfulness):
        return f"The scores find the important words better than {than}."
    return f"The scores do not find the important words better than {than}: do not rely on them here."


def _quantity(faithfulness: Faithfulness) -> str:
    return "probability" if faithfulness.target.against is None else "difference of the two probabilities"


def _loss(loss: float) -> str:
    points = f"{100 * abs(loss):.0f}"
    if points == "0":
        return "hardly changes"
    return f"{'falls' if loss > 0 else 'rises'} by {points} point{'' if points == '1' else 's'}"
