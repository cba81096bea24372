"""All Streamlit glue that pages share.

The names below load what they need when they are first used: `page` draws the menu before torch is imported.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from sparsecbm.ui.deck.panel import deck_panel as deck_panel
    from sparsecbm.ui.deck.presenting import scene_shown as scene_shown
    from sparsecbm.ui.deck.session import presented as presented
    from sparsecbm.ui.engine import load_explainer as load_explainer
    from sparsecbm.ui.engine import predicted as predicted
    from sparsecbm.ui.evaluation.opening import evaluation_panel as evaluation_panel
    from sparsecbm.ui.failures.opening import failures_panel as failures_panel
    from sparsecbm.ui.home import failure_cards as failure_cards
    from sparsecbm.ui.home import introduction as introduction
    from sparsecbm.ui.home import model_numbers as model_numbers
    from sparsecbm.ui.home import review_box as review_box
    from sparsecbm.ui.interventions.opening import nothing_to_change as nothing_to_change
    from sparsecbm.ui.interventions.page_sections import interventions_section as interventions_section
    from sparsecbm.ui.interventions.revise import revisions_elsewhere as revisions_elsewhere
    from sparsecbm.ui.interventions.session import opened_history as opened_history
    from sparsecbm.ui.review import nothing_to_explain as nothing_to_explain
    from sparsecbm.ui.review import review_form as review_form
    from sparsecbm.ui.review import text_notices as text_notices
    from sparsecbm.ui.session import address_notices as address_notices
    from sparsecbm.ui.session import opened_view as opened_view
    from sparsecbm.ui.session import write_address as write_address
    from sparsecbm.ui.shell import errors_shown as errors_shown
    from sparsecbm.ui.shell import page as page
    from sparsecbm.ui.studies.opening import studies_panel as studies_panel
    from sparsecbm.ui.studies.participant import participant_panel as participant_panel
    from sparsecbm.ui.studies.participant_link import takes_part as takes_part
    from sparsecbm.ui.subnetworks.opening import no_subnetworks as no_subnetworks
    from sparsecbm.ui.subnetworks.opening import sharing_panel as sharing_panel
    from sparsecbm.ui.subnetworks.page_sections import subnetworks_section as subnetworks_section
    from sparsecbm.ui.subnetworks.selection import opened_selection as opened_selection
    from sparsecbm.ui.subnetworks.selection import selection_notices as selection_notices
    from sparsecbm.ui.what_if import concept_panel as concept_panel
    from sparsecbm.ui.what_if import label_panel as label_panel
    from sparsecbm.ui.words import word_panel as word_panel

_HOMES = {
    "address_notices": "session",
    "concept_panel": "what_if",
    "deck_panel": "deck.panel",
    "errors_shown": "shell",
    "evaluation_panel": "evaluation.opening",
    "failure_cards": "home",
    "failures_panel": "failures.opening",
    "interventions_section": "interventions.page_sections",
    "introduction": "home",
    "label_panel": "what_if",
    "load_explainer": "engine",
    "model_numbers": "home",
    "no_subnetworks": "subnetworks.opening",
    "nothing_to_change": "interventions.opening",
    "nothing_to_explain": "review",
    "opened_history": "interventions.session",
    "opened_selection": "subnetworks.selection",
    "opened_view": "session",
    "page": "shell",
    "participant_panel": "studies.participant",
    "predicted": "engine",
    "presented": "deck.session",
    "review_box": "home",
    "review_form": "review",
    "revisions_elsewhere": "interventions.revise",
    "scene_shown": "deck.presenting",
    "selection_notices": "subnetworks.selection",
    "sharing_panel": "subnetworks.opening",
    "studies_panel": "studies.opening",
    "subnetworks_section": "subnetworks.page_sections",
    "takes_part": "studies.participant_link",
    "text_notices": "review",
    "word_panel": "words",
    "write_address": "session",
}


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module 'sparsecbm.ui' has no attribute {name!r}; it offers {', '.join(_HOMES)}.")
    return getattr(import_module(f"sparsecbm.ui.{_HOMES[name]}"), name)
