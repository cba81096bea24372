"""How exclusive heads and neurons are: the share of their used weights that only one concept keeps."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd

from sparsecbm.figures.cells import Cells
from sparsecbm.figures.colour import DARK_PAPER, PAPER, sequential
from sparsecbm.figures.plotly_text import plain
from sparsecbm.subnetworks.counts import MaskCounts
from sparsecbm.subnetworks.overlap import ExclusiveUnit


def head_map(heads: MaskCounts, title: str) -> Cells:
    """A row per concept, a column per head."""
    share, used = heads.exclusive_share.T, heads.used.tolist()
    names = heads.passes[: len(share)]
    printed = [[f"{cell:.2f}" for cell in row] for row in share.tolist()]
    hover = [[f"head {unit}, {plain(name)}<br>{own:,} of {any_:,} used weights are its own ({100 * part:.1f} %)"
              for unit, own, any_, part in zip(heads.units, heads.exclusive[:, k].tolist(), used, share[k].tolist(),
                                               strict=True)] for k, name in enumerate(names)]
    return Cells(share, names, heads.units, title, printed, hover, axes=("", "attention head"))


def neuron_map(neurons: MaskCounts) -> dict[str, Any]:
    """What a picture with a row per concept and a thin column per neuron needs.

    `own` holds each concept's exclusive weights [concept, neuron], `used` each neuron's weights that any concept keeps.
    """
    concepts = neurons.exclusive_share.shape[1]
    return {"concepts": list(neurons.passes[:concepts]), "own": neurons.exclusive[:, :concepts].T,
            "used": neurons.used}


def percent_colours(dark: bool) -> list[str]:
    """The colours of shares of 0, 1, .. 100 percent."""
    return [sequential(percent / 100, DARK_PAPER if dark else PAPER) for percent in range(101)]


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
