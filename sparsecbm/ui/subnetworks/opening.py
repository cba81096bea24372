"""The first look: what a subnetwork is, and one picture of the common core and each concept's own part."""

import streamlit as st

from sparsecbm.explainer import CheckpointInfo, Explainer
from sparsecbm.figures.sharing import sharing_bars, sharing_table, sharing_text, users_bars, users_table
from sparsecbm.ui.chart import chart, title
from sparsecbm.ui.markdown import as_markdown
from sparsecbm.ui.shell import note

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
