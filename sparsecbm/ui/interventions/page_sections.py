"""The section of the page that is chosen."""

from sparsecbm.ui.address import SECTIONS
from sparsecbm.ui.interventions.beside import beside_panel
from sparsecbm.ui.interventions.blast import blast_panel
from sparsecbm.ui.interventions.history_list import history_panel
from sparsecbm.ui.interventions.opening import nothing_to_set
from sparsecbm.ui.interventions.panel import set_concepts_panel
from sparsecbm.ui.interventions.patches import patches_panel
from sparsecbm.ui.interventions.revise import revise_panel
from sparsecbm.ui.interventions.rules import rules_panel
from sparsecbm.ui.interventions.strip import history_strip
from sparsecbm.ui.sections import section_bar
from sparsecbm.ui.session import change, current_view

_PANELS = {"concepts": (set_concepts_panel,), "revise": (revise_panel,), "rules": (rules_panel,),
           "beside": (beside_panel,), "blast": (blast_panel,), "history": (history_panel, patches_panel)}
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
