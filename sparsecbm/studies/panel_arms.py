"""What a case's screens show: its text, with or without scored words, and the model's answer.

A browser must not translate the text of a case: participants would judge another text than the model did.
"""

from collections.abc import Mapping

import numpy as np
import streamlit as st

from sparsecbm.concepts.panel_before_after import arrow_html, sides_html
from sparsecbm.figures.text import as_html, label_name, percent, target_name
from sparsecbm.schema import ConceptSchema
from sparsecbm.studies.log import Shown
from sparsecbm.types import Explanation
from sparsecbm.ui.bars import label_shares_html
from sparsecbm.ui.shell import is_dark
from sparsecbm.words.figure import full_colour, heatmap_html, legend_html

#: A longer text scrolls, so that the answer below it stays in sight.
_HEIGHT = "20rem"


def text_panel(text: str, explanation: Explanation | None = None) -> None:
    """The text of a case; with an explanation, its words shaded by how much they move the predicted label."""
    with st.container(border=True):
        if explanation is None:
            st.html(_untranslated(f'<div dir="auto" style="white-space:pre-wrap;overflow-wrap:anywhere;'
                                  f'max-height:{_HEIGHT};overflow-y:auto">{as_html(text)}</div>'))
            return
        attribution = explanation.attributions[0]
        limit, dark = full_colour((attribution,)), is_dark()
        name = target_name(attribution.target, explanation.prediction.schema)
        st.html(_untranslated(heatmap_html(attribution, text, limit, dark, explanation.prediction.truncated, _HEIGHT)))
        st.html(legend_html(limit, dark, name))


def _untranslated(html: str) -> str:
    return f'<div translate="no" class="notranslate">{html}</div>'


def model_panel(schema: ConceptSchema, first: Shown, last: Shown, edited: bool) -> None:
    """The model's answer; once the participant has changed something, next to its first one."""
    if not edited:
        st.html(_answer(schema, first, "The model answers", False))
        return
    labels = [label_name(one["label"], schema) for one in (first, last)]
    said = f"The answer is now {labels[1]}." if labels[0] != labels[1] else f"The answer stays {labels[1]}."
    st.html(sides_html(_answer(schema, first, "At first", False), arrow_html(as_html(said), 0.5),
                       _answer(schema, last, "With your changes", True)))


def shares_of(schema: ConceptSchema, shown: Shown, concept: str) -> np.ndarray:
    """The probability of each value of a concept, as it was shown."""
    shares: Mapping[str, float] = shown["concepts"][concept]
    return np.array([shares[value] for value in schema.values])


def _answer(schema: ConceptSchema, shown: Shown, title: str, changed: bool) -> str:
    shares = np.array([shown["probabilities"][label] for label in schema.labels])
    name = f"{label_name(shown['label'], schema)} ({percent(float(shares.max()))})"
    return (f'<div style="margin-bottom:.6rem">{as_html(title)}: <b>{as_html(name)}</b></div>'
            + label_shares_html(schema, shares, shown["label"], title, changed))
