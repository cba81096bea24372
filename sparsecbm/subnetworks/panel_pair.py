"""One pair of subnetworks by layer and by module, and the table of all pairs."""

from functools import partial

import pandas as pd
import streamlit as st

from sparsecbm.export.values import as_cell
from sparsecbm.figures.stacked import StackedBars
from sparsecbm.figures.style import ink_on
from sparsecbm.figures.text import visible
from sparsecbm.service import Explainer
from sparsecbm.subnetworks.counts import ARRAYS, MaskCounts
from sparsecbm.subnetworks.figure_pairs import pair_bars, pair_table, pair_text, units_alike
from sparsecbm.subnetworks.overlap import MaskOverlap
from sparsecbm.subnetworks.panel_selection import Selection, all_pairs, shown_passes
from sparsecbm.ui.chart import table_fold, title
from sparsecbm.ui.component import component
from sparsecbm.ui.safe_text import as_markdown

_component = component(__file__)

PAIR_HELP = (
    "Each bar is one part of the network: the weights that both subnetworks use, that only the first uses, and that "
    "only the second uses, as percent of the part's weights."
)
KIND_NAMES = {"head": "attention heads", "neuron": "neurons"}
#: The matrix of all pairs.
MATRIX = "subnetworks:matrix"


def pair_detail(overlap: MaskOverlap, selection: Selection, pair: tuple[int, int]) -> None:
    """By layer, and by module in the chosen layer or over all of them; a sentence where all parts are alike."""
    passes = len(shown_passes(selection, overlap))
    modules = modules_of(overlap, selection.layer)
    where = "in all layers" if selection.layer is None else f"in layer {selection.layer}"
    st.markdown(as_markdown(pair_text(overlap.total, *pair)))
    parts = (("layer", "by layer", overlap.layers, tuple(f"layer {unit}" for unit in overlap.layers.units)),
             ("module", f"by module {where}", modules, tuple(unit.replace("_", " ") for unit in modules.units)))
    for column, (unit, by, counts, names) in zip(st.columns(2, gap="medium"), parts, strict=True):
        with column:
            key, label = f"subnetworks:by-{unit}", _alt(counts, pair, by)
            if units_alike(counts, passes):
                st.markdown(f"The shares are the same in every {unit}.")
            else:
                title(f"The pair {by}", PAIR_HELP)
                _bars(key, counts, names, by, all_pairs(passes), pair)
            table_fold(pair_table(counts, [pair], unit), key, label, f"As a table {by}")


def _bars(
    key: str, counts: MaskCounts, names: tuple[str, ...], by: str, pairs: list[tuple[int, int]], shown: tuple[int, int]
) -> None:
    """The bars of the pair; the browser has those of every pair, and turns to one that is pressed by itself."""
    pages = {}
    for pair in pairs:
        both = " and ".join(counts.passes[k] for k in pair)
        pages[_page_name(pair)] = _alt(counts, pair, by), pair_bars(counts, *pair, names, f"{both}, {by}")
    _component(key=key, data={"pages": {name: _page(*page) for name, page in pages.items()},
                              "shown": _page_name(shown), "follows": MATRIX, "hint": ""})


def _page(label: str, bars: StackedBars) -> dict[str, object]:
    return {"label": label, "title": visible(bars.title), "text": visible(bars.text),
            "rows": [visible(row) for row in bars.rows],
            "looks": [{"name": visible(look.name), "colour": look.colour, "ink": ink_on(look.colour),
                       "hatched": look.hatched} for look in bars.looks],
            "shares": bars.shares.tolist(), "hover": list(bars.hover), "end": bars.end}


def modules_of(overlap: MaskOverlap, layer: str | None) -> MaskCounts:
    """A unit per part of a layer, such as `query`, in one layer or over all of them; of structured masks only heads and
    neurons, for all matrices of either keep the same."""
    rows = [row for row, name in enumerate(overlap.layer) if layer in (None, name)]
    roles, matrices = tuple(overlap.role[row] for row in rows), overlap.matrices
    counts = MaskCounts(roles, matrices.passes, **{name: getattr(matrices, name)[rows] for name in ARRAYS})
    if overlap.kind is None:
        return counts.summed(roles)
    parts = [f"{overlap.layer[row]} {KIND_NAMES[overlap.kind[row]]}" for row in rows]
    tied = counts.tied(parts)
    return tied.summed([part.split(" ", 1)[1] for part in tied.units])


def _page_name(pair: tuple[int, int]) -> str:
    return f"{pair[0]},{pair[1]}"


def _alt(counts: MaskCounts, pair: tuple[int, int], by: str) -> str:
    both = " and ".join(counts.passes[k] for k in pair)
    return f"What {both} share, {by}, Jaccard: " + ", ".join(
        f"{unit} {counts.jaccard[row][pair]:.2f}" for row, unit in enumerate(counts.units))


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
