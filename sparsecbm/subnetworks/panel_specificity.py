"""Does each subnetwork carry its concept? Accuracies on labelled reviews and what knock-outs cost."""

import streamlit as st

from sparsecbm.errors import CheckpointError
from sparsecbm.service import CheckpointInfo, Explainer
from sparsecbm.subnetworks.figure_specificity import (
    cost_map,
    knock_out_text,
    lead_text,
    leads_text,
    least_lead_text,
    necessity_table,
    specificity_map,
    square_table,
    within_chance,
)
from sparsecbm.subnetworks.specificity import LEAST_LEAD, Specificity, SpecificityReport, leads, reported_specificity
from sparsecbm.ui.chart import chart, title
from sparsecbm.ui.loaded_model import load_explainer
from sparsecbm.ui.safe_text import as_markdown
from sparsecbm.ui.session import seed_widget
from sparsecbm.ui.shell import errors_shown, note
from sparsecbm.ui.stored_metrics import show_command

SPECIFICITY_HELP = (
    "Each concept's head predicts from every subnetwork in turn. The framed cells are its own subnetwork: they should "
    "be the best of their column, by 5 points or more. Percent of right answers."
)
COST_HELP = (
    "Weights are taken out of the whole network, and every concept is predicted again. A subnetwork that carries its "
    "concept costs that concept much and the others little. The common core is part of every whole subnetwork, so "
    "taking one out costs all concepts; the own part belongs to one concept alone."
)
_TAKEN = "subnetworks:taken"
_PARTS = {"own": "its own part", "whole": "the whole subnetwork"}


def specificity_panel() -> None:
    """Specificity and necessity; or how to measure them."""
    st.fragment(_panel)()


def stored_specificity(checkpoint: CheckpointInfo, concepts: tuple[str, ...]) -> SpecificityReport | None:
    """What `overlap --probe --save` stored; None where nothing is.

    CheckpointError when it is of another model or unreadable.
    """
    if "probe" not in checkpoint.metrics:
        return None
    report = SpecificityReport.from_json(checkpoint.metrics)
    if report.settings.checkpoint != checkpoint.hash or report.concepts != concepts:
        raise CheckpointError("The stored specificity is of another model than the loaded one; allowed: a measurement "
                              "of this model. Measure it again.")
    return report


def _panel() -> None:
    st.markdown("### Does each subnetwork carry its concept?")
    with errors_shown():
        explainer = load_explainer()
        report = _stored(explainer)
        found = reported_specificity(explainer.checkpoint.metrics, len(explainer.schema.concepts))
        if report is not None and (found is None or report.settings.n > found[2]):  # the larger sample counts
            settings = report.settings
            found = report.specificity, settings.split, settings.n
        if found is None:
            st.info("This was not measured for this checkpoint yet.", icon=":material/info:")
        else:
            _specificity(explainer, *found)
        if report is None:
            st.markdown("What knocking out each subnetwork costs, compared with random ones of the same size, was not "
                        "measured yet. Measure it on labelled texts, which takes minutes, then start the app again:")
            show_command("overlap --probe --save", explainer.checkpoint, " --sample 400")
        else:
            _necessity(report)


def _stored(explainer: Explainer) -> SpecificityReport | None:
    try:
        return stored_specificity(explainer.checkpoint, explainer.schema.concepts)
    except CheckpointError as error:
        st.warning(as_markdown(str(error)), icon=":material/warning:")
        return None


def _specificity(explainer: Explainer, square: Specificity, split: str, n: int) -> None:
    concepts = explainer.schema.concepts
    found = leads(square, concepts)
    if found:
        st.markdown(f"**{as_markdown(least_lead_text(found))}**")
    left, right = st.columns([1.25, 1], gap="medium")
    with left:
        title("Accuracy from every subnetwork", SPECIFICITY_HELP)
        chart(specificity_map(square, concepts, f"Right answers on {n:,} texts of {split}, percent"),
              square_table(square, concepts, "subnetwork"), "subnetworks:specificity",
              "Percent right from its own subnetwork and the best other: " + "; ".join(
                  f"{lead.concept} {100 * lead.own:.1f}, {lead.best_other} {100 * lead.other:.1f}" for lead in found))
    with right:
        for lead in found:
            if lead.weak:
                st.warning(f"**Weakly specific.** {as_markdown(lead_text(lead))}", icon=":material/warning:")
        good = leads_text(found)
        if good:
            st.markdown(f":material/check_circle: {as_markdown(good)}")
        note(as_markdown(f"A lead under {100 * LEAST_LEAD:.0f} points is called weak: another concept's subnetwork "
                         "does nearly as well, so this one says little about its concept alone."))


def _necessity(report: SpecificityReport) -> None:
    left, right = st.columns([1.25, 1], gap="medium")
    with left:
        title("What knocking out costs", COST_HELP)
        st.segmented_control("Taken out", list(_PARTS), key=_TAKEN, required=True, format_func=_PARTS.__getitem__,
                             default=seed_widget(_TAKEN, st.session_state.get(_TAKEN) or "own"))
        exclusive = st.session_state[_TAKEN] == "own"
        cost = report.cost(exclusive)
        what = _PARTS["own" if exclusive else "whole"]
        chart(cost_map(cost, report.concepts, f"Points of accuracy when {what} is taken out"),
              square_table(-cost, report.concepts, "taken out"), "subnetworks:cost",
              f"Points of accuracy lost on the concept itself when {what} is taken out: " + ", ".join(
                  f"{name} {100 * cost[k, k]:.1f}" for k, name in enumerate(report.concepts)))
    with right:
        for concept in report.concepts:
            st.markdown(f"**{as_markdown(concept)}.** {as_markdown(knock_out_text(report, concept))}")
        for concept, one in report.necessity.items():
            if within_chance(one):
                st.warning(f"**{as_markdown(concept)}** does no better from its own subnetwork than from random ones "
                           "of the same size.", icon=":material/warning:")
    with st.expander("All figures, with the most frequent answer"):
        st.dataframe(necessity_table(report), hide_index=True,
                     alt="Percent right of every concept from its own, other and random subnetworks")
    settings = report.settings
    note(as_markdown(f"Checkpoint {settings.checkpoint[:12]} · {settings.n:,} texts of {settings.split}, data "
                     f"{settings.data_hash[:12]} · {settings.random_masks} random masks per concept, seed "
                     f"{settings.seed}"))
