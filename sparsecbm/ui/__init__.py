"""All Streamlit glue that pages share.

The names below load what they need when they are first used: `page` draws the menu before torch is imported.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from sparsecbm.ui.engine import load_explainer as load_explainer
    from sparsecbm.ui.engine import predicted as predicted
    from sparsecbm.ui.evaluation.edits import causal_panel as causal_panel
    from sparsecbm.ui.evaluation.edits import curves_panel as curves_panel
    from sparsecbm.ui.evaluation.records import training_panel as training_panel
    from sparsecbm.ui.evaluation.records import words_panel as words_panel
    from sparsecbm.ui.evaluation.scores import scores_panel as scores_panel
    from sparsecbm.ui.home import failure_cards as failure_cards
    from sparsecbm.ui.home import introduction as introduction
    from sparsecbm.ui.home import model_numbers as model_numbers
    from sparsecbm.ui.home import review_box as review_box
    from sparsecbm.ui.interventions.beside import beside_panel as beside_panel
    from sparsecbm.ui.interventions.blast import blast_panel as blast_panel
    from sparsecbm.ui.interventions.history_list import history_panel as history_panel
    from sparsecbm.ui.interventions.opening import nothing_to_change as nothing_to_change
    from sparsecbm.ui.interventions.opening import nothing_to_set as nothing_to_set
    from sparsecbm.ui.interventions.panel import set_concepts_panel as set_concepts_panel
    from sparsecbm.ui.interventions.patches import patches_panel as patches_panel
    from sparsecbm.ui.interventions.revise import revise_panel as revise_panel
    from sparsecbm.ui.interventions.revise import revisions_elsewhere as revisions_elsewhere
    from sparsecbm.ui.interventions.rules import rules_panel as rules_panel
    from sparsecbm.ui.interventions.session import opened_history as opened_history
    from sparsecbm.ui.review import nothing_to_explain as nothing_to_explain
    from sparsecbm.ui.review import review_form as review_form
    from sparsecbm.ui.review import text_notices as text_notices
    from sparsecbm.ui.session import address_notices as address_notices
    from sparsecbm.ui.session import opened_view as opened_view
    from sparsecbm.ui.session import write_address as write_address
    from sparsecbm.ui.shell import errors_shown as errors_shown
    from sparsecbm.ui.shell import page as page
    from sparsecbm.ui.subnetworks.compare import compare_panel as compare_panel
    from sparsecbm.ui.subnetworks.leaning import leaning_panel as leaning_panel
    from sparsecbm.ui.subnetworks.live import live_panel as live_panel
    from sparsecbm.ui.subnetworks.opening import no_subnetworks as no_subnetworks
    from sparsecbm.ui.subnetworks.opening import sharing_panel as sharing_panel
    from sparsecbm.ui.subnetworks.panel import overlap_panel as overlap_panel
    from sparsecbm.ui.subnetworks.proof import proof_panel as proof_panel
    from sparsecbm.ui.subnetworks.selection import opened_selection as opened_selection
    from sparsecbm.ui.subnetworks.selection import selection_notices as selection_notices
    from sparsecbm.ui.what_if import concept_panel as concept_panel
    from sparsecbm.ui.what_if import label_panel as label_panel
    from sparsecbm.ui.words import word_panel as word_panel

_HOMES = {
    "address_notices": "session",
    "beside_panel": "interventions.beside",
    "blast_panel": "interventions.blast",
    "causal_panel": "evaluation.edits",
    "compare_panel": "subnetworks.compare",
    "concept_panel": "what_if",
    "curves_panel": "evaluation.edits",
    "errors_shown": "shell",
    "failure_cards": "home",
    "history_panel": "interventions.history_list",
    "introduction": "home",
    "label_panel": "what_if",
    "leaning_panel": "subnetworks.leaning",
    "live_panel": "subnetworks.live",
    "load_explainer": "engine",
    "model_numbers": "home",
    "no_subnetworks": "subnetworks.opening",
    "nothing_to_change": "interventions.opening",
    "nothing_to_explain": "review",
    "nothing_to_set": "interventions.opening",
    "opened_history": "interventions.session",
    "opened_selection": "subnetworks.selection",
    "opened_view": "session",
    "overlap_panel": "subnetworks.panel",
    "page": "shell",
    "patches_panel": "interventions.patches",
    "predicted": "engine",
    "proof_panel": "subnetworks.proof",
    "review_box": "home",
    "review_form": "review",
    "revise_panel": "interventions.revise",
    "revisions_elsewhere": "interventions.revise",
    "rules_panel": "interventions.rules",
    "scores_panel": "evaluation.scores",
    "selection_notices": "subnetworks.selection",
    "set_concepts_panel": "interventions.panel",
    "sharing_panel": "subnetworks.opening",
    "text_notices": "review",
    "training_panel": "evaluation.records",
    "word_panel": "words",
    "words_panel": "evaluation.records",
    "write_address": "session",
}


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module 'sparsecbm.ui' has no attribute {name!r}; it offers {', '.join(_HOMES)}.")
    return getattr(import_module(f"sparsecbm.ui.{_HOMES[name]}"), name)
