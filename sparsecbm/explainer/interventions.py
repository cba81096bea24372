"""What a person changes of a prediction."""

from collections.abc import Mapping, Sequence

from sparsecbm.explainer.resident import Resident
from sparsecbm.intervene.override import override
from sparsecbm.types import InterventionResult, Prediction


class Interventions(Resident):
    """Concepts set by a person."""

    def override(
        self, prediction: Prediction, overrides: Mapping[str, Sequence[float]], residual: bool = True
    ) -> InterventionResult:
        """Set concepts of a prediction to distributions over their values; only the label head runs."""
        with self._lock:
            return override(self._model, prediction, overrides, residual)
