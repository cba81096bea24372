"""How near setting a concept comes to what a human rewriting did, over all pairs."""

import streamlit as st

from sparsecbm.evaluation.causal import METRICS_KEY, CausalReport
from sparsecbm.evaluation.figure_causal import causal_dots, causal_text
from sparsecbm.figures.dots import dots, dots_table
from sparsecbm.service import Explainer
from sparsecbm.ui.chart import chart
from sparsecbm.ui.safe_text import as_markdown
from sparsecbm.ui.shell import errors_shown, note
from sparsecbm.ui.stored_metrics import how_to_measure, stored_metrics

CAUSAL_HELP = (
    "People rewrote texts so that one concept changed. The true effect is the model's answer to the new text, less "
    "that to the old one. Each row is an explainer that saw only the old text and predicted the effect. These are "
    "errors, so smaller is better; the cosine distance is 1 for an effect at right angles to the true one, or for none "
    "at all."
)


def causal_panel(explainer: Explainer) -> None:
    """The errors of every explainer, and which of them setting the concept beats by which measure."""
    with errors_shown():
        st.markdown("### Predicting the effect of a rewriting", help=CAUSAL_HELP)
        found = stored_metrics(explainer.checkpoint, METRICS_KEY)
        if found is None:
            how_to_measure("The effect of human rewriting", "causal --save", explainer.checkpoint)
            return
        report = CausalReport.from_json(found)
        points = causal_dots(report)
        st.markdown(f"**{as_markdown(causal_text(report))}**")
        chart(lambda dark: dots(points, f"Error of the predicted effect on {report.split}, {report.kept:,} pairs",
                                "error, smaller is better", dark, digits=3),
              dots_table(points, {"row": "explainer", "series": "error", "value": "mean"}, digits=3),
              "evaluation:causal", "Errors of every explainer against the effect of human rewriting")
        note(f"{report.all:,} pairs in all; in {report.kept:,} of them annotators agree that the concept changed. "
             f"References learn from {report.train}. Intervals resample whole originals; seed {report.seed}.")
