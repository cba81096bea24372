"""How good the model is on held-out reviews: scores, calibration, and whether each subnetwork carries its concept."""

from collections.abc import Mapping
from typing import Any

import streamlit as st

from sparsecbm.evaluation.figure import SCORES, majority_dots, scores_text
from sparsecbm.evaluation.figure_reliability import FEW, reliability_figure, reliability_table, reliability_text
from sparsecbm.figures.dots import dots, dots_table
from sparsecbm.service import Explainer
from sparsecbm.subnetworks.figure_specificity import least_lead_text, specificity_map, square_table
from sparsecbm.subnetworks.specificity import leads, reported_specificity
from sparsecbm.types import LABEL_TARGET
from sparsecbm.ui.chart import chart
from sparsecbm.ui.safe_text import as_markdown
from sparsecbm.ui.session import seed_widget
from sparsecbm.ui.shell import SUBNETWORKS, errors_shown, link
from sparsecbm.ui.stored_metrics import how_to_measure, stored_metrics

SCORES_HELP = (
    "Macro F1 is the plain mean over the values, so rare ones count as much as common ones; accuracy is the share of "
    "right answers. Whiskers are bootstrap 95 % intervals. A score means little unless it is far from the open circle: "
    "the score of always giving the most common answer."
)
CALIBRATION_HELP = (
    "Texts are put into 15 bins by the probability that the model gives its own answer. A dot is a bin: its mean "
    "confidence, and the share of right answers with a 95 % interval. On the dashed line the two are equal; below it, "
    f"the model is too sure. Bins of fewer than {FEW} texts are open circles: they say little. The expected "
    "calibration error is the mean distance from the line, weighted by the texts in each bin."
)
SPECIFICITY_HELP = (
    "Each concept's head predicts from every subnetwork in turn. The framed cells are its own subnetwork: they should "
    "be the best of their column."
)
_SCORE, _SUBJECT = "evaluation:score", "evaluation:sure"


def held_out(explainer: Explainer) -> Mapping[str, Any] | None:
    """The report of the held-out split; None, and the way to get one on screen, where there is none."""
    report = stored_metrics(explainer.checkpoint, "dev")
    if report is None:
        how_to_measure("How good the model is", "evaluate --save", explainer.checkpoint)
    return report


def rows_of(report: Mapping[str, Any]) -> str:
    """The reviews that a report is of."""
    return f"{report.get('split', 'dev')}, n = {report['n']:,}"


def scores_panel(explainer: Explainer) -> None:
    """Label and concepts, compared with the most common answer."""
    st.fragment(_scores)(explainer)


def calibration_panel(explainer: Explainer) -> None:
    """A reliability plot; nothing without a report, which the scores say."""
    st.fragment(_calibration)(explainer)


def specificity_panel(explainer: Explainer) -> None:
    """Whether each concept is predicted best from its own subnetwork."""
    with errors_shown():
        concepts = explainer.schema.concepts
        found = reported_specificity(explainer.checkpoint.metrics, len(concepts))
        if found is None:
            return
        square, split, n = found
        st.markdown("### Specificity of the subnetworks", help=SPECIFICITY_HELP)
        ahead = leads(square, concepts)
        said = least_lead_text(ahead)
        st.markdown(f"**{as_markdown(said)}**" if said else "")
        chart(specificity_map(square, concepts, f"Right answers on {n:,} texts of {split}, percent"),
              square_table(square, concepts, "subnetwork"), "evaluation:specificity",
              "Percent right from its own subnetwork and the best other: " + "; ".join(
                  f"{lead.concept} {100 * lead.own:.1f}, {lead.best_other} {100 * lead.other:.1f}" for lead in ahead))
        link(SUBNETWORKS, "What knocking them out costs", ":material/arrow_forward:", {"section": "proof"})


def _scores(explainer: Explainer) -> None:
    with errors_shown():
        st.markdown("### Scores", help=SCORES_HELP)
        report, schema = held_out(explainer), explainer.schema
        if report is None:
            return
        said = st.empty()
        start = st.session_state.get(_SCORE) or next(iter(SCORES))
        score = st.segmented_control("Score", list(SCORES), default=seed_widget(_SCORE, start), key=_SCORE,
                                     required=True, format_func=lambda name: SCORES[name])
        points = majority_dots(report, score, schema)
        said.markdown(f"**{as_markdown(scores_text(points, score))}**")
        chart(lambda dark: dots(points, f"{SCORES[score]} on {rows_of(report)}", "percent", dark),
              dots_table(points, {"row": "of", "series": "by", "value": f"{SCORES[score]}, percent"}),
              "evaluation:scores", f"{SCORES[score]} of the {schema.label_title} and of every concept, and of always "
                                   "giving the most common answer")


def _calibration(explainer: Explainer) -> None:
    with errors_shown():
        report, schema = stored_metrics(explainer.checkpoint, "dev"), explainer.schema
        if report is None:
            return
        st.markdown("### Calibration", help=CALIBRATION_HELP)
        parts = {LABEL_TARGET: report["label"], **(report.get("concepts") or {})}
        binned = {name: part for name, part in parts.items() if part.get("reliability")}
        if not binned:
            how_to_measure("Confidence compared with accuracy", "evaluate --save", explainer.checkpoint)
            return
        said = st.empty()
        start = st.session_state.get(_SUBJECT)
        shown = st.segmented_control(
            "Of", list(binned), default=seed_widget(_SUBJECT, start if start in binned else next(iter(binned))),
            key=_SUBJECT, required=True, format_func=lambda name: schema.label_title if name == LABEL_TARGET else name)
        bins, name = binned[shown]["reliability"], schema.label_title if shown == LABEL_TARGET else shown
        text = reliability_text(name, bins, binned[shown]["ece"])
        said.markdown(f"**{as_markdown(text)}**")
        chart(lambda dark: reliability_figure(bins, f"{name}: right, by confidence, on {rows_of(report)}", dark),
              reliability_table(bins), "evaluation:reliability", text)
