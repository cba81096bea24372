"""How many documents have each outcome: a bar each, with its interval, that can be pressed."""

from collections.abc import Collection, Mapping

import numpy as np
import pandas as pd
import plotly.graph_objects as go
from jaxtyping import Int

from sparsecbm.failures.outcomes import OUTCOMES, PARTIAL, Outcome, Rate, outcome_name
from sparsecbm.figures.dots import HIGHLIGHT
from sparsecbm.figures.style import DARK_PAPER, NEUTRAL, OPPOSES, PAPER, SUPPORTS, hatched, ink, ink_on, layout, plain
from sparsecbm.figures.text import counted_documents, percent
from sparsecbm.schema import ConceptSchema

#: Colour and hatching of every outcome, the same wherever it is drawn.
LOOKS = {
    Outcome.RIGHT: (SUPPORTS, ""), Outcome.LABEL_WRONG: ("#E69F00", ""), Outcome.CONCEPT_WRONG: ("#CC79A7", ""),
    Outcome.BOTH_WRONG: (OPPOSES, ""), Outcome.ONLY_LABEL_RIGHT: (SUPPORTS, "/"),
    Outcome.ONLY_LABEL_WRONG: ("#E69F00", "/"), Outcome.UNLABELLED: (NEUTRAL, "."),
}
_ROW_PIXELS = 34


def outcome_rates(outcomes: Int[np.ndarray, " row"]) -> dict[Outcome, Rate]:
    """Rows of each outcome among all of them. Outcomes of partly labelled sources are left out where they have none.

    `outcomes` are places in OUTCOMES.
    """
    counts = np.bincount(outcomes, minlength=len(OUTCOMES)).tolist()
    return {outcome: Rate(count, len(outcomes)) for outcome, count in zip(OUTCOMES, counts, strict=True)
            if count or outcome not in PARTIAL}


def outcome_bars(
    rates: Mapping[Outcome, Rate], schema: ConceptSchema, title: str, dark: bool, chosen: Collection[Outcome] = ()
) -> go.Figure:
    """Percent of the reviews; whiskers are 95 % intervals. The `customdata` of a bar is its outcome; `chosen` ones have
    a frame."""
    paper, rows = DARK_PAPER if dark else PAPER, list(range(len(rates)))
    shares, lows, highs = ([100 * part for part in parts] for parts in zip(*(
        (rate.share or 0.0, *rate.interval) for rate in rates.values()), strict=True))
    frames = [HIGHLIGHT if outcome in chosen else paper for outcome in rates]
    figure = go.Figure([
        go.Bar(orientation="h", y=rows, x=shares, showlegend=False, customdata=[[outcome.value] for outcome in rates],
               marker={"color": [LOOKS[outcome][0] for outcome in rates],
                       "pattern": hatched("", paper) | {"shape": [LOOKS[outcome][1] for outcome in rates]},
                       "line": {"color": frames, "width": [4 if outcome in chosen else 0 for outcome in rates]}},
               error_x={"type": "data", "symmetric": False, "thickness": 1.5, "width": 4, "color": ink_on(paper),
                        "array": [high - share for high, share in zip(highs, shares, strict=True)],
                        "arrayminus": [share - low for low, share in zip(lows, shares, strict=True)]},
               hovertext=[_hover(outcome, rate, schema) for outcome, rate in rates.items()],
               hovertemplate="%{hovertext}<extra></extra>"),
        go.Scatter(x=highs, y=rows, mode="text", textposition="middle right", textfont=ink(dark), hoverinfo="skip",
                   showlegend=False, cliponaxis=False, text=[f"  {rate.hits:,} · {percent(rate.share or 0.0)}"
                                                             for rate in rates.values()]),
    ])
    names = [plain(outcome_name(outcome, schema)) for outcome in rates]
    return figure.update_layout(layout(
        title, 90 + _ROW_PIXELS * len(rates), dark, bargap=0.25,
        xaxis={"title": {"text": "percent of the texts"}, "range": [0, 1.5 * max(1.0, *highs)], "fixedrange": True,
               "tickvals": list(range(0, 101, 20)) if max(highs) > 20 else None},
        yaxis={"tickmode": "array", "tickvals": rows, "ticktext": names, "automargin": True, "fixedrange": True,
               "range": [len(rates) - 0.5, -0.5], "showgrid": False, "zeroline": False}))


def outcome_table(rates: Mapping[Outcome, Rate], schema: ConceptSchema) -> pd.DataFrame:
    """The same as numbers."""
    return pd.DataFrame([{
        "outcome": outcome_name(outcome, schema), "texts": rate.hits, "percent": round(100 * (rate.share or 0.0), 1),
        "95 % from": round(100 * rate.interval[0], 1), "95 % to": round(100 * rate.interval[1], 1),
    } for outcome, rate in rates.items()])


def outcome_text(rates: Mapping[Outcome, Rate], schema: ConceptSchema) -> str:
    """The same in one line."""
    return "; ".join(f"{outcome_name(outcome, schema)} {rate.hits:,} of {rate.n:,}" for outcome, rate in rates.items())


def _hover(outcome: Outcome, rate: Rate, schema: ConceptSchema) -> str:
    low, high = rate.interval
    return (f"{plain(outcome_name(outcome, schema))}: {rate.hits:,} of {plain(counted_documents(rate.n, schema))}<br>"
            f"{percent(rate.share or 0.0)} (95 % interval {100 * low:.0f} to {100 * high:.0f} %)")
