"""What setting concepts does to the label, of one document and of many at once."""

from collections.abc import Collection, Mapping, Sequence
from functools import cached_property

import numpy as np
from jaxtyping import Bool, Int

from sparsecbm.concepts.compute_override import Effects, concept_effects, override, set_one
from sparsecbm.concepts.compute_policies import DEFAULT_POLICY, Suggestion, ranking
from sparsecbm.concepts.compute_smallest_fix import LEAST_MARGIN, SmallestFix, smallest_fix
from sparsecbm.concepts.compute_uncertainty import LabelRange, label_range
from sparsecbm.concepts.contributions import SingleEffect, single_effects
from sparsecbm.errors import InputError
from sparsecbm.service.resident import Resident
from sparsecbm.types import InterventionResult, Prediction, Predictions


class ConceptExplainer(Resident):
    """Concepts set by a person, and which one of them would put a wrong label right."""

    def override(
        self, prediction: Prediction, overrides: Mapping[str, Sequence[float]], residual: bool = True
    ) -> InterventionResult:
        """Set concepts of a prediction to distributions over their values; only the label head runs.

        A distribution gives each value a probability, in the schema's order. Without `residual`, the label is that of
        the concepts alone, on both sides. InputError for an unknown concept or what is no distribution.

            >>> result = explainer.override(prediction, {"service": (0, 0, 1)})  # Negative, unknown, Positive
            >>> result.before.label, result.after.label, result.label_changed
            ('3', '5', True)
        """
        with self._lock:
            return override(self._model, prediction, overrides, residual)

    def effects(self) -> Effects:
        """What setting each concept to each value adds to the label logits, as [concept, value, label].

        CheckpointError for a black box.
        """
        return self._effects

    def suggest(
        self, prediction: Prediction, policy: str = DEFAULT_POLICY, set_concepts: Collection[str] = (), seed: int = 0
    ) -> tuple[Suggestion, ...]:
        """The concepts that are not set yet, the one most worth checking first; `seed` is that of the random policy.

            >>> explainer.suggest(prediction)[0].concept
            'service'
        """
        return ranking(prediction, self._effects, policy, set_concepts, seed)

    def smallest_fix(self, prediction: Prediction, label: str, at_least: float = 0.0) -> SmallestFix:
        """The fewest concepts to set for a label to win, to values that the model gives at least this probability."""
        return smallest_fix(prediction, self._effects, label, at_least)

    def unsure(self, prediction: Prediction, concepts: Sequence[str]) -> LabelRange:
        """What the label can be while the values of some concepts are not known."""
        return label_range(prediction, self._effects, concepts)

    def single_effects(self, before: Prediction, after: Prediction) -> tuple[SingleEffect, ...]:
        """What each change between two predictions of one document did by itself."""
        return single_effects(before, after)

    def fixable(
        self, predictions: Predictions, labels: Int[np.ndarray, " row"]
    ) -> Bool[np.ndarray, "row concept"] | None:
        """True where setting this concept alone to some value gives the true label, which the model does not give.

        `labels` are indices, -1 where not known. No model runs: a label logit is linear in the concepts' probabilities,
        so y' = log p(y) + B_k (onehot(v) - p_k), up to a constant that all labels share. None for a model whose label
        is not computed from these probabilities. InputError when the predictions are of another schema, or of other
        rows.
        """
        if predictions.schema != self.schema or len(labels) != len(predictions):
            raise InputError(f"{len(predictions):,} predictions of {predictions.schema.name} came with {len(labels):,} "
                             f"labels; allowed: predictions of {self.schema.name} with one label each. Predict the "
                             "labelled texts with the loaded model.")
        if self.checkpoint.kind == "black_box" or self._model.config.bottleneck != "probabilities":
            return None
        logits = np.log(np.maximum(predictions.label_probabilities.astype(np.float64), np.finfo(np.float32).tiny))
        contributions = np.einsum("rkv,kvy->rky", predictions.concept_probabilities, self.effects())
        after = set_one(logits, contributions, self.effects())  # [row, concept, value, label]
        truth = np.maximum(labels, 0)[:, None, None, None]
        wanted = np.take_along_axis(after, truth, axis=-1)[..., 0]
        np.put_along_axis(after, truth, -np.inf, axis=-1)
        wrong = (labels >= 0) & (predictions.labels != labels)
        return np.asarray(wrong[:, None] & (wanted - after.max(-1) > LEAST_MARGIN).any(-1))

    @cached_property
    def _effects(self) -> Effects:
        with self._lock:
            return concept_effects(self._model)
