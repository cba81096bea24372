"""The section of the Evaluation page that is chosen."""

from sparsecbm.evaluation.panel_address import SECTIONS, STATE, opened_looking
from sparsecbm.evaluation.panel_other import other_panel
from sparsecbm.evaluation.panel_records import causal_panel, curves_panel, training_panel, words_panel
from sparsecbm.evaluation.panel_rewritings import rewritings_panel
from sparsecbm.evaluation.panel_scores import calibration_panel, correction_panel, scores_panel, specificity_panel
from sparsecbm.service import Explainer
from sparsecbm.ui.sections import section_bar

_PANELS = {"scores": (scores_panel, calibration_panel, specificity_panel),
           "correction": (correction_panel, curves_panel), "rewriting": (causal_panel, rewritings_panel),
           "other": (other_panel,), "records": (words_panel, training_panel)}


def evaluation_panel(explainer: Explainer) -> None:
    """Let a person choose a section, and draw it."""
    looking = opened_looking(explainer)
    STATE.write()
    STATE.notices()
    section_bar("evaluation:section", SECTIONS, looking.section, lambda name: STATE.change(section=name))
    for panel in _PANELS[looking.section]:
        panel(explainer)
