"""A closer look: one pair by layer and module, and then what a layer holds."""

from collections.abc import Mapping
from functools import partial

import pandas as pd
import streamlit as st

from sparsecbm.export.table import as_cell
from sparsecbm.figures.colour import ink_on
from sparsecbm.figures.stacked import StackedBars
from sparsecbm.figures.text import visible
from sparsecbm.service import Explainer
from sparsecbm.subnetworks.counts import ARRAYS, MaskCounts
from sparsecbm.subnetworks.figure import pair_bars, pair_table, pair_text
from sparsecbm.subnetworks.overlap import MaskOverlap
from sparsecbm.subnetworks.panel_layer import layer_look, most_alone
from sparsecbm.subnetworks.panel_selection import STATE, Selection, all_pairs, chosen_pair, shown_passes
from sparsecbm.ui.chart import table_fold, title
from sparsecbm.ui.component import component
from sparsecbm.ui.session import seed_widget
from sparsecbm.ui.shell import is_dark

_component = component(__file__)


def bars_pages(
    key: str, pages: Mapping[str, tuple[str, StackedBars]], shown: str | None, follows: str, hint: str
) -> None:
    """One of many pictures, each with its name for a screen reader. Which one, is as of `cell_pages`."""
    _component(key=key, data={"pages": {name: _page(*page) for name, page in pages.items()}, "shown": shown,
                              "follows": follows, "hint": hint})


def _page(label: str, bars: StackedBars) -> dict[str, object]:
    return {"label": label, "title": visible(bars.title), "text": visible(bars.text),
            "rows": [visible(row) for row in bars.rows],
            "looks": [{"name": visible(look.name), "colour": look.colour, "ink": ink_on(look.colour),
                       "hatched": look.hatched} for look in bars.looks],
            "shares": bars.shares.tolist(), "hover": list(bars.hover), "end": bars.end}


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
        pages[_pair_page(pair)] = _alt(counts, pair, f"What {both} share, {by}"), pair_bars(
            counts, *pair, names, f"{both}, {by}", is_dark(), pair_text(total, *pair) if total else "")
    bars_pages(key, pages, None if shown is None else _pair_page(shown), MATRIX, _HINT)
    if shown is not None:
        table_fold(pair_table(counts, [shown], unit), key, pages[_pair_page(shown)][0])


def _pair_page(pair: tuple[int, int]) -> str:
    return f"{pair[0]},{pair[1]}"


def _alt(counts: MaskCounts, pair: tuple[int, int], what: str) -> str:
    return f"{what}, Jaccard: " + ", ".join(f"{unit} {counts.jaccard[row][pair]:.2f}"
                                            for row, unit in enumerate(counts.units))


_PAIR, _LAYER = "subnetworks:pair", "subnetworks:layer"
_ALL = ""


def closer_look(explainer: Explainer, selection: Selection) -> None:
    """The drill-down. A browser turns to the pair or layer that is pressed above by itself, so it has all of them."""
    overlap = explainer.overlap()
    pair = chosen_pair(selection, overlap)
    st.markdown("### A closer look")
    with st.container(horizontal=True, vertical_alignment="bottom", gap="medium"):
        if len(shown_passes(selection, overlap)) > 1:
            _pair_choice(selection, overlap, pair)
        layers = [_ALL, *overlap.layers.units]
        st.selectbox("Layer", layers, layers.index(seed_widget(_LAYER, selection.layer or _ALL)), key=_LAYER,
                     width=180, format_func=lambda layer: f"layer {layer}" if layer else "all layers",
                     on_change=lambda: STATE.change(layer=st.session_state[_LAYER] or None))
    if len(shown_passes(selection, overlap)) > 1:
        pair_look(overlap, selection, pair)
    layer_look(explainer, selection.layer)
    most_alone(explainer, selection, pair)


def export_button(explainer: Explainer) -> None:
    """All pairs in total, by layer and by module as one CSV file, made when the button is pressed."""
    with st.container(horizontal=True, vertical_alignment="center"):
        st.markdown("Save the overlap of every pair:", width="content")
        st.download_button("CSV table", partial(overlap_csv, explainer), "overlap.csv", "text/csv", on_click="ignore",
                           key="subnetworks:save", icon=":material/download:")
        st.markdown("or as JSON: `python -m sparsecbm overlap --json`", width="content")


def overlap_csv(explainer: Explainer) -> str:
    """Every pair, the residual's too, in total, by layer and by module; names are safe for spreadsheets."""
    overlap = explainer.overlap()
    return pairs_csv(overlap, all_pairs(len(overlap.total.passes)), checkpoint=explainer.checkpoint.hash)


def pairs_csv(overlap: MaskOverlap, pairs: list[tuple[int, int]], **sources: str) -> str:
    """Some pairs of passes in total, by layer and by module, and in front of each row where the masks come from."""
    tables = []
    for part, counts in (("total", overlap.total), ("layer", overlap.layers), ("module", overlap.modules)):
        table = pair_table(counts, pairs, "unit")
        table.insert(0, "part", part)
        tables.append(table)
    whole = pd.concat(tables, ignore_index=True)
    for place, (name, source) in enumerate(sources.items()):
        whole.insert(place, name, source)
    return str(whole.map(as_cell).to_csv(index=False, lineterminator="\n"))


def _pair_choice(selection: Selection, overlap: MaskOverlap, pair: tuple[int, int] | None) -> None:
    names = overlap.total.passes
    pairs = [None, *all_pairs(len(shown_passes(selection, overlap)))]
    st.selectbox("Pair", pairs, pairs.index(seed_widget(_PAIR, pair)), key=_PAIR, width=320, placeholder="no pair",
                 format_func=lambda chosen: "no pair" if chosen is None else " and ".join(names[k] for k in chosen),
                 on_change=_pair_chosen, args=(names,))


def _pair_chosen(names: tuple[str, ...]) -> None:
    pair = st.session_state[_PAIR]
    STATE.change(pair=None if pair is None else tuple(names[k] for k in pair))
