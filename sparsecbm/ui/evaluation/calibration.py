"""Is the model as sure as it is right? The label and every concept, from the bins that evaluation kept."""

import streamlit as st

from sparsecbm.explainer import Explainer
from sparsecbm.figures.reliability import FEW, reliability_figure, reliability_table, reliability_text
from sparsecbm.types import LABEL_TARGET
from sparsecbm.ui.chart import chart
from sparsecbm.ui.evaluation.scores import rows_of
from sparsecbm.ui.markdown import as_markdown
from sparsecbm.ui.measured import how_to_measure, measured
from sparsecbm.ui.session import seed_widget
from sparsecbm.ui.shell import errors_shown

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
