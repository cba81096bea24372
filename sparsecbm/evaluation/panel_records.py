"""What setting concepts is worth: the label's error over corrected concepts, and effects beside human rewriting."""

import streamlit as st

from sparsecbm.evaluation.causal import METRICS_KEY as CAUSAL
from sparsecbm.evaluation.causal import CausalReport
from sparsecbm.evaluation.curves import METRICS_KEY as CURVES
from sparsecbm.evaluation.curves import CorrectionCurves
from sparsecbm.evaluation.figure import causal_dots, causal_text, curve_text, word_dots, word_table
from sparsecbm.evaluation.figure_curves import (
    correction_figure,
    correction_table,
    edit_figure,
    edit_table,
    training_figure,
    training_table,
)
from sparsecbm.figures.dots import dots, dots_table
from sparsecbm.service import Explainer
from sparsecbm.ui.chart import chart
from sparsecbm.ui.shell import errors_shown, note
from sparsecbm.ui.stored_metrics import how_to_measure, measured
from sparsecbm.ui.text import as_markdown
from sparsecbm.words.methods import METHODS

WORDS_HELP = (
    "The words that a method names first are taken out, 10 to 100 % of them, and the probability of the answer is read "
    "again: how far it falls on average is the comprehensiveness. A method that does no better than words in random "
    "order does not point at what matters. The table has sufficiency, too: how far the probability falls when only "
    "those words are kept, so less is better; and Kendall's tau with the fall when each word alone is left out."
)
TRAINING_HELP = (
    "Scores on the held-out split after every epoch. The best epoch was chosen on the same split, among those at the "
    "final sparsity, so figures on new texts may be a little lower."
)


def words_panel(explainer: Explainer) -> None:
    """Every method's word scores beside random order."""
    with errors_shown():
        st.markdown("### Do the words deserve belief?", help=WORDS_HELP)
        found = measured(explainer.checkpoint, "faithfulness")
        if found is None:
            how_to_measure("How faithful the word scores are", "faithfulness --save", explainer.checkpoint)
            return
        titles = {name: method.title for name, method in METHODS.items()}
        points = word_dots(found, titles)
        chart(lambda dark: dots(points, f"Comprehensiveness on {found['n']} reviews of {found['split']}",
                                "points of probability", dark),
              word_table(found, titles), "evaluation:words",
              "How far probabilities fall without the words that each method names first")
        note(f"Seed {found['seed']}.")


def training_panel(explainer: Explainer) -> None:
    """Scores over the epochs."""
    with errors_shown():
        st.markdown("### How was it trained?", help=TRAINING_HELP)
        found = measured(explainer.checkpoint, "training")
        if found is None or not found.get("epochs"):
            st.info("This checkpoint came without a record of its training.", icon=":material/info:")
            return
        chart(lambda dark: training_figure(found, f"Training on {found['split']}, {found['rows']:,} reviews", dark),
              training_table(found), "evaluation:training", "Scores on the held-out split over the epochs")
        note(as_markdown(f"Epoch {found['best_epoch'] + 1} was kept; {found['seconds'] / 60:.0f} minutes in all; seed "
                         f"{found['config']['seed']}."))


CURVES_HELP = (
    "Concepts are set to the annotators' majority, one after another, and the label's error is counted. Each line is a "
    "way to choose the next concept; `lcp` knows the truth and is a bound, not a way to work. Setting wrong values "
    "must raise the error: if it does not, the label does not use its concepts."
)
CAUSAL_HELP = (
    "People rewrote reviews so that one concept changed. The true effect is what the model then said, less what it "
    "said before. Each line is an explainer that saw only the first text and foretold the effect. Errors, so smaller "
    "is better; cosine distance is 1 for an effect at right angles to the true one, or for none at all."
)


def curves_panel(explainer: Explainer) -> None:
    """The label's error after 0, 1, .. corrected concepts."""
    with errors_shown():
        st.markdown("### How many concepts must a person correct?", help=CURVES_HELP)
        found = measured(explainer.checkpoint, CURVES)
        if found is None:
            how_to_measure("The error over corrected concepts", "curve --save", explainer.checkpoint)
            return
        curves = CorrectionCurves.from_json(found)
        settings = curves.settings
        chart(lambda dark: correction_figure(curves, f"Label wrong on {settings.split}, n = {settings.n:,}", dark),
              correction_table(curves), "evaluation:curves", "The label's error over the number of corrected concepts")
        st.markdown(curve_text(curves))
        edits = curves.edits
        if edits is not None:
            chart(lambda dark: edit_figure(edits, "Correcting by override, by revising the subnetwork, and at random",
                                           dark), edit_table(curves), "evaluation:edits",
                  "The label's error when misread concepts are corrected by override, revision and a random edit")
            note(f"{edits.n:,} reviews with {edits.corrected:,} misread concepts.")
        note(f"Random orders and answers were drawn {settings.orders} times; the annotator errs in "
             f"{settings.error_rate:.0%}; seed {settings.seed}.")


def causal_panel(explainer: Explainer) -> None:
    """How near overrides come to what human rewriting did."""
    with errors_shown():
        st.markdown("### Does setting a concept foretell what a rewriting does?", help=CAUSAL_HELP)
        found = measured(explainer.checkpoint, CAUSAL)
        if found is None:
            how_to_measure("The effect of human rewriting", "causal --save", explainer.checkpoint)
            return
        report = CausalReport.from_json(found)
        points = causal_dots(report)
        chart(lambda dark: dots(points, f"Error of the foretold effect on {report.split}, {report.kept:,} pairs",
                                "error, smaller is better", dark, digits=3),
              dots_table(points, {"row": "explainer", "series": "error", "value": "mean"}, digits=3),
              "evaluation:causal", "Errors of every explainer against the effect of human rewriting")
        st.markdown(causal_text(report))
        note(f"{report.all:,} pairs in all; in {report.kept:,} of them annotators agree that the concept changed. "
             f"References learn from {report.train}. Intervals draw whole originals anew; seed {report.seed}.")
