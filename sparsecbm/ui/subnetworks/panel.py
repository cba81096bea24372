"""What the subnetworks share: the matrix of all pairs, every layer's density, and a closer look at what is pressed.

All of it is one fragment: one that has another one drawn makes the browser draw the page twice.
"""

from typing import Any

import streamlit as st

from sparsecbm.figures.pairs import (
    SHOWN,
    density_map,
    density_table,
    pair_matrix,
    pair_table,
    same_everywhere,
)
from sparsecbm.subnetworks.overlap import MaskOverlap
from sparsecbm.ui.chart import chart, title
from sparsecbm.ui.engine import load_explainer
from sparsecbm.ui.session import seed_widget
from sparsecbm.ui.shell import errors_shown, note
from sparsecbm.ui.subnetworks.closer import closer_look, export_button
from sparsecbm.ui.subnetworks.layer_look import DENSITY
from sparsecbm.ui.subnetworks.pair_look import MATRIX
from sparsecbm.ui.subnetworks.selection import (
    KEPT,
    Selection,
    all_pairs,
    chosen_pair,
    shown_passes,
    to_address,
    with_residual,
)

MATRIX_HELP = (
    "Jaccard overlap: the weights that both subnetworks use, as a share of those that at least one uses. 0 is nothing "
    "in common, 1 the same subnetwork. Two random subnetworks of the same sizes overlap, too: that is what *Expected "
    "by chance* shows. z says how many standard deviations the observed overlap is from chance. Press a cell to look "
    "closer at a pair."
)
DENSITY_HELP = (
    "The share of a layer's weights that a subnetwork keeps, 0 to 1. Layers are numbered from 0, the first after the "
    "word embeddings. Press a cell to look closer at its layer."
)
_SHOW, _RESIDUAL = "subnetworks:show", "subnetworks:residual"


def overlap_panel() -> None:
    """Matrix, density and the closer look."""
    st.fragment(_overlap)()
    export_button(load_explainer())


def _overlap() -> None:
    with errors_shown():
        explainer, selection = load_explainer(), KEPT.current
        overlap = explainer.overlap()
        _controls(selection, overlap)
        left, right = st.columns(2, gap="medium")
        with left:
            _matrix(selection, overlap)
        with right:
            _density(selection, overlap)
        if same_everywhere(overlap.layers):
            note("Every layer of this model shares out its weights alike: the masks were made to. Its heads and "
                 "neurons differ; choose a layer to see them.")
        closer_look(explainer, selection)
        KEPT.write(to_address(selection))  # last: a browser draws all of the page for a new address


def _controls(selection: Selection, overlap: MaskOverlap) -> None:
    with st.container(horizontal=True, vertical_alignment="bottom", gap="medium"):
        st.segmented_control("Show", list(SHOWN), key=_SHOW, default=seed_widget(_SHOW, selection.show), required=True,
                             format_func=lambda name: SHOWN[name], on_change=lambda: KEPT.change(
                                 show=st.session_state[_SHOW]))
        if len(overlap.total.passes) > len(overlap.concepts):
            st.toggle("With the residual", seed_widget(_RESIDUAL, selection.residual), key=_RESIDUAL,
                      on_change=_residual_chosen, args=(overlap,),
                      help="The residual is what the model adds to the label beside the concepts. It has a subnetwork "
                           "of its own.")


def _matrix(selection: Selection, overlap: MaskOverlap) -> None:
    total, passes = overlap.total, shown_passes(selection, overlap)
    pairs = all_pairs(len(passes))
    title("Overlap of every pair", MATRIX_HELP)
    if not pairs:
        st.info("There is only one concept, so there is no pair to compare.", icon=":material/info:")
        return
    name = {"observed": "Jaccard overlap", "expected": "Overlap expected by chance",
            "difference": "Overlap beyond chance (+) or below it (−)"}[selection.show]
    chart(pair_matrix(total, len(passes), selection.show, name, chosen_pair(selection, overlap)),
          pair_table(total, pairs, "weights of").drop(columns="weights of"), MATRIX,
          f"{name}: " + "; ".join(_pair_alt(overlap, pair) for pair in pairs), lambda cell: _cell_pressed(cell, passes))


def _density(selection: Selection, overlap: MaskOverlap) -> None:
    layers, passes = overlap.layers, shown_passes(selection, overlap)
    title("Share of each layer that is kept", DENSITY_HELP)
    chart(density_map(layers, len(passes), "Density by layer", selection.layer), density_table(layers),
          DENSITY, "Share of weights kept: " + "; ".join(
              f"layer {unit} " + ", ".join(f"{name} {layers.density[row, k]:.2f}" for k, name in enumerate(passes))
              for row, unit in enumerate(layers.units)),
          lambda cell: KEPT.change(layer=layers.units[cell[0]]))


def _pair_alt(overlap: MaskOverlap, pair: tuple[int, int]) -> str:
    total = overlap.total
    one, other = (total.passes[k] for k in pair)
    return f"{one} and {other} {total.jaccard[0][pair]:.2f}, by chance {total.expected_jaccard[0][pair]:.2f}"


def _cell_pressed(cell: Any, passes: tuple[str, ...]) -> None:
    row, column = cell
    if row != column:
        KEPT.change(pair=(passes[min(row, column)], passes[max(row, column)]))


def _residual_chosen(overlap: MaskOverlap) -> None:
    KEPT.change(**vars(with_residual(KEPT.current, st.session_state[_RESIDUAL], overlap)))
