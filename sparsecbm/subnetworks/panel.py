"""The Subnetworks page: what all weights are used for, and below it the chosen section."""

import streamlit as st

from sparsecbm.service import CheckpointInfo, Explainer
from sparsecbm.subnetworks.counts import MaskCounts
from sparsecbm.subnetworks.figure_sharing import (
    concepts_alike,
    sharing_bars,
    sharing_table,
    sharing_text,
    users_bars,
    users_table,
)
from sparsecbm.subnetworks.panel_comparison import comparison_panel
from sparsecbm.subnetworks.panel_knockout import knock_out_panel
from sparsecbm.subnetworks.panel_network_picture import network_picture_panel
from sparsecbm.subnetworks.panel_overlap import overlap_panel
from sparsecbm.subnetworks.panel_selection import SECTIONS, STATE
from sparsecbm.subnetworks.panel_specificity import specificity_panel
from sparsecbm.subnetworks.panel_stability import stability_panel
from sparsecbm.subnetworks.panel_unit_attribution import unit_attribution_panel
from sparsecbm.ui.chart import chart, table_fold
from sparsecbm.ui.safe_text import as_markdown
from sparsecbm.ui.sections import section_bar
from sparsecbm.ui.shell import note

SHARING_HELP = (
    "A **subnetwork** is the part of the network's weights that one concept is predicted with, while all other weights "
    "are switched off. Every bar is all weights that can be switched off, the same for each concept. The common core "
    "is what all concepts use; its own part is what this concept uses and no other. The larger its own part, the more "
    "a subnetwork can say about this concept alone."
)
USERS_HELP = (
    "Every weight is used by none, some or all of the concepts. Weights that none uses are not needed for the concepts "
    "at all. The residual's subnetwork is not counted here."
)
_PANELS = {"shared": (overlap_panel, stability_panel), "proof": (specificity_panel,), "compare": (comparison_panel,),
           "review": (unit_attribution_panel, knock_out_panel)}


def no_subnetworks(checkpoint: CheckpointInfo) -> None:
    """A model without masks: say so, and what to do."""
    kind = checkpoint.kind.replace("_", " ")
    st.info(f"**This model has no subnetworks.** The loaded checkpoint {as_markdown(checkpoint.name)} is a {kind} "
            "model: every concept is predicted with all weights, so there is nothing to compare here. Load a sparse "
            "checkpoint, such as the one that ships: unset `SPARSECBM_CHECKPOINT`, or set it to a sparse checkpoint, "
            "and start the app again. To make one, run `python -m sparsecbm train --kind sparse`.",
            icon=":material/info:")


def sharing_panel(explainer: Explainer) -> None:
    """The finding for this checkpoint in a sentence, and the pictures behind it; the network comes first where its
    units are kept as a whole."""
    whole = explainer.network_picture().whole
    if whole:
        network_picture_panel()
    total = explainer.overlap().total
    said = sharing_text(total)
    st.markdown(f"**{as_markdown(said)}**")
    alt = f"Weights of each concept's subnetwork by who shares them. {said}"
    if concepts_alike(total):  # every bar would be the same
        table_fold(sharing_table(total), "subnetworks:sharing", alt)
        _users(total)
    else:
        left, right = st.columns([2, 1], gap="medium")
        with left:
            st.markdown("### Common core and own parts", help=SHARING_HELP)
            chart(lambda dark: sharing_bars(total, "Who uses the weights of each subnetwork", dark).figure(dark),
                  sharing_table(total), "subnetworks:sharing", alt)
        with right:
            _users(total)
    note(as_markdown(f"Checkpoint {explainer.checkpoint.name}, {explainer.checkpoint.hash[:12]} · masks counted bit by "
                     f"bit · {total.weights[0]:,} weights per mask"))
    if not whole:
        network_picture_panel()


def _users(total: MaskCounts) -> None:
    st.markdown("### Users of a weight", help=USERS_HELP)
    chart(lambda dark: users_bars(total, "Weights used by 0, 1, … concepts", dark), users_table(total),
          "subnetworks:users",
          "Percent of the weights by how many concepts use them: " + ", ".join(
              f"{users} concepts {100 * count / total.weights[0]:.1f}" for users, count
              in enumerate(total.shared_by[0])))


def subnetworks_section() -> None:
    """Let a person choose a section, and draw it."""
    shown = STATE.current.section
    STATE.write()
    section_bar("subnetworks:section", SECTIONS, shown, lambda name: STATE.change(section=name))
    for panel in _PANELS[shown]:
        panel()
