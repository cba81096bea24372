"""What every two subnetworks share, how much of each layer they keep, and a pair or a layer in detail.

A picture that would show the same number everywhere is not drawn: a sentence says it, with its table.
"""

from typing import Any

import pandas as pd
import streamlit as st

from sparsecbm.subnetworks.figure_pairs import (
    SHOWN,
    density_map,
    density_table,
    layers_alike,
    pair_matrix,
    pair_table,
    pairs_alike,
)
from sparsecbm.subnetworks.overlap import MaskOverlap
from sparsecbm.subnetworks.panel_layer import DENSITY, layer_detail, most_exclusive_units
from sparsecbm.subnetworks.panel_pair import MATRIX, export_button, pair_detail
from sparsecbm.subnetworks.panel_selection import STATE, Selection, all_pairs, chosen_pair, shown_passes, with_residual
from sparsecbm.ui.chart import chart, table_fold, title
from sparsecbm.ui.loaded_model import load_explainer
from sparsecbm.ui.safe_text import as_markdown
from sparsecbm.ui.session import seed_widget
from sparsecbm.ui.shell import errors_shown

MATRIX_HELP = (
    "Jaccard overlap: the weights that both subnetworks use, as a share of those that at least one uses. 0 is nothing "
    "in common, 1 the same subnetwork. Two random subnetworks of the same sizes overlap, too: that is what *Expected "
    "by chance* shows. z says how many standard deviations the observed overlap is from chance. Press a cell to see "
    "where the two overlap."
)
DENSITY_HELP = (
    "The share of a layer's weights that a subnetwork keeps, 0 to 1. Layers are numbered from 0, the first after the "
    "word embeddings. Press a cell to see the layer's heads and neurons."
)
_SHOW, _RESIDUAL = "subnetworks:show", "subnetworks:residual"
_PAIR, _LAYER = "subnetworks:pair", "subnetworks:layer"
_ALL = ""


def overlap_panel() -> None:
    """Matrix, density, and the details of what is chosen."""
    st.fragment(_panel)()
    export_button(load_explainer())


def _panel() -> None:
    st.markdown("### Overlap of the subnetworks")
    with errors_shown():
        explainer, selection = load_explainer(), STATE.current
        overlap = explainer.overlap()
        pair, passes = chosen_pair(selection, overlap), len(shown_passes(selection, overlap))
        same_pairs, same_layers = pairs_alike(overlap.total, passes), layers_alike(overlap.layers, passes)
        if same_pairs or same_layers:
            _sentences(overlap, passes, same_pairs, same_layers)
        drawn = [*([_matrix] if passes > 1 and not same_pairs else []), *([] if same_layers else [_density])]
        _choices(selection, overlap, pair, matrix=_matrix in drawn)
        for column, draw in zip(st.columns(len(drawn), gap="medium") if drawn else (), drawn, strict=True):
            with column:
                draw(selection, overlap)
        if pair is not None:
            pair_detail(overlap, selection, pair)
        if selection.layer is not None:
            layer_detail(explainer, selection.layer)
        if not explainer.network_picture().whole:  # else whoever has a unit alone has all of it: the picture says whose
            most_exclusive_units(explainer, selection, pair)
        STATE.write()  # last: a browser draws all of the page for a new address


def _sentences(overlap: MaskOverlap, passes: int, pairs: str, layers: str) -> None:
    """What is the same for all pairs, or in all layers, and the tables behind it."""
    advice = "Heads and neurons differ: choose a layer to see them." if layers else ""
    st.markdown(f"**{as_markdown(' '.join(filter(None, (pairs, layers, advice))))}**")
    with st.container(horizontal=True, gap="small"):
        if pairs:
            table_fold(_pairs_table(overlap, passes), MATRIX, _pairs_alt(overlap, passes), "Pairs as a table")
        if layers:
            table_fold(density_table(overlap.layers), DENSITY, layers, "Layers as a table")


def _choices(selection: Selection, overlap: MaskOverlap, pair: tuple[int, int] | None, matrix: bool) -> None:
    """What the pictures show; `matrix` tells whether there is one of the pairs."""
    names, layers = overlap.total.passes, [_ALL, *overlap.layers.units]
    pairs = [None, *all_pairs(len(shown_passes(selection, overlap)))]
    with st.container(horizontal=True, vertical_alignment="bottom", gap="medium"):
        if len(pairs) > 1:
            st.selectbox("Pair", pairs, pairs.index(seed_widget(_PAIR, pair)), key=_PAIR, width=260,
                         placeholder="no pair", on_change=_pair_chosen, args=(names,),
                         format_func=lambda one: "no pair" if one is None else " and ".join(names[k] for k in one))
        st.selectbox("Layer", layers, layers.index(seed_widget(_LAYER, selection.layer or _ALL)), key=_LAYER,
                     width=160, format_func=lambda layer: f"layer {layer}" if layer else "all layers",
                     on_change=lambda: STATE.change(layer=st.session_state[_LAYER] or None))
        if matrix:
            st.segmented_control("Show", list(SHOWN), key=_SHOW, default=seed_widget(_SHOW, selection.show),
                                 required=True, format_func=SHOWN.__getitem__,
                                 on_change=lambda: STATE.change(show=st.session_state[_SHOW]))
        if len(overlap.total.passes) > len(overlap.concepts):
            st.toggle("With the residual", seed_widget(_RESIDUAL, selection.residual), key=_RESIDUAL,
                      on_change=_residual_chosen, args=(overlap,),
                      help="The residual is what the model adds to the label in addition to the concepts. It has a "
                           "subnetwork of its own.")


def _matrix(selection: Selection, overlap: MaskOverlap) -> None:
    total, passes = overlap.total, shown_passes(selection, overlap)
    name = {"observed": "Jaccard overlap", "expected": "Overlap expected by chance",
            "difference": "Overlap above chance (+) or below it (−)"}[selection.show]
    title("Overlap of every pair", MATRIX_HELP)
    chart(pair_matrix(total, len(passes), selection.show, name, chosen_pair(selection, overlap)),
          _pairs_table(overlap, len(passes)), MATRIX, f"{name}: {_pairs_alt(overlap, len(passes))}",
          lambda cell: _cell_pressed(cell, passes))


def _density(selection: Selection, overlap: MaskOverlap) -> None:
    layers, passes = overlap.layers, shown_passes(selection, overlap)
    title("Share of each layer that is kept", DENSITY_HELP)
    chart(density_map(layers, len(passes), "Density by layer", selection.layer), density_table(layers),
          DENSITY, "Share of weights kept: " + "; ".join(
              f"layer {unit} " + ", ".join(f"{name} {layers.density[row, k]:.2f}" for k, name in enumerate(passes))
              for row, unit in enumerate(layers.units)),
          lambda cell: STATE.change(layer=layers.units[cell[0]]))


def _pairs_table(overlap: MaskOverlap, passes: int) -> pd.DataFrame:
    return pair_table(overlap.total, all_pairs(passes), "weights of").drop(columns="weights of")


def _pairs_alt(overlap: MaskOverlap, passes: int) -> str:
    return "; ".join(_pair_alt(overlap, pair) for pair in all_pairs(passes))


def _pair_alt(overlap: MaskOverlap, pair: tuple[int, int]) -> str:
    total = overlap.total
    one, other = (total.passes[k] for k in pair)
    return f"{one} and {other} {total.jaccard[0][pair]:.2f}, by chance {total.expected_jaccard[0][pair]:.2f}"


def _cell_pressed(cell: Any, passes: tuple[str, ...]) -> None:
    row, column = cell
    if row != column:
        STATE.change(pair=(passes[min(row, column)], passes[max(row, column)]))


def _pair_chosen(names: tuple[str, ...]) -> None:
    pair = st.session_state[_PAIR]
    STATE.change(pair=None if pair is None else tuple(names[k] for k in pair))


def _residual_chosen(overlap: MaskOverlap) -> None:
    STATE.change(**vars(with_residual(STATE.current, st.session_state[_RESIDUAL], overlap)))
