"""Pairs of reviews in which a person rewrote one concept: what that did, beside what setting the concept foretells."""

from sparsecbm.data.counterfactuals import CounterfactualPairs
from sparsecbm.edits.causal import PairEffects
from sparsecbm.evaluate.causal import pair_effects
from sparsecbm.explain.attribution import Progress
from sparsecbm.explainer.resident import Resident
from sparsecbm.intervene.blast_radius import BATCH, CPU_BATCH


class PairExplainer(Resident):
    """Effects of real rewritings."""

    def pair_effects(self, pairs: CounterfactualPairs, progress: Progress = lambda _: None) -> PairEffects:
        """What the model says of both texts of every pair, beside what the override foretells from the first alone.

        `progress` gets the share of the texts read, 0..1, and may raise Cancelled; others get their turn meanwhile.
        DataError for pairs of other concepts than the model's, CheckpointError for a black box.
        """
        told, done = self._giving_way(progress), 0

        def heard(texts: int) -> None:
            nonlocal done
            done += texts
            told(done / len(pairs.split))

        with self._lock:
            return pair_effects(self._loaded, pairs, heard, CPU_BATCH if self._model.device.type == "cpu" else BATCH)
