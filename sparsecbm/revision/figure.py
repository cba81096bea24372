"""Where a revision dropped and grew weights: by layer and module, and by layer and attention head."""

import numpy as np
import pandas as pd

from sparsecbm.figures.cells import Cells
from sparsecbm.figures.plotly_text import plain
from sparsecbm.revision.result import ChangeCounts, PlaceCounts

#: What a map can show of every place.
SHOWN = {"dropped": "Dropped", "grown": "Grown", "net": "Net"}


def diff_map(places: PlaceCounts, show: str, title: str, columns: str = "module") -> Cells:
    """Weights that went (negative), came, or both, as one of SHOWN; layers are the rows."""
    numbers = {"dropped": -places.dropped, "grown": places.grown, "net": places.net}[show]
    printed = [[_signed(int(number)) for number in row] for row in numbers]
    hover = [[f"layer {layer}, {columns} {plain(name)}<br>{places.dropped[row, k]:,} dropped, {places.grown[row, k]:,} "
              f"grown, net {_signed(int(places.net[row, k]))}" for k, name in enumerate(places.columns)]
             for row, layer in enumerate(places.rows)]
    return Cells(numbers.astype(float), tuple(f"layer {layer}" for layer in places.rows),
                 tuple(name.replace("_", " ") for name in places.columns), title, printed, hover,
                 limit=float(max(1, np.abs(numbers).max(initial=0))), axes=("", columns), form="+,.0f")


def diff_table(places: PlaceCounts, column: str = "module") -> pd.DataFrame:
    """Every place with its counts."""
    return pd.DataFrame([{
        "layer": layer, column: name, "dropped": int(places.dropped[row, k]), "grown": int(places.grown[row, k]),
        "net": int(places.net[row, k]),
    } for row, layer in enumerate(places.rows) for k, name in enumerate(places.columns)],
        columns=["layer", column, "dropped", "grown", "net"])


def diff_text(counts: ChangeCounts) -> str:
    """What the maps show, in plain words: how many, and which attention head exchanges most."""
    places, heads = counts.modules, counts.heads
    dropped, grown = int(places.dropped.sum()), int(places.grown.sum())
    if not dropped + grown:
        return "No weight was exchanged."
    said = f"{dropped:,} weights dropped and {grown:,} grown."
    both = heads.dropped + heads.grown
    if not both.any():
        return said
    row, k = (int(place) for place in np.unravel_index(both.argmax(), both.shape))
    moved = int(np.abs(heads.net).sum()) // 2
    return (f"{said} Of the attention heads, {int((both > 0).sum()):,} of {both.size:,} exchange weights, head "
            f"{heads.columns[k]} of layer {heads.rows[row]} most: {heads.dropped[row, k]:,} dropped and "
            f"{heads.grown[row, k]:,} grown. {moved:,} weights move from one head to another.")


def _signed(count: int) -> str:
    return f"{count:+,}".replace("-", "−") if count else "0"
