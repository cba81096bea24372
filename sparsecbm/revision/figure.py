"""Maps, a table and a sentence: the weights that a revision exchanged, by module and by attention head."""

import numpy as np
import pandas as pd

from sparsecbm.figures.cell_table import Cells
from sparsecbm.figures.style import plain
from sparsecbm.revision.result import ChangeCounts, PlaceCounts

#: The counts that a map can show.
SHOWN = {"dropped": "Dropped", "grown": "Grown", "net": "Net"}

#: Names that fit above a column.
_SHORT = {"attention_output": "output", "feed_forward_in": "FFN in", "feed_forward_out": "FFN out"}


def diff_map(places: PlaceCounts, show: str, title: str, columns: str = "module") -> Cells:
    """The count of each place that `show`, one of SHOWN, names; dropped ones are negative. Layers are the rows."""
    numbers = {"dropped": -places.dropped, "grown": places.grown, "net": places.net}[show]
    printed = [[_signed(int(number)) for number in row] for row in numbers]
    hover = [[f"layer {layer}, {columns} {plain(name)}<br>{places.dropped[row, k]:,} dropped, {places.grown[row, k]:,} "
              f"grown, net {_signed(int(places.net[row, k]))}" for k, name in enumerate(places.columns)]
             for row, layer in enumerate(places.rows)]
    return Cells(numbers.astype(float), tuple(f"layer {layer}" for layer in places.rows),
                 tuple(_SHORT.get(name, name.replace("_", " ")) for name in places.columns), title, printed, hover,
                 limit=float(max(1, np.abs(numbers).max(initial=0))), axes=("", columns), form="+,.0f")


def diff_table(places: PlaceCounts, column: str = "module") -> pd.DataFrame:
    """The counts of every place."""
    return pd.DataFrame([{
        "layer": layer, column: name, "dropped": int(places.dropped[row, k]), "grown": int(places.grown[row, k]),
        "net": int(places.net[row, k]),
    } for row, layer in enumerate(places.rows) for k, name in enumerate(places.columns)],
        columns=["layer", column, "dropped", "grown", "net"])


def diff_text(counts: ChangeCounts) -> str:
    """The finding of the maps: how many weights, and which attention head exchanged most."""
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
    return (f"{said} {int((both > 0).sum()):,} of {both.size:,} attention heads exchanged weights; head "
            f"{heads.columns[k]} of layer {heads.rows[row]} exchanged most: {heads.dropped[row, k]:,} dropped and "
            f"{heads.grown[row, k]:,} grown. {moved:,} weights moved from one head to another.")


def _signed(count: int) -> str:
    return f"{count:+,}".replace("-", "−") if count else "0"
