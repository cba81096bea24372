"""What a person changes of a prediction."""

from collections.abc import Collection, Mapping, Sequence
from functools import cached_property

from sparsecbm.explainer.resident import Resident
from sparsecbm.intervene.effects import Effects, concept_effects
from sparsecbm.intervene.override import override
from sparsecbm.intervene.policies import DEFAULT_POLICY, Suggestion, ranking
from sparsecbm.intervene.single_effects import SingleEffect, single_effects
from sparsecbm.intervene.smallest_fix import SmallestFix, smallest_fix
from sparsecbm.intervene.uncertainty import LabelRange, label_range
from sparsecbm.types import InterventionResult, Prediction


class Interventions(Resident):
    """Concepts set by a person."""

    def override(
        self, prediction: Prediction, overrides: Mapping[str, Sequence[float]], residual: bool = True
    ) -> InterventionResult:
        """Set concepts of a prediction to distributions over their values; only the label head runs."""
        with self._lock:
            return override(self._model, prediction, overrides, residual)

    def effects(self) -> Effects:
        """What setting each concept to each value adds to the label logits. CheckpointError for a black box."""
        return self._effects

    def suggest(
        self, prediction: Prediction, policy: str = DEFAULT_POLICY, set_concepts: Collection[str] = (), seed: int = 0
    ) -> tuple[Suggestion, ...]:
        """The concepts that are not set yet, the one most worth a look first; `seed` is that of the random policy."""
        return ranking(prediction, self._effects, policy, set_concepts, seed)

    def smallest_fix(self, prediction: Prediction, label: str, at_least: float = 0.0) -> SmallestFix:
        """The fewest concepts to set for a label to win, to values that the model gives `at_least` so much."""
        return smallest_fix(prediction, self._effects, label, at_least)

    def unsure(self, prediction: Prediction, concepts: Sequence[str]) -> LabelRange:
        """What the label can be while nothing is known of some concepts."""
        return label_range(prediction, self._effects, concepts)

    def single_effects(self, before: Prediction, after: Prediction) -> tuple[SingleEffect, ...]:
        """What each change between two predictions of one review did by itself."""
        return single_effects(before, after)

    @cached_property
    def _effects(self) -> Effects:
        with self._lock:
            return concept_effects(self._model)
