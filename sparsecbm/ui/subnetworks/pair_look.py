"""One pair of subnetworks: what the two share in words, by layer and by module."""

import streamlit as st

from sparsecbm.figures.pairs import pair_bars, pair_table, pair_text
from sparsecbm.subnetworks.counts import ARRAYS, MaskCounts
from sparsecbm.subnetworks.overlap import MaskOverlap
from sparsecbm.ui.bars_view import bars_pages
from sparsecbm.ui.chart import table_fold, title
from sparsecbm.ui.shell import is_dark
from sparsecbm.ui.subnetworks.selection import Selection, all_pairs, shown_passes

PAIR_HELP = (
    "Each bar is one part of the network: the weights that both subnetworks use, that only the first uses, and that "
    "only the second uses, as percent of the part's weights."
)
#: The matrix of all pairs.
MATRIX = "subnetworks:matrix"
_HINT = "Press a cell of the left chart above, or choose a pair, to see where the two overlap."


def pair_look(overlap: MaskOverlap, selection: Selection, pair: tuple[int, int] | None) -> None:
    """By layer, and by module in the chosen layer or over all of them."""
    pairs = all_pairs(len(shown_passes(selection, overlap)))
    layers = tuple(f"layer {unit}" for unit in overlap.layers.units)
    modules = modules_of(overlap, selection.layer)
    where = "in all layers" if selection.layer is None else f"in layer {selection.layer}"
    left, right = st.columns(2, gap="medium")
    with left:
        title("A pair, by layer", PAIR_HELP)
        _bars("layer", overlap.layers, layers, "by layer", pairs, pair, overlap.total)
    with right:
        title(f"A pair, by module, {where}", PAIR_HELP)
        _bars("module", modules, tuple(unit.replace("_", " ") for unit in modules.units), f"by module {where}", pairs,
              pair)


def modules_of(overlap: MaskOverlap, layer: str | None) -> MaskCounts:
    """A unit per part of a layer, such as `query`, in one layer or over all of them."""
    if layer is None:
        return overlap.modules
    rows = [row for row, name in enumerate(overlap.layer) if name == layer]
    roles, matrices = tuple(overlap.role[row] for row in rows), overlap.matrices
    counts = MaskCounts(roles, matrices.passes, **{name: getattr(matrices, name)[rows] for name in ARRAYS})
    return counts.summed(roles)


def _bars(
    unit: str, counts: MaskCounts, names: tuple[str, ...], by: str, pairs: list[tuple[int, int]],
    shown: tuple[int, int] | None, total: MaskCounts | None = None,
) -> None:
    """Every pair is sent; with `total` a sentence about it stands above its bars."""
    key, pages = f"subnetworks:by-{unit}", {}
    for pair in pairs:
        both = " and ".join(counts.passes[k] for k in pair)
        pages[_page(pair)] = _alt(counts, pair, f"What {both} share, {by}"), pair_bars(
            counts, *pair, names, f"{both}, {by}", is_dark(), pair_text(total, *pair) if total else "")
    bars_pages(key, pages, None if shown is None else _page(shown), MATRIX, _HINT)
    if shown is not None:
        table_fold(pair_table(counts, [shown], unit), key, pages[_page(shown)][0])


def _page(pair: tuple[int, int]) -> str:
    return f"{pair[0]},{pair[1]}"


def _alt(counts: MaskCounts, pair: tuple[int, int], what: str) -> str:
    return f"{what}, Jaccard: " + ", ".join(f"{unit} {counts.jaccard[row][pair]:.2f}"
                                            for row, unit in enumerate(counts.units))
