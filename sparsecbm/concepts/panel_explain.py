"""What if a concept were different? The concept panel of Explain: the model's own answer, and the one with settings.

The panel is one fragment. A press runs the label head and draws the panel again: no backbone pass, no heatmap.
"""

from collections.abc import Callable, Mapping
from functools import partial
from typing import Any

import streamlit as st

from sparsecbm.concepts.contributions import check_distribution, label_contributions
from sparsecbm.concepts.panel_before_after import result_receipt, result_tables
from sparsecbm.concepts.panel_concepts import Press, ResidualRow, Row, Side, concept_view, result_panel
from sparsecbm.errors import InputError, unknown_name
from sparsecbm.figures.text import label_name
from sparsecbm.types import Prediction
from sparsecbm.ui.bars import label_bars_html
from sparsecbm.ui.loaded_model import load_explainer
from sparsecbm.ui.pin import pin
from sparsecbm.ui.scene_parts import result_parts, result_title
from sparsecbm.ui.session import change, current_view, run_again, text_key, write_address
from sparsecbm.ui.shell import INTERVENTIONS, errors_shown, link

HELP = (
    "The label is computed from the concepts by a plain sum, so each contribution is exact: bias + concepts + residual "
    "= logit of the label. Press a value or drag a slider to replace what the model predicts for a concept; the rest "
    "stays as it is. The residual is what the label takes from the text directly, past the concepts; switch it off to "
    "see what they alone say. A contribution is in logits: each +0.69 doubles the odds of the label against any other "
    "one that stays where it is."
)
RESIDUAL_TEXT = "what the label takes from the text past the concepts"
_VIEW, _TABLES = "explain:concepts", "explain:tables"


@st.fragment
def concept_panel(prediction: Prediction, residual_drawn: bool) -> None:
    """Both answers and a row per concept. `residual_drawn` is the switch's state in the rest of the page."""
    with errors_shown():
        view, schema, explainer = current_view(), prediction.schema, load_explainer()
        if view.residual != residual_drawn or view.text != prediction.text:
            run_again()  # the words of the label change with it
        write_address(schema)
        result, label = explainer.override(prediction, view.overrides, view.residual), view.label or prediction.label
        st.markdown("### Concepts", help=HELP)
        rows = {name: Row("set by you", "set") if name in view.overrides else Row("as predicted")
                for name in schema.concepts}
        residual = ResidualRow(RESIDUAL_TEXT, view.residual) if prediction.residual.any() else None
        concept_view(text_key(_VIEW), result_panel(
            result, label, rows, explainer.effects(), before=Side.of(result.before, "Before", "as predicted"),
            after=Side.of(result.after, "After", "with your changes"), offers=("set", "mix", "reset-all"),
            edited=view.edited, residual=residual), _pressed)
        with st.container(horizontal=True, vertical_alignment="center", gap="small"):
            pin("concepts", partial(result_title, result), partial(result_parts, result, label), result_receipt(result))
            link(INTERVENTIONS, "More: smallest fix, what to check next, subnetwork edits", ":material/arrow_forward:")
        fold = st.expander("The same as tables", key=_TABLES, on_change="rerun")
        if fold.open:
            with fold:
                result_tables(result, label_contributions(result, label), label_name(label, schema))


def label_panel(prediction: Prediction) -> None:
    """All there is to show of a model without concepts."""
    st.markdown("### Label")
    st.html(label_bars_html(prediction, "Prediction", changed=True))
    st.info("This checkpoint is a black box: it was trained without concepts, so there is nothing to set. Load a dense "
            "or sparse checkpoint to change concepts.")


def _pressed(press: Press) -> None:
    actions: Mapping[str, Callable[..., None]] = {
        "set": _set, "reset": _reset, "reset-all": lambda: change(overrides={}, residual=True), "label": _show_label,
        "residual": lambda counts: change(residual=bool(counts))}
    if press.what not in actions:
        raise InputError(unknown_name("press", press.what, tuple(actions)))
    actions[press.what](*press.details)


def _set(concept: str, shares: Any) -> None:
    setting = check_distribution(concept, shares, load_explainer().schema)
    change(overrides={**current_view().overrides, concept: setting})


def _reset(concept: str) -> None:
    change(overrides={name: shares for name, shares in current_view().overrides.items() if name != concept})


def _show_label(label: str) -> None:
    load_explainer().schema.label_index(label)
    change(label=label)
