"""How the model does on the documents of a source, for people who ask whether it is any use on theirs."""

import streamlit as st

from sparsecbm.evaluation.figure import SCORES
from sparsecbm.evaluation.figure_field_test import field_dots, field_text
from sparsecbm.failures.error_analysis import ErrorAnalysis
from sparsecbm.failures.how_right import how_right
from sparsecbm.figures.dots import dots, dots_table
from sparsecbm.ui.chart import chart
from sparsecbm.ui.safe_text import as_markdown
from sparsecbm.ui.session import seed_widget
from sparsecbm.ui.shell import note

_SCORE = "failures:how-right-score"
#: Fewer documents than this hardly tell the model from always giving the most common answer.
FEW = 100


def how_right_fold(found: ErrorAnalysis) -> None:
    """Scores with intervals beside the most common answer, folded away; nothing without a gold answer."""
    schema = found.reviews.schema
    source = how_right(found)
    if not source.subjects:
        return
    with st.expander("How the model does on these texts", key="failures:how-right-fold"):
        said = field_text(source, schema)
        st.markdown(f"**{as_markdown(said)}**")
        if source.n < FEW:
            note(f"{source.n:,} texts are few, so the intervals are wide; label some {FEW} for a clear answer.")
        score: str = st.segmented_control(
            "Score", list(SCORES), key=_SCORE, required=True, format_func=SCORES.__getitem__,
            default=seed_widget(_SCORE, st.session_state.get(_SCORE) or "accuracy"))
        points = field_dots(source, score, schema)
        chart(lambda dark: dots(points, f"{SCORES[score]} on all {source.n:,} texts of {found.reviews.name}",
                                "percent", dark),
              dots_table(points, {"row": "of", "series": "by", "value": f"{SCORES[score]}, percent"}),
              "failures:how-right", said)
