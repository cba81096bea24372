"""The Evaluation page: the chosen section, its panels row by row."""

import streamlit as st

from sparsecbm.evaluation.panel_address import SECTIONS, STATE, opened_looking
from sparsecbm.evaluation.panel_causal import causal_panel
from sparsecbm.evaluation.panel_correction import correction_panel, curves_panel, edits_panel, residual_panel
from sparsecbm.evaluation.panel_field_test import field_gain_panel, field_test_panel
from sparsecbm.evaluation.panel_other import other_panel
from sparsecbm.evaluation.panel_records import training_panel, words_panel
from sparsecbm.evaluation.panel_rewritings import rewritings_panel
from sparsecbm.evaluation.panel_scores import calibration_panel, scores_panel, specificity_panel
from sparsecbm.service import Explainer
from sparsecbm.ui.sections import section_bar

#: The panels of each section; those of one row stand side by side.
_ROWS = {
    "scores": ((scores_panel, calibration_panel), (specificity_panel,)),
    "field": ((field_test_panel, field_gain_panel),),
    "correction": ((correction_panel, curves_panel), (residual_panel, edits_panel)),
    "rewriting": ((causal_panel,), (rewritings_panel,)),
    "other": ((other_panel,),),
    "records": ((words_panel,), (training_panel,)),
}


def evaluation_panel(explainer: Explainer) -> None:
    """Let a person choose a section, and draw it."""
    looking = opened_looking(explainer)
    STATE.write()
    STATE.notices()
    section_bar("evaluation:section", SECTIONS, looking.section, lambda name: STATE.change(section=name))
    for panels in _ROWS[looking.section]:
        for column, panel in zip(st.columns(len(panels), gap="large"), panels, strict=True):
            with column:
                panel(explainer)
