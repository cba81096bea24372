"""Whether word scores deserve belief, and how the model was trained."""

import streamlit as st

from sparsecbm.explain.methods import METHODS
from sparsecbm.explainer import Explainer
from sparsecbm.figures.dots import dots
from sparsecbm.figures.evaluation import word_dots, word_table
from sparsecbm.figures.training import training_figure, training_table
from sparsecbm.ui.chart import chart
from sparsecbm.ui.markdown import as_markdown
from sparsecbm.ui.measured import how_to_measure, measured
from sparsecbm.ui.shell import errors_shown, note

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
