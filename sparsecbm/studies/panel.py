"""The researcher's side of the Studies page: build a study, follow it, read its results; one section at a time."""

import streamlit as st

from sparsecbm.service import Explainer
from sparsecbm.studies.panel_address import SECTIONS, STATE, study_store
from sparsecbm.studies.panel_builder import builder_panel
from sparsecbm.studies.panel_monitor import monitor_panel
from sparsecbm.studies.panel_results import results_panel
from sparsecbm.ui.loaded_model import load_explainer
from sparsecbm.ui.sections import section_bar
from sparsecbm.ui.shell import errors_shown

_PANELS = {"build": builder_panel, "run": monitor_panel, "results": results_panel}


def studies_panel(explainer: Explainer) -> None:
    """The section that is chosen, of the study that is chosen."""
    STATE.opened({study.id for study in study_store().studies()})
    STATE.write()
    STATE.notices()
    st.fragment(_panel)()


def _panel() -> None:
    with errors_shown():
        STATE.write()
        shown = STATE.current.section
        section_bar("studies:section", SECTIONS, shown, lambda name: STATE.change(section=name))
        _PANELS[shown](load_explainer())
