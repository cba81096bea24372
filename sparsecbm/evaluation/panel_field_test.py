"""The field test: the model and simpler answers on each source, and what correcting concepts is worth there."""

import streamlit as st

from sparsecbm.errors import CheckpointError
from sparsecbm.evaluation.field_test import METRICS_KEY, FieldTest
from sparsecbm.evaluation.figure import SCORES
from sparsecbm.evaluation.figure_field_test import black_box_text, field_dots, field_text, gain_dots, gain_text
from sparsecbm.evaluation.panel_address import STATE
from sparsecbm.figures.dots import dots, dots_table
from sparsecbm.service import Explainer
from sparsecbm.ui.chart import chart
from sparsecbm.ui.safe_text import as_markdown
from sparsecbm.ui.session import seed_widget
from sparsecbm.ui.shell import errors_shown, note
from sparsecbm.ui.stored_metrics import stored_metrics

FIELD_HELP = (
    "A model can be good on texts like those it learned from and poor on others. Each source is answered by the model, "
    "by always giving the most common answer of that source, by a bag of words (logistic regression) that learned from "
    "the same texts, and by a black box of the same backbone where one was trained. Whiskers are bootstrap 95 % "
    "intervals; the sentence compares the answers row by row."
)
GAIN_HELP = (
    "Label accuracy on the texts in which some concept is misread: as predicted, and with those concepts set to their "
    "gold values. The interval is that of the change, from a paired bootstrap over these texts."
)
_SOURCE, _SCORE = "evaluation:tested", "evaluation:field-score"


def field_test_panel(explainer: Explainer) -> None:
    """One source at a time."""
    st.fragment(_sources)(explainer)


def field_gain_panel(explainer: Explainer) -> None:
    """What correcting is worth, source by source; nothing without a field test, which the panel before it says."""
    with errors_shown():
        try:
            found = _found(explainer)
        except CheckpointError:  # the panel before it says so
            return
        points = () if found is None else gain_dots(found)
        if found is None or not points:
            return
        st.markdown("### What correcting a concept is worth", help=GAIN_HELP)
        said = gain_text(found, explainer.schema)
        st.markdown(f"**{as_markdown(said)}**")
        label = explainer.schema.label_title.capitalize()
        chart(lambda dark: dots(points, f"{label} right on texts with a misread concept", "percent", dark),
              dots_table(points, {"row": "source", "series": "concepts", "value": "accuracy, percent"}),
              "evaluation:field-gain", said)


def _sources(explainer: Explainer) -> None:
    with errors_shown():
        st.markdown("### Field test", help=FIELD_HELP)
        found, schema = _found(explainer), explainer.schema
        if found is None:
            st.info("How the model does on texts of several sources was not measured for this checkpoint yet. This "
                    "command measures it and stores the result with the checkpoint; then open this page again.",
                    icon=":material/straighten:")
            st.code(f"python -m sparsecbm field-test --save --checkpoint '{explainer.checkpoint.path}' "
                    "--data DATASET:FOLDER:SPLIT ... --learned-from DATASET:FOLDER:SPLIT ...", language="sh",
                    wrap_lines=True)
            return
        names = list(found.sources)
        chosen = STATE.current.tested if STATE.current.tested in names else names[0]
        with st.container(horizontal=True, vertical_alignment="bottom", gap="medium"):
            st.segmented_control(
                "Source", names, key=_SOURCE, required=True, default=seed_widget(_SOURCE, chosen),
                on_change=lambda: STATE.change(tested=st.session_state[_SOURCE]),
                format_func=lambda name: as_markdown(name if found.sources[name].in_domain
                                                     else f"{name}, not trained on"))
            score: str = st.segmented_control(
                "Score", list(SCORES), key=_SCORE, required=True, format_func=SCORES.__getitem__,
                default=seed_widget(_SCORE, st.session_state.get(_SCORE) or "accuracy"))
        name = st.session_state[_SOURCE] or chosen
        source = found.sources[name]
        st.markdown(f"**{as_markdown(field_text(source, schema))}** {as_markdown(black_box_text(source, schema))}")
        points = field_dots(source, score, schema)
        chart(lambda dark: dots(points, f"{SCORES[score]} on {name}, n = {source.n:,}", "percent", dark),
              dots_table(points, {"row": "of", "series": "by", "value": f"{SCORES[score]}, percent"}),
              "evaluation:field", f"{SCORES[score]} of all who answered on {name}")
        note(as_markdown(f"The bag of words learned from {', '.join(found.learned_from) or 'nothing'}. Intervals: "
                         f"seed {found.seed}."))
        STATE.write()


def _found(explainer: Explainer) -> FieldTest | None:
    stored = stored_metrics(explainer.checkpoint, METRICS_KEY)
    return None if stored is None else FieldTest.from_json(stored)
