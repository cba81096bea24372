"""A closer look: one pair by layer and module, and then what a layer holds."""

from functools import partial

import pandas as pd
import streamlit as st

from sparsecbm.explainer import Explainer
from sparsecbm.export.table import as_cell
from sparsecbm.figures.pairs import pair_table
from sparsecbm.subnetworks.overlap import MaskOverlap
from sparsecbm.ui.session import seed_widget
from sparsecbm.ui.subnetworks.layer_look import layer_look, most_alone
from sparsecbm.ui.subnetworks.pair_look import pair_look
from sparsecbm.ui.subnetworks.selection import KEPT, Selection, all_pairs, chosen_pair, shown_passes

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
                     on_change=lambda: KEPT.change(layer=st.session_state[_LAYER] or None))
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
    KEPT.change(pair=None if pair is None else tuple(names[k] for k in pair))
