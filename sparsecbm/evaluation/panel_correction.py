"""What correcting concepts is worth: the label's accuracy, its error concept by concept, and what the residual does."""

from collections.abc import Mapping
from typing import Any

import streamlit as st

from sparsecbm.errors import CheckpointError
from sparsecbm.evaluation.correction import METRICS_KEY, CorrectionCurves
from sparsecbm.evaluation.figure import (
    correction_dots,
    correction_text,
    leakage_text,
    residual_dots,
    residual_table,
    residual_text,
)
from sparsecbm.evaluation.figure_curves import (
    correction_figure,
    correction_table,
    curve_text,
    edit_figure,
    edit_table,
    edit_text,
    order_text,
)
from sparsecbm.evaluation.panel_address import STATE
from sparsecbm.evaluation.panel_scores import held_out, rows_of
from sparsecbm.figures.dots import dots, dots_table
from sparsecbm.figures.text import percent
from sparsecbm.service import Explainer
from sparsecbm.ui.chart import chart
from sparsecbm.ui.safe_text import as_markdown
from sparsecbm.ui.session import seed_widget
from sparsecbm.ui.shell import errors_shown, note
from sparsecbm.ui.stored_metrics import how_to_measure, of_this_model, stored_metrics

_SOURCE = "evaluation:curves-source"

CORRECTION_HELP = (
    "Label accuracy with the concepts as the model predicts them, with the misread ones set to their gold values, and "
    "with all of them set to gold, the annotators' majority. The interval of the gain is from a paired "
    "bootstrap over the texts. If correcting lowers accuracy, the label head does not "
    "mean by a concept what people mean by it."
)
RESIDUAL_HELP = (
    "The residual is what the label takes from the text in addition to the concepts. Its share is how far it spreads "
    "the labels apart, of all that spreads them: at 100 % the concepts would decide nothing. Where the share is high, "
    "setting concepts moves the label little."
)
CURVES_HELP = (
    "Concepts are set to their gold values, one after another, and the label's error is counted. A policy chooses the "
    "next concept; the one that needs the gold values is a bound and not a way to work. Policies that coincide are one "
    "line; the table has them all. Setting wrong values must raise the error: otherwise the label does not use its "
    "concepts. Bars and brackets are 95 % intervals over the texts."
)
EDITS_HELP = (
    "Only the misread concepts are corrected: by setting the concept, by revising its subnetwork until it is predicted "
    "so, and by a random change of as many weights."
)


def correction_panel(explainer: Explainer) -> None:
    """Label accuracy as predicted and as corrected."""
    with errors_shown():
        st.markdown("### Correcting misread concepts", help=CORRECTION_HELP)
        report = held_out(explainer)
        if report is None:
            return
        if report.get("correction") is None:
            note("This model has no concepts to correct.")
            return
        st.markdown(f"**{as_markdown(correction_text(report))}**")
        points = correction_dots(report)
        chart(lambda dark: dots(points, f"Accuracy of the {explainer.schema.label_title} on {rows_of(report)}",
                                "percent", dark),
              dots_table(points, {"row": "concepts", "series": "on", "value": "accuracy, percent"}),
              "evaluation:correction", "Label accuracy by how the concepts are set")
        st.markdown(as_markdown(leakage_text(report)))


def residual_panel(explainer: Explainer) -> None:
    """The residual's share of the label; nothing without a report, which the panel before it says."""
    with errors_shown():
        report = stored_metrics(explainer.checkpoint, "dev")
        if report is None or report.get("correction") is None:
            return
        st.markdown("### The residual", help=RESIDUAL_HELP)
        said = f"It makes up {percent(report['residual_share'])} of what moves the {explainer.schema.label_title}."
        if report.get("residual_by") is None:
            st.markdown(f"**{as_markdown(said)}**")
            how_to_measure("The residual's share in slices of the texts", "evaluate --save", explainer.checkpoint)
            return
        st.markdown(f"**{as_markdown(f'{said} {residual_text(report)}')}**")
        points = residual_dots(report, explainer.schema)
        chart(lambda dark: dots(points, f"The residual's share on {rows_of(report)}", "percent", dark),
              residual_table(report, explainer.schema), "evaluation:residual",
              "The residual's share by gold label and by what is right")


def curves_panel(explainer: Explainer) -> None:
    """The label's error after 0, 1, .. corrected concepts, on one source at a time."""
    with errors_shown():
        st.markdown("### Correcting one concept after another", help=CURVES_HELP)
        stored = _stored(explainer)
        if not stored:
            how_to_measure("The error over corrected concepts", "curve --save", explainer.checkpoint)
            return
        if len(stored) > 1:
            st.segmented_control(
                "Source", list(stored), key=_SOURCE, required=True, format_func=as_markdown,
                default=seed_widget(_SOURCE, _source(stored)),
                on_change=lambda: STATE.change(tested=st.session_state[_SOURCE]))
        curves = _curves(explainer, _source(stored))
        settings = curves.settings
        st.markdown(f"**{as_markdown(curve_text(curves))}**")
        chart(lambda dark: correction_figure(curves, f"Label wrong on {_source(stored)}, n = {settings.n:,}", dark),
              correction_table(curves), "evaluation:curves", "The label's error over the number of corrected concepts")
        st.markdown(as_markdown(order_text(curves)))
        note(f"Random orders and answers were drawn {settings.orders} times; the annotator errs in "
             f"{settings.error_rate:.0%}; seed {settings.seed}.")


def edits_panel(explainer: Explainer) -> None:
    """Override, revision and random edit, where they were measured."""
    with errors_shown():
        stored = _stored(explainer)
        try:
            curves = _curves(explainer, _source(stored)) if stored else None
        except CheckpointError:  # the panel of the curves says so
            return
        if curves is None or curves.edits is None:
            return
        edits = curves.edits
        st.markdown("### Setting a concept or revising its subnetwork", help=EDITS_HELP)
        st.markdown(f"**{as_markdown(edit_text(edits))}**")
        chart(lambda dark: edit_figure(edits, f"Label wrong on {edits.n:,} texts with a misread concept", dark),
              edit_table(curves), "evaluation:edits",
              "The label's error when misread concepts are corrected by override, revision and a random edit")


def _stored(explainer: Explainer) -> Mapping[str, Any]:
    """The reports by source, not yet looked into."""
    found = explainer.checkpoint.metrics.get(METRICS_KEY)
    return found if isinstance(found, dict) else {}


def _source(stored: Mapping[str, Any]) -> str:
    """The source that is looked at, or the first."""
    asked = STATE.current.tested
    return asked if asked is not None and asked in stored else next(iter(stored))


def _curves(explainer: Explainer, source: str) -> CorrectionCurves:
    """Those of one source; CheckpointError where they were measured on another model or cannot be read."""
    return CorrectionCurves.from_json(of_this_model(_stored(explainer)[source], METRICS_KEY, explainer.checkpoint))
