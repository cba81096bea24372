"""What edits do to many documents: rules and revisions to a split, and rewritings to pairs of texts."""

from collections.abc import Hashable, Mapping, Sequence

from cachetools import LRUCache

from sparsecbm.data.cebab import CounterfactualPairs
from sparsecbm.data.split import Split
from sparsecbm.evaluation.causal import PairEffects
from sparsecbm.evaluation.compute_causal import pair_effects
from sparsecbm.impact.compute import BATCH, CPU_BATCH, impact_of_edits
from sparsecbm.impact.impact import Impact
from sparsecbm.model.checkpoint import Checkpoint
from sparsecbm.revision.compute_rules import PassOutputs, apply_rules
from sparsecbm.revision.rule import LastingEdit, Rule
from sparsecbm.service.resident import Resident
from sparsecbm.types import InterventionResult, Prediction, Progress

#: Bytes of predictions before any edit that are kept, the most recently used ones; 1,700 reviews take about 0.1 MB.
ANSWERS_BYTES = 16 * 2**20


class ImpactExplainer(Resident):
    """Rules, the impact of rules and revisions, and the effects of real rewritings."""

    def __init__(self, checkpoint: Checkpoint, load_ms: float = 0.0) -> None:
        super().__init__(checkpoint, load_ms)
        self._answers: LRUCache[Hashable, PassOutputs] = LRUCache(
            ANSWERS_BYTES, getsizeof=lambda answers: min(answers.nbytes, ANSWERS_BYTES))  # a huge split stays alone

    def apply_rules(
        self,
        prediction: Prediction,
        rules: Sequence[Rule],
        overrides: Mapping[str, Sequence[float]] | None = None,
        residual: bool = True,
    ) -> InterventionResult:
        """A prediction after what rules set, and then what a person sets; only the label head runs."""
        with self._lock:
            return apply_rules(self._model, prediction, rules, overrides, residual)

    def impact(
        self,
        edits: Sequence[LastingEdit],
        split: Split,
        sample: int | None = None,
        seed: int = 0,
        residual: bool = True,
        progress: Progress = lambda _: None,
    ) -> Impact:
        """What edits put right and what they break in a split, or in `sample` of its rows drawn by `seed`.

            >>> rule = Rule((TextSays("cold"),), (Override("food", (1.0, 0.0, 0.0)),))  # whenever it says "cold"
            >>> explainer.impact([rule], split, sample=200).effect("label").accuracy  # before and after

        The predictions before any edit come from a cache the next time. `progress` gets the share done, 0..1, and may
        raise Cancelled; others get their turn meanwhile.
        """
        with self._lock:
            return impact_of_edits(self._loaded, edits, split, sample, seed, residual, self._giving_way(progress),
                                   self._weights, self._answers)

    def pair_effects(self, pairs: CounterfactualPairs, progress: Progress = lambda _: None) -> PairEffects:
        """What the model predicts for both texts of every pair, compared with what an override of the first predicts.

        `progress` gets the share of the texts read, 0..1, and may raise Cancelled; others get their turn meanwhile.
        DataError for pairs of other concepts than the model's, CheckpointError for a black box.
        """
        report, done = self._giving_way(progress), 0

        def count(texts: int) -> None:
            nonlocal done
            done += texts
            report(done / len(pairs.split))

        with self._lock:
            return pair_effects(self._loaded, pairs, count, CPU_BATCH if self._model.device.type == "cpu" else BATCH)
