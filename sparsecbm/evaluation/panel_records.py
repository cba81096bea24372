"""What else stands in metrics.json: how faithful the word scores are, and how training went."""

import streamlit as st

from sparsecbm.evaluation.figure_records import (
    training_figure,
    training_table,
    training_text,
    word_dots,
    word_table,
    words_text,
)
from sparsecbm.figures.dots import dots
from sparsecbm.service import Explainer
from sparsecbm.ui.chart import chart, table_fold
from sparsecbm.ui.safe_text import as_markdown
from sparsecbm.ui.shell import errors_shown, note
from sparsecbm.ui.stored_metrics import how_to_measure, stored_metrics
from sparsecbm.words.methods import METHODS

WORDS_HELP = (
    "The words that a method ranks first are taken out, 10 to 100 % of them, and the model predicts again: the mean "
    "fall of the answer's probability is the comprehensiveness. A method that does no better than random order does "
    "not point at what matters. The table also has sufficiency, how far the probability falls when only those words "
    "are kept, so less is better; and Kendall's tau with the fall when each word alone is left out."
)
TRAINING_HELP = (
    "Scores on the held-out split after every epoch. The best epoch was chosen on the same split, among those at the "
    "final sparsity, so figures on new texts may be a little lower."
)


def words_panel(explainer: Explainer) -> None:
    """Every method's word scores, compared with random order."""
    with errors_shown():
        st.markdown("### Faithfulness of the word scores", help=WORDS_HELP)
        found = stored_metrics(explainer.checkpoint, "faithfulness")
        if found is None:
            how_to_measure("How faithful the word scores are", "faithfulness --save", explainer.checkpoint)
            return
        titles = {name: method.title for name, method in METHODS.items()}
        points = word_dots(found, titles)
        st.markdown(f"**{as_markdown(words_text(found, titles))}**")
        chart(lambda dark: dots(points, f"Comprehensiveness on {found['n']} texts of {found['split']}",
                                "points of probability", dark),
              word_table(found, titles), "evaluation:words",
              "How far probabilities fall without the words that each method ranks first")
        note(f"Seed {found['seed']}.")


def training_panel(explainer: Explainer) -> None:
    """Scores over the epochs."""
    with errors_shown():
        st.markdown("### Training", help=TRAINING_HELP)
        found = stored_metrics(explainer.checkpoint, "training")
        if found is None or not found.get("epochs"):
            st.info("This checkpoint came without a record of its training.", icon=":material/info:")
            return
        st.markdown(f"**{as_markdown(training_text(found))}**")
        key, alt = "evaluation:training", "Scores on the held-out split over the epochs"
        if len(found["epochs"]) > 1:
            chart(lambda dark: training_figure(found, f"Training on {found['split']}, {found['rows']:,} texts", dark),
                  training_table(found), key, alt)
        else:
            table_fold(training_table(found), key, alt)
        note(f"Seed {found['config']['seed']}.")
