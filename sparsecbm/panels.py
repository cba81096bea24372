"""Every panel that a page lists, by name.

A name loads its module when it is first used: `page` draws the menu before torch is imported.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from sparsecbm.access.panel_sign_in import sign_in_routes as sign_in_routes
    from sparsecbm.concepts.panel_explain import concept_panel as concept_panel
    from sparsecbm.concepts.panel_explain import label_panel as label_panel
    from sparsecbm.corrections.panel import correction_fold as correction_fold
    from sparsecbm.deck.panel import deck_panel as deck_panel
    from sparsecbm.deck.panel_present import scene_shown as scene_shown
    from sparsecbm.evaluation.panel import evaluation_panel as evaluation_panel
    from sparsecbm.failures.panel import failures_panel as failures_panel
    from sparsecbm.home.panel import access_note as access_note
    from sparsecbm.home.panel import failure_cards as failure_cards
    from sparsecbm.home.panel import introduction as introduction
    from sparsecbm.home.panel import review_box as review_box
    from sparsecbm.home.panel_scores import model_numbers as model_numbers
    from sparsecbm.revision.panel import interventions_section as interventions_section
    from sparsecbm.revision.panel import nothing_to_change as nothing_to_change
    from sparsecbm.revision.panel_revise import revisions_elsewhere as revisions_elsewhere
    from sparsecbm.revision.panel_session import opened_history as opened_history
    from sparsecbm.server.panel_endpoints import endpoints as endpoints
    from sparsecbm.server.panel_endpoints import lifespan as lifespan
    from sparsecbm.server.panel_endpoints import middleware as middleware
    from sparsecbm.studies.panel import studies_panel as studies_panel
    from sparsecbm.studies.panel_address import takes_part as takes_part
    from sparsecbm.studies.panel_participant import participant_panel as participant_panel
    from sparsecbm.subnetworks.panel import no_subnetworks as no_subnetworks
    from sparsecbm.subnetworks.panel import sharing_panel as sharing_panel
    from sparsecbm.subnetworks.panel import subnetworks_section as subnetworks_section
    from sparsecbm.subnetworks.panel_selection import opened_selection as opened_selection
    from sparsecbm.subnetworks.panel_selection import selection_notices as selection_notices
    from sparsecbm.ui.loaded_model import load_explainer as load_explainer
    from sparsecbm.ui.loaded_model import model_notice as model_notice
    from sparsecbm.ui.pin import presented as presented
    from sparsecbm.ui.review import nothing_to_explain as nothing_to_explain
    from sparsecbm.ui.review import review_form as review_form
    from sparsecbm.ui.review import text_notices as text_notices
    from sparsecbm.ui.session import address_notices as address_notices
    from sparsecbm.ui.session import opened_view as opened_view
    from sparsecbm.ui.session import write_address as write_address
    from sparsecbm.ui.shell import errors_shown as errors_shown
    from sparsecbm.ui.shell import page as page
    from sparsecbm.ui.shell import page_routes as page_routes
    from sparsecbm.ui.shell import two_columns as two_columns
    from sparsecbm.words.panel import heatmap_panel as heatmap_panel
    from sparsecbm.words.panel_questions import word_questions as word_questions

_MODULES = {
    "access_note": "home.panel",
    "address_notices": "ui.session",
    "concept_panel": "concepts.panel_explain",
    "correction_fold": "corrections.panel",
    "deck_panel": "deck.panel",
    "endpoints": "server.panel_endpoints",
    "errors_shown": "ui.shell",
    "evaluation_panel": "evaluation.panel",
    "failure_cards": "home.panel",
    "failures_panel": "failures.panel",
    "heatmap_panel": "words.panel",
    "interventions_section": "revision.panel",
    "introduction": "home.panel",
    "label_panel": "concepts.panel_explain",
    "lifespan": "server.panel_endpoints",
    "load_explainer": "ui.loaded_model",
    "middleware": "server.panel_endpoints",
    "model_notice": "ui.loaded_model",
    "model_numbers": "home.panel_scores",
    "no_subnetworks": "subnetworks.panel",
    "nothing_to_change": "revision.panel",
    "nothing_to_explain": "ui.review",
    "opened_history": "revision.panel_session",
    "opened_selection": "subnetworks.panel_selection",
    "opened_view": "ui.session",
    "page": "ui.shell",
    "page_routes": "ui.shell",
    "participant_panel": "studies.panel_participant",
    "presented": "ui.pin",
    "review_box": "home.panel",
    "review_form": "ui.review",
    "revisions_elsewhere": "revision.panel_revise",
    "scene_shown": "deck.panel_present",
    "selection_notices": "subnetworks.panel_selection",
    "sharing_panel": "subnetworks.panel",
    "sign_in_routes": "access.panel_sign_in",
    "studies_panel": "studies.panel",
    "subnetworks_section": "subnetworks.panel",
    "takes_part": "studies.panel_address",
    "text_notices": "ui.review",
    "two_columns": "ui.shell",
    "word_questions": "words.panel_questions",
    "write_address": "ui.session",
}


def __getattr__(name: str) -> Any:
    if name not in _MODULES:
        raise AttributeError(f"module 'sparsecbm.panels' has no attribute {name!r}; it offers {', '.join(_MODULES)}.")
    return getattr(import_module(f"sparsecbm.{_MODULES[name]}"), name)
