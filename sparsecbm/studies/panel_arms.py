"""What a case's screens show: its text, with or without scored words, and the model's answer.

A browser must not translate the text of a case: participants would judge another text than the model did.
"""

from collections.abc import Mapping

import numpy as np
import streamlit as st

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
        st.html(_untranslated(legend_html(limit, dark, name, attribution.words)))


def _untranslated(html: str) -> str:
    return f'<div translate="no" class="notranslate">{html}</div>'


def model_panel(schema: ConceptSchema, shown: Shown) -> None:
    """The model's answer, where nothing of it can be changed."""
    title, shares = "The model answers", np.array([shown["probabilities"][label] for label in schema.labels])
    name = f"{label_name(shown['label'], schema)} ({percent(float(shares.max()))})"
    st.html(f'<div style="margin-bottom:.6rem">{title}: <b>{as_html(name)}</b></div>'
            + label_shares_html(schema, shares, shown["label"], title, changed=False))


def shares_of(schema: ConceptSchema, shown: Shown, concept: str) -> np.ndarray:
    """The probability of each value of a concept, as it was shown."""
    shares: Mapping[str, float] = shown["concepts"][concept]
    return np.array([shares[value] for value in schema.values])
