"""The section of the page that is chosen."""

import streamlit as st

from sparsecbm.concepts.panel import set_concepts_panel
from sparsecbm.concepts.panel_beside import beside_panel
from sparsecbm.impact.panel import impact_panel
from sparsecbm.revision.panel_history import history_panel, history_strip
from sparsecbm.revision.panel_patches import patches_panel
from sparsecbm.revision.panel_revise import revise_panel
from sparsecbm.revision.panel_rules import rules_panel
from sparsecbm.ui.sections import section_bar
from sparsecbm.ui.session import change, current_view
from sparsecbm.ui.shell import EXPLAIN, link
from sparsecbm.ui.view import SECTIONS


def nothing_to_set() -> None:
    """The empty page says what to do."""
    st.info("**No review at hand yet.** Type one above and press *Read it*, or open a sample. Then you can set what "
            "the model understood of each concept, see which concept to check next and the smallest fix for the label "
            "you want, and undo whatever you try.", icon=":material/arrow_upward:")
    link(EXPLAIN, "See first which words the model goes by: Explain", ":material/arrow_forward:")


def nothing_to_change() -> None:
    """A model without concepts has nothing to set."""
    st.info("This checkpoint is a black box: it was trained without concepts, so there is nothing to set. Load a dense "
            "or sparse checkpoint to change concepts.")
    link(EXPLAIN, "Explain a review by its words", ":material/arrow_forward:")


_PANELS = {"concepts": (set_concepts_panel,), "revise": (revise_panel,), "rules": (rules_panel,),
           "beside": (beside_panel,), "blast": (impact_panel,), "history": (history_panel, patches_panel)}
#: Those that are about the review at hand.
_NEED_A_REVIEW = ("concepts", "revise", "beside")

#: Those that have undo and redo in a place of their own.
_HAVE_A_STRIP = ("concepts", "history")


def interventions_section() -> None:
    """Let a person choose a section, and draw it."""
    view = current_view()
    section_bar("interventions:section", SECTIONS, view.section, lambda name: change(section=name))
    if view.section in _NEED_A_REVIEW and not view.text.strip():
        nothing_to_set()
    else:
        if view.section not in _HAVE_A_STRIP:
            history_strip("interventions:strip")
        for panel in _PANELS[view.section]:
            panel()
