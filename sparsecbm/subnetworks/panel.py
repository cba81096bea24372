"""The section of the page that is chosen."""

from typing import Any

import streamlit as st

from sparsecbm.service import CheckpointInfo, Explainer
from sparsecbm.subnetworks.figure import (
    SHOWN,
    density_map,
    density_table,
    pair_matrix,
    pair_table,
    same_everywhere,
    sharing_bars,
    sharing_table,
    sharing_text,
    users_bars,
    users_table,
)
from sparsecbm.subnetworks.overlap import MaskOverlap
from sparsecbm.subnetworks.panel_compare import compare_panel
from sparsecbm.subnetworks.panel_knockout import live_panel
from sparsecbm.subnetworks.panel_layer import DENSITY
from sparsecbm.subnetworks.panel_pair import MATRIX, closer_look, export_button
from sparsecbm.subnetworks.panel_selection import (
    SECTIONS,
    STATE,
    Selection,
    all_pairs,
    chosen_pair,
    shown_passes,
    with_residual,
)
from sparsecbm.subnetworks.panel_specificity import proof_panel
from sparsecbm.subnetworks.panel_unit_attribution import leaning_panel
from sparsecbm.ui.chart import chart, title
from sparsecbm.ui.engine import load_explainer
from sparsecbm.ui.sections import section_bar
from sparsecbm.ui.session import seed_widget
from sparsecbm.ui.shell import errors_shown, note
from sparsecbm.ui.text import as_markdown

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
        explainer, selection = load_explainer(), STATE.current
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
        STATE.write()  # last: a browser draws all of the page for a new address


def _controls(selection: Selection, overlap: MaskOverlap) -> None:
    with st.container(horizontal=True, vertical_alignment="bottom", gap="medium"):
        st.segmented_control("Show", list(SHOWN), key=_SHOW, default=seed_widget(_SHOW, selection.show), required=True,
                             format_func=lambda name: SHOWN[name], on_change=lambda: STATE.change(
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
          lambda cell: STATE.change(layer=layers.units[cell[0]]))


def _pair_alt(overlap: MaskOverlap, pair: tuple[int, int]) -> str:
    total = overlap.total
    one, other = (total.passes[k] for k in pair)
    return f"{one} and {other} {total.jaccard[0][pair]:.2f}, by chance {total.expected_jaccard[0][pair]:.2f}"


def _cell_pressed(cell: Any, passes: tuple[str, ...]) -> None:
    row, column = cell
    if row != column:
        STATE.change(pair=(passes[min(row, column)], passes[max(row, column)]))


def _residual_chosen(overlap: MaskOverlap) -> None:
    STATE.change(**vars(with_residual(STATE.current, st.session_state[_RESIDUAL], overlap)))


SHARING_HELP = (
    "Every bar is all weights of the network that masks can switch off, the same for each concept. The common core is "
    "what all concepts use; its own part is what this concept uses and no other. The more of a subnetwork is its own, "
    "the more it can say about this concept alone."
)
USERS_HELP = (
    "Every weight is used by none, some or all of the concepts. Weights that none uses are not needed for the concepts "
    "at all. The residual's subnetwork is not counted here."
)


def no_subnetworks(checkpoint: CheckpointInfo) -> None:
    """A model without masks: say so, and what to do."""
    kind = checkpoint.kind.replace("_", " ")
    st.info(f"**This model has no subnetworks.** The loaded checkpoint {as_markdown(checkpoint.name)} is a {kind} "
            "model: every concept is read with all weights, so there is nothing to compare here. Load a sparse "
            "checkpoint, such as the one that ships: unset `SPARSECBM_CHECKPOINT`, or set it to a sparse checkpoint, "
            "and start the app again. To make one, run `python -m sparsecbm train --kind sparse`.",
            icon=":material/info:")


def sharing_panel(explainer: Explainer) -> None:
    """What the numbers say for this checkpoint, and the picture."""
    total = explainer.overlap().total
    said = as_markdown(sharing_text(total))
    st.markdown("A **subnetwork** is the part of the network's weights that one concept is read with, while all other "
                f"weights are switched off. {said}")
    left, right = st.columns([2, 1.1], gap="medium")
    with left:
        title("Common core and own parts", SHARING_HELP)
        chart(lambda dark: sharing_bars(total, "Who uses the weights of each subnetwork", dark), sharing_table(total),
              "subnetworks:sharing", f"Weights of each concept's subnetwork by who shares them. {sharing_text(total)}")
    with right:
        title("How many concepts use a weight", USERS_HELP)
        chart(lambda dark: users_bars(total, "Weights used by 0, 1, … concepts", dark), users_table(total),
              "subnetworks:users",
              "Percent of the weights by how many concepts use them: " + ", ".join(
                  f"{users} concepts {100 * count / total.weights[0]:.1f}" for users, count
                  in enumerate(total.shared_by[0])))
    note(as_markdown(f"Checkpoint {explainer.checkpoint.name}, {explainer.checkpoint.hash[:12]} · masks counted bit by "
                     f"bit · {total.weights[0]:,} weights per mask"))


_PANELS = {"shared": (overlap_panel,), "proof": (proof_panel,), "compare": (compare_panel,),
           "review": (leaning_panel, live_panel)}


def subnetworks_section() -> None:
    """Let a person choose a section, and draw it."""
    shown = STATE.current.section
    STATE.write()
    section_bar("subnetworks:section", SECTIONS, shown, lambda name: STATE.change(section=name))
    for panel in _PANELS[shown]:
        panel()
