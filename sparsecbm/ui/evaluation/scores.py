"""How often the model is right, concept by concept, and whether correcting it helps."""

import streamlit as st

from sparsecbm.explainer import Explainer
from sparsecbm.figures.dots import dots, dots_table
from sparsecbm.figures.evaluation import SCORES, beside_majority, correction_dots, correction_texts
from sparsecbm.figures.names import percent
from sparsecbm.ui.chart import chart
from sparsecbm.ui.markdown import as_markdown
from sparsecbm.ui.measured import measured
from sparsecbm.ui.shell import errors_shown, note

SCORES_HELP = (
    "Macro F1 is the plain mean over the values, so rare ones count as much as common ones; accuracy is the share of "
    "right answers. Whiskers are bootstrap 95 % intervals. A score means little unless it is far from the open circle: "
    "what always giving the most common answer would get."
)
CORRECTION_HELP = (
    "Label accuracy when the label head reads the concepts as the model read them, with the misread ones set "
    "right, and with all of them set to the annotators' majority. If correcting lowers accuracy, the label head does "
    "not mean by a concept what people mean by it."
)
_SCORE = "evaluation:score"


def scores_panel(explainer: Explainer) -> None:
    """Label and concepts beside the majority, and the correction table."""
    st.fragment(_panel)(explainer)


def _panel(explainer: Explainer) -> None:
    with errors_shown():
        report, schema = measured(explainer.checkpoint, "dev"), explainer.schema
        st.markdown("### How often is it right?", help=SCORES_HELP)
        if report is None:
            st.info("This checkpoint came without measured numbers. Measure them with `python -m sparsecbm evaluate`.")
            return
        rows = f"{report.get('split', 'dev')}, n = {report['n']:,}"
        score = st.segmented_control("Score", list(SCORES), default=next(iter(SCORES)), key=_SCORE, required=True,
                                     format_func=lambda name: SCORES[name])
        points = beside_majority(report, score, schema)
        chart(lambda dark: dots(points, f"{SCORES[score]} on {rows}", "percent", dark),
              dots_table(points, {"row": "of", "series": "by", "value": f"{SCORES[score]}, percent"}),
              "evaluation:scores", f"{SCORES[score]} of the {schema.label_title} and of every concept, beside the "
                                   "most common answer")
        note(f"Calibration error of the {as_markdown(schema.label_title)}: {100 * report['label']['ece']:.1f} points.")
        if report.get("correction") is None:
            return
        st.markdown("### Does correcting it help?", help=CORRECTION_HELP)
        corrected = correction_dots(report)
        chart(lambda dark: dots(corrected, f"Accuracy of the {schema.label_title} on {rows}", "percent", dark),
              dots_table(corrected, {"row": "concepts", "series": "on", "value": "accuracy, percent"}),
              "evaluation:correction", "Label accuracy by what is known of the concepts")
        for text in correction_texts(report):
            st.markdown(f"- {text}")
        note(f"The residual makes up {percent(report['residual_share'])} of what moves the label.")
