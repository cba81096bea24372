"""Does each subnetwork carry its concept? What was measured on labelled reviews, in charts and in plain words."""

import streamlit as st

from sparsecbm.errors import CheckpointError
from sparsecbm.service import CheckpointInfo, Explainer
from sparsecbm.subnetworks.figure_specificity import (
    LEAST_LEAD,
    Square,
    cost_map,
    knock_out_text,
    lead_text,
    leads,
    measured_specificity,
    necessity_table,
    specificity_map,
    square_table,
    within_chance,
)
from sparsecbm.subnetworks.specificity import SubnetworkProbe
from sparsecbm.ui.chart import chart, title
from sparsecbm.ui.engine import load_explainer
from sparsecbm.ui.session import seed_widget
from sparsecbm.ui.shell import errors_shown, note
from sparsecbm.ui.stored_metrics import show_command
from sparsecbm.ui.text import as_markdown

SPECIFICITY_HELP = (
    "Each concept is asked with its own head, but read through every subnetwork in turn. The framed cells are its own "
    "subnetwork: they should be the best of their column, by 5 points or more. Percent of answers right."
)
COST_HELP = (
    "Weights are taken out of the whole network, and every concept is asked again. A subnetwork that carries its "
    "concept costs that concept much and the others little. The common core is part of every whole subnetwork, so "
    "taking one out costs all concepts; its own part belongs to one concept alone."
)
_TAKEN = "subnetworks:taken"
_PARTS = {"own": "its own part", "whole": "the whole subnetwork"}


def proof_panel() -> None:
    """Specificity and necessity; or how to measure them."""
    st.fragment(_panel)()


def measured_probe(checkpoint: CheckpointInfo, concepts: tuple[str, ...]) -> SubnetworkProbe | None:
    """What the probe kept; None where there is none. CheckpointError when it is of another model or unreadable."""
    if "probe" not in checkpoint.metrics:
        return None
    probe = SubnetworkProbe.from_json(checkpoint.metrics)
    if probe.settings.checkpoint != checkpoint.hash or probe.concepts != concepts:
        raise CheckpointError("What was measured of the subnetworks is of another model than the one that is loaded; "
                              "allowed: a measurement of this one. Measure it again.")
    return probe


def _panel() -> None:
    st.markdown("### Does each subnetwork carry its concept?")
    with errors_shown():
        explainer = load_explainer()
        probe = _kept_probe(explainer)
        found = measured_specificity(explainer.checkpoint.metrics, len(explainer.schema.concepts))
        if probe is not None and (found is None or probe.settings.n > found[2]):  # the larger sample counts
            settings = probe.settings
            found = probe.specificity, settings.split, settings.n
        if found is None:
            st.info("This was not measured for this checkpoint yet.", icon=":material/info:")
        else:
            _specificity(explainer, *found)
        if probe is None:
            st.markdown("What knocking out each subnetwork costs, beside random ones of the same size, was not "
                        "measured yet. Measure it on labelled reviews, which takes minutes, then start the app again:")
            show_command("overlap --probe --save", explainer.checkpoint, " --sample 400")
        else:
            _necessity(probe)


def _kept_probe(explainer: Explainer) -> SubnetworkProbe | None:
    try:
        return measured_probe(explainer.checkpoint, explainer.schema.concepts)
    except CheckpointError as error:
        st.warning(as_markdown(str(error)), icon=":material/warning:")
        return None


def _specificity(explainer: Explainer, square: Square, split: str, n: int) -> None:
    concepts = explainer.schema.concepts
    found = leads(square, concepts)
    left, right = st.columns([1.25, 1], gap="medium")
    with left:
        title("Read through every subnetwork", SPECIFICITY_HELP)
        chart(specificity_map(square, concepts, f"Answers right on {n:,} reviews of {split}, percent"),
              square_table(square, concepts, "read through"), "subnetworks:specificity",
              "Percent right through its own subnetwork and the best other: " + "; ".join(
                  f"{lead.concept} {100 * lead.own:.1f}, {lead.best_other} {100 * lead.other:.1f}" for lead in found))
    with right:
        for lead in found:
            if lead.weak:
                st.warning(f"**Weakly specific.** {as_markdown(lead_text(lead))}", icon=":material/warning:")
        good = [lead for lead in found if not lead.weak]
        if good:
            said = ", ".join(f"{lead.concept} by {100 * lead.lead:.1f} points (next best {lead.best_other})"
                             for lead in good)
            st.markdown(f":material/check_circle: Read best through their own subnetwork: {as_markdown(said)}.")
        note(as_markdown(f"A lead under {100 * LEAST_LEAD:.0f} points is called weak: another concept's subnetwork "
                         "does nearly as well, so this one says little about its concept alone."))


def _necessity(probe: SubnetworkProbe) -> None:
    left, right = st.columns([1.25, 1], gap="medium")
    with left:
        title("What knocking out costs", COST_HELP)
        st.segmented_control("Taken out", list(_PARTS), key=_TAKEN, required=True, format_func=_PARTS.__getitem__,
                             default=seed_widget(_TAKEN, st.session_state.get(_TAKEN) or "own"))
        exclusive = st.session_state[_TAKEN] == "own"
        cost = probe.cost(exclusive)
        what = _PARTS["own" if exclusive else "whole"]
        chart(cost_map(cost, probe.concepts, f"Points of accuracy when {what} is taken out"),
              square_table(-cost, probe.concepts, "taken out"), "subnetworks:cost",
              f"Points of accuracy lost on the concept itself when {what} is taken out: " + ", ".join(
                  f"{name} {100 * cost[k, k]:.1f}" for k, name in enumerate(probe.concepts)))
    with right:
        for concept in probe.concepts:
            st.markdown(f"**{as_markdown(concept)}.** {as_markdown(knock_out_text(probe, concept))}")
        for concept, one in probe.necessity.items():
            if within_chance(one):
                st.warning(f"**{as_markdown(concept)}** does no better through its own subnetwork than through random "
                           "ones of the same size.", icon=":material/warning:")
    with st.expander("All figures, with the most frequent answer beside them"):
        st.dataframe(necessity_table(probe), hide_index=True,
                     alt="Percent right of every concept through its own, other and random subnetworks")
    settings = probe.settings
    note(as_markdown(f"Checkpoint {settings.checkpoint[:12]} · {settings.n:,} reviews of {settings.split}, data "
                     f"{settings.data_hash[:12]} · {settings.random_masks} random masks per concept, seed "
                     f"{settings.seed}"))
