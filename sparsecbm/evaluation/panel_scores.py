"""Is the model as sure as it is right? The label and every concept, from the bins that evaluation kept."""

from collections.abc import Mapping
from typing import Any

import streamlit as st

from sparsecbm.evaluation.figure import (
    SCORES,
    beside_majority,
    correction_dots,
    correction_texts,
    residual_dots,
    residual_table,
    residual_text,
)
from sparsecbm.evaluation.figure_reliability import FEW, reliability_figure, reliability_table, reliability_text
from sparsecbm.figures.dots import dots, dots_table
from sparsecbm.figures.text import percent
from sparsecbm.service import Explainer
from sparsecbm.subnetworks.figure_specificity import leads, measured_specificity, specificity_map, square_table
from sparsecbm.types import LABEL_TARGET
from sparsecbm.ui.chart import chart
from sparsecbm.ui.session import seed_widget
from sparsecbm.ui.shell import SUBNETWORKS, errors_shown, link, note
from sparsecbm.ui.stored_metrics import how_to_measure, measured
from sparsecbm.ui.text import as_markdown

SCORES_HELP = (
    "Macro F1 is the plain mean over the values, so rare ones count as much as common ones; accuracy is the share of "
    "right answers. Whiskers are bootstrap 95 % intervals. A score means little unless it is far from the open circle: "
    "what always giving the most common answer would get."
)
SPECIFICITY_HELP = (
    "Each concept is asked with its own head, but read through every subnetwork in turn. The framed cells are its own "
    "subnetwork: they should be the best of their column."
)
CORRECTION_HELP = (
    "Label accuracy when the label head reads the concepts as the model read them, with the misread ones set "
    "right, and with all of them set to the annotators' majority. If correcting lowers accuracy, the label head does "
    "not mean by a concept what people mean by it."
)
RESIDUAL_HELP = (
    "The residual is what the label takes from the text beside the concepts. Its share is how far it spreads the "
    "labels apart, of all that spreads them: 100 % would mean that the concepts decide nothing. Where the share is "
    "high, setting concepts right moves the label little."
)
_SCORE = "evaluation:score"


def held_out(explainer: Explainer) -> Mapping[str, Any] | None:
    """The report of the held-out split; None, and the way to get one on screen, where there is none."""
    report = measured(explainer.checkpoint, "dev")
    if report is None:
        how_to_measure("How good the model is", "evaluate --save", explainer.checkpoint)
    return report


def rows_of(report: Mapping[str, Any]) -> str:
    """The reviews that a report is of."""
    return f"{report.get('split', 'dev')}, n = {report['n']:,}"


def scores_panel(explainer: Explainer) -> None:
    """Label and concepts beside the majority."""
    st.fragment(_scores)(explainer)


def specificity_panel(explainer: Explainer) -> None:
    """Whether each concept is read best through its own subnetwork."""
    with errors_shown():
        concepts = explainer.schema.concepts
        found = measured_specificity(explainer.checkpoint.metrics, len(concepts))
        if found is None:
            return
        square, split, n = found
        st.markdown("### Does each subnetwork carry its concept?", help=SPECIFICITY_HELP)
        ahead = leads(square, concepts)
        name = f"Answers right on {n:,} reviews of {split}, percent"
        chart(specificity_map(square, concepts, name),
              square_table(square, concepts, "read through"), "evaluation:specificity",
              "Percent right through its own subnetwork and the best other: " + "; ".join(
                  f"{lead.concept} {100 * lead.own:.1f}, {lead.best_other} {100 * lead.other:.1f}" for lead in ahead))
        if ahead:
            least = min(ahead, key=lambda lead: lead.lead)
            st.markdown(as_markdown(f"The least lead of an own subnetwork is {100 * least.lead:.1f} points, that of "
                                    f"{least.concept}; the next best there is {least.best_other}'s."))
        link(SUBNETWORKS, "What knocking them out costs", ":material/arrow_forward:", {"section": "proof"})


def correction_panel(explainer: Explainer) -> None:
    """The correction table, and what the residual carries."""
    with errors_shown():
        st.markdown("### Does correcting it help?", help=CORRECTION_HELP)
        report, title = held_out(explainer), explainer.schema.label_title
        if report is None:
            return
        if report.get("correction") is None:
            note("This model has no concepts to correct.")
            return
        corrected = correction_dots(report)
        chart(lambda dark: dots(corrected, f"Accuracy of the {title} on {rows_of(report)}", "percent", dark),
              dots_table(corrected, {"row": "concepts", "series": "on", "value": "accuracy, percent"}),
              "evaluation:correction", "Label accuracy by what is known of the concepts")
        for text in correction_texts(report):
            st.markdown(f"- {text}")
        st.markdown("### Where does the residual decide?", help=RESIDUAL_HELP)
        note(f"On all reviews it makes up {percent(report['residual_share'])} of what moves the "
             f"{as_markdown(title)}.")
        if report.get("residual_by") is None:
            how_to_measure("The residual's share in parts of the reviews", "evaluate --save", explainer.checkpoint)
            return
        shares = residual_dots(report, explainer.schema)
        chart(lambda dark: dots(shares, f"The residual's share on {rows_of(report)}", "percent", dark),
              residual_table(report, explainer.schema), "evaluation:residual",
              "The residual's share by true label and by what is right")
        st.markdown(as_markdown(residual_text(report)))


def _scores(explainer: Explainer) -> None:
    with errors_shown():
        st.markdown("### How often is it right?", help=SCORES_HELP)
        report, schema = held_out(explainer), explainer.schema
        if report is None:
            return
        start = st.session_state.get(_SCORE) or next(iter(SCORES))
        score = st.segmented_control("Score", list(SCORES), default=seed_widget(_SCORE, start), key=_SCORE,
                                     required=True, format_func=lambda name: SCORES[name])
        points = beside_majority(report, score, schema)
        chart(lambda dark: dots(points, f"{SCORES[score]} on {rows_of(report)}", "percent", dark),
              dots_table(points, {"row": "of", "series": "by", "value": f"{SCORES[score]}, percent"}),
              "evaluation:scores", f"{SCORES[score]} of the {schema.label_title} and of every concept, beside the "
                                   "most common answer")


CALIBRATION_HELP = (
    "Reviews are put into 15 bins by how probable the model finds its own answer. A dot is a bin: how sure it is there "
    "on average, and in what share it is right, with a 95 % interval. On the dashed line it is as sure as it is right; "
    f"below it, it is too sure. Bins of fewer than {FEW} reviews are open circles: they say little. The expected "
    "calibration error is the distance from the line, each bin weighted by its reviews."
)
_SUBJECT = "evaluation:sure"


def calibration_panel(explainer: Explainer) -> None:
    """A reliability plot; nothing where nothing at all was measured, which the scores above say."""
    st.fragment(_panel)(explainer)


def _panel(explainer: Explainer) -> None:
    with errors_shown():
        report, schema = measured(explainer.checkpoint, "dev"), explainer.schema
        if report is None:
            return
        st.markdown("### Is it as sure as it is right?", help=CALIBRATION_HELP)
        parts = {LABEL_TARGET: report["label"], **(report.get("concepts") or {})}
        kept = {name: part for name, part in parts.items() if part.get("reliability")}
        if not kept:
            how_to_measure("How sure the model is, beside how often it is right", "evaluate --save",
                           explainer.checkpoint)
            return
        start = st.session_state.get(_SUBJECT)
        shown = st.segmented_control(
            "Of", list(kept), default=seed_widget(_SUBJECT, start if start in kept else next(iter(kept))),
            key=_SUBJECT, required=True, format_func=lambda name: schema.label_title if name == LABEL_TARGET else name)
        bins, name = kept[shown]["reliability"], schema.label_title if shown == LABEL_TARGET else shown
        said = reliability_text(name, bins, kept[shown]["ece"])
        chart(lambda dark: reliability_figure(bins, f"{name}: right, by confidence, on {rows_of(report)}", dark),
              reliability_table(bins), "evaluation:reliability", said)
        st.markdown(as_markdown(said))
