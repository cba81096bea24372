"""The section of the page that is chosen."""

import streamlit as st

from sparsecbm.concepts.panel import set_concepts_panel
from sparsecbm.concepts.panel_comparison import comparison_panel
from sparsecbm.impact.panel import impact_panel
from sparsecbm.revision.panel_history import history_panel, undo_redo_bar
from sparsecbm.revision.panel_patches import patches_panel
from sparsecbm.revision.panel_revise import revise_panel
from sparsecbm.revision.panel_rules import rules_panel
from sparsecbm.ui.sections import section_bar
from sparsecbm.ui.session import change, current_view
from sparsecbm.ui.shell import EXPLAIN, link
from sparsecbm.ui.view import SECTIONS


def nothing_to_set() -> None:
    """The empty page says what to do."""
    st.info("**There is no text yet.** Type one above and press *Predict*, or open a sample. Then you can set each "
            "concept, see which concept to check next and the smallest fix for the label you want, and undo whatever "
            "you try.", icon=":material/arrow_upward:")
    link(EXPLAIN, "First see which words the prediction depends on: Explain", ":material/arrow_forward:")


def nothing_to_change() -> None:
    """A model without concepts has nothing to set."""
    st.info("This checkpoint is a black box: it was trained without concepts, so there is nothing to set. Load a dense "
            "or sparse checkpoint to change concepts.")
    link(EXPLAIN, "Explain a prediction by its words", ":material/arrow_forward:")


_PANELS = {"concepts": (set_concepts_panel,), "revise": (revise_panel,), "rules": (rules_panel,),
           "beside": (comparison_panel,), "blast": (impact_panel,), "history": (history_panel, patches_panel)}
#: Those that need a text.
_NEED_A_TEXT = ("concepts", "revise", "beside")

#: Those with undo and redo in a place of their own.
_HAVE_A_BAR = ("concepts", "history")


def interventions_section() -> None:
    """Let a person choose a section, and draw it."""
    view = current_view()
    section_bar("interventions:section", SECTIONS, view.section, lambda name: change(section=name))
    if view.section in _NEED_A_TEXT and view.blank:
        nothing_to_set()
    else:
        if view.section not in _HAVE_A_BAR:
            undo_redo_bar("interventions:bar")
        for panel in _PANELS[view.section]:
            panel()
