"""SparseCBM: explain a text classifier by words, subnetworks and concepts, and correct it by concept.

    from sparsecbm import Explainer
    explainer = Explainer.load()                      # the checkpoint that ships with this project
    explanation = explainer.explain("Great food, slow service.")

The names below load what they need when they are first used, so that `import sparsecbm` costs nothing.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from sparsecbm.errors import SparseCBMError
    from sparsecbm.export import explanation_json
    from sparsecbm.model.checkpoint import load_checkpoint
    from sparsecbm.schema import ConceptSchema
    from sparsecbm.service import Explainer
    from sparsecbm.types import Explanation, InterventionResult, Prediction, Target

_HOMES = {
    "ConceptSchema": "schema",
    "Explainer": "service",
    "Explanation": "types",
    "InterventionResult": "types",
    "Prediction": "types",
    "SparseCBMError": "errors",
    "Target": "types",
    "explanation_json": "export",
    "load_checkpoint": "model.checkpoint",
}

__all__ = [
    "ConceptSchema",
    "Explainer",
    "Explanation",
    "InterventionResult",
    "Prediction",
    "SparseCBMError",
    "Target",
    "explanation_json",
    "load_checkpoint",
]


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module 'sparsecbm' has no attribute {name!r}; it offers {', '.join(__all__)}.")
    return getattr(import_module(f"sparsecbm.{_HOMES[name]}"), name)


def __dir__() -> list[str]:
    return __all__
