"""The section of the Evaluation page that is chosen."""

from sparsecbm.explainer import Explainer
from sparsecbm.ui.evaluation.calibration import calibration_panel
from sparsecbm.ui.evaluation.edits import causal_panel, curves_panel
from sparsecbm.ui.evaluation.looking import KEPT, SECTIONS, opened_looking, to_address
from sparsecbm.ui.evaluation.other import other_panel
from sparsecbm.ui.evaluation.records import training_panel, words_panel
from sparsecbm.ui.evaluation.rewritings import rewritings_panel
from sparsecbm.ui.evaluation.scores import correction_panel, scores_panel, specificity_panel
from sparsecbm.ui.sections import section_bar

_PANELS = {"scores": (scores_panel, calibration_panel, specificity_panel),
           "correction": (correction_panel, curves_panel), "rewriting": (causal_panel, rewritings_panel),
           "other": (other_panel,), "records": (words_panel, training_panel)}


def evaluation_panel(explainer: Explainer) -> None:
    """Let a person choose a section, and draw it."""
    looking = opened_looking(explainer)
    KEPT.write(to_address(looking))
    KEPT.notices()
    section_bar("evaluation:section", SECTIONS, looking.section, lambda name: KEPT.change(section=name))
    for panel in _PANELS[looking.section]:
        panel(explainer)
