"""The view on screen as a file to keep: a page for people, a table for spreadsheets, plain values for scripts."""

import json
from collections.abc import Callable, Mapping, Sequence
from functools import partial

import streamlit as st

from sparsecbm.concepts.distribution import Distribution
from sparsecbm.export import explanation_csv, explanation_html, explanation_json
from sparsecbm.service import Explainer
from sparsecbm.types import Explanation, Faithfulness, InterventionResult
from sparsecbm.ui.view import View

_NAME = "explanation"


def download_buttons(
    explainer: Explainer, explanation: Explanation, view: View, faithfulness: Sequence[Faithfulness]
) -> None:
    """One button per kind of file; a file is made when its button is pressed, away from the page."""
    set_by = partial(_intervention, explainer, explanation, dict(view.overrides), view.residual)
    kinds = {
        "html": ("HTML page", "text/html", partial(_html, explanation, set_by, tuple(faithfulness))),
        "csv": ("CSV table", "text/csv", partial(explanation_csv, explanation)),
        "json": ("JSON", "application/json", partial(_json, explanation, set_by)),
    }
    with st.container(horizontal=True, vertical_alignment="center"):
        st.markdown("Save what is on screen:", width="content")
        for ending, (label, mime, made) in kinds.items():
            st.download_button(label, made, f"{_NAME}.{ending}", mime, key=f"explain:save:{ending}", on_click="ignore",
                               icon=":material/download:")


def _intervention(
    explainer: Explainer, explanation: Explanation, overrides: Mapping[str, Distribution], residual: bool
) -> InterventionResult | None:
    return explainer.override(explanation.prediction, overrides, residual) if overrides else None


def _html(
    explanation: Explanation, set_by: Callable[[], InterventionResult | None], faithfulness: tuple[Faithfulness, ...]
) -> str:
    return explanation_html(explanation, set_by(), faithfulness)


def _json(explanation: Explanation, set_by: Callable[[], InterventionResult | None]) -> str:
    return json.dumps(explanation_json(explanation, set_by()), ensure_ascii=False, indent=2)
