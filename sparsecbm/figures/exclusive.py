"""Where in a layer a concept is alone: heads and neurons by the share of their used weights that only it keeps."""

from collections.abc import Sequence

import numpy as np
import pandas as pd
import plotly.graph_objects as go

from sparsecbm.figures.cells import cells
from sparsecbm.figures.colour import DARK_PAPER, PAPER, sequential
from sparsecbm.figures.plotly_text import colour_bar, layout, plain, ticks
from sparsecbm.subnetworks.counts import MaskCounts
from sparsecbm.subnetworks.overlap import ExclusiveUnit


def head_map(heads: MaskCounts, title: str, dark: bool) -> go.Figure:
    """A row per concept, a column per head."""
    share, used = heads.exclusive_share.T, heads.used.tolist()
    names = heads.passes[: len(share)]
    printed = [[f"{cell:.2f}" for cell in row] for row in share.tolist()]
    hover = [[f"head {unit}, {plain(name)}<br>{own:,} of {any_:,} used weights are its own ({100 * part:.1f} %)"
              for unit, own, any_, part in zip(heads.units, heads.exclusive[:, k].tolist(), used, share[k].tolist(),
                                               strict=True)] for k, name in enumerate(names)]
    return cells(share, names, heads.units, title, printed, hover, dark, axes=("", "attention head"))


def neuron_map(neurons: MaskCounts, title: str, dark: bool) -> go.Figure:
    """A row per concept, a thin column per feed-forward neuron; as arrays, for there are thousands of them."""
    share, paper = neurons.exclusive_share.T, DARK_PAPER if dark else PAPER
    names = neurons.passes[: len(share)]
    counts = np.stack([neurons.exclusive[:, : len(share)].T, np.broadcast_to(neurons.used, share.shape)], axis=-1)
    heat = go.Heatmap(
        z=share.astype(np.float32), x0=0, dx=1, coloraxis="coloraxis", customdata=counts.astype(np.int32), ygap=3,
        hovertemplate="neuron %{x}, %{y}<br>%{customdata[0]:,} of %{customdata[1]:,} used weights are its own "
                      "(%{z:.1%})<extra></extra>")
    return go.Figure(heat, layout(
        title, 120 + 34 * len(share), dark,
        coloraxis={"cmin": 0, "cmax": 1, "colorscale": [(step, sequential(step, paper)) for step in (0.0, 1.0)],
                   "colorbar": colour_bar(dark)},
        xaxis={"title": {"text": "feed-forward neuron"}, "fixedrange": True, "showgrid": False},
        yaxis=ticks(names, range=[len(share) - 0.5, -0.5])))


def unit_table(counts: MaskCounts, kind: str) -> pd.DataFrame:
    """Every head or neuron: its weights, those that any concept keeps, and those that one concept alone keeps."""
    concepts = counts.exclusive_share.shape[1]
    return pd.DataFrame({
        kind: counts.units, "weights": counts.weights, "used by any": counts.used, "common core": counts.core,
        **{f"only {name}": counts.exclusive[:, k] for k, name in enumerate(counts.passes[:concepts])}})


def exclusive_table(units: Sequence[ExclusiveUnit], kind: str) -> pd.DataFrame:
    """A list of the most exclusive heads or neurons."""
    return pd.DataFrame({
        "layer": [unit.layer for unit in units], kind: [unit.unit for unit in units],
        "its own weights": [unit.exclusive for unit in units], "used by any": [unit.used for unit in units],
        "percent its own": [float(np.round(100 * unit.share, 1)) for unit in units]})
