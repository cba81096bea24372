"""The subnetworks of a checkpoint: what they share, and a review without some of their weights."""

import time
from collections.abc import Hashable, Sequence
from dataclasses import replace

from cachetools import LRUCache

from sparsecbm.edits.edit import MaskChange
from sparsecbm.explain.knockout import knock_out
from sparsecbm.explain.leaning import leaning, term_logit, words_through
from sparsecbm.explain.overlap import layer_overlap, mask_overlap
from sparsecbm.explain.parts import Subnetworks
from sparsecbm.explainer.changed import ChangedResident
from sparsecbm.model.checkpoint import Checkpoint
from sparsecbm.subnetworks.knockout import KnockOut, KnockOutResult
from sparsecbm.subnetworks.leaning import Leaning, Unit
from sparsecbm.subnetworks.overlap import LayerOverlap, MaskOverlap
from sparsecbm.types import Attribution, Target

#: Scores of heads and neurons that are kept, in bytes; the least recently used go first. About 8 MB for 200 words.
LEANING_BYTES = 64 * 2**20


class SubnetworkExplainer(ChangedResident):
    """Statistics of the masks, counted once, live knock-outs, and the heads and neurons that an answer leans on."""

    def __init__(self, checkpoint: Checkpoint, load_ms: float = 0.0) -> None:
        super().__init__(checkpoint, load_ms)
        self._overlap: MaskOverlap | None = None
        self._layers = dict[int, LayerOverlap]()
        self._leanings: LRUCache[Hashable, Leaning] = LRUCache(LEANING_BYTES, getsizeof=lambda found: found.nbytes)

    def overlap(self) -> MaskOverlap:
        """How the subnetworks share the weights, counted once. CheckpointError when the model has no masks."""
        if self._overlap is None:
            self._overlap = mask_overlap(Subnetworks.of(self._loaded))
        return self._overlap

    def layer_overlap(self, layer: int) -> LayerOverlap:
        """The same for every head and neuron of one layer, numbered from 0."""
        if layer not in self._layers:
            self._layers[layer] = layer_overlap(Subnetworks.of(self._loaded), layer)
        return self._layers[layer]

    def knock_out(
        self, text: str, knock_outs: Sequence[KnockOut], residual: bool = True, changes: Sequence[MaskChange] = ()
    ) -> KnockOutResult:
        """One review with and without some weights, for this call only; without knock-outs nothing changes.

        With `changes`, both are as if the masks had been changed so.
        """
        started = time.perf_counter()
        with self._lock:
            subnetworks = replace(Subnetworks.of(self._loaded), masks=self._masks_after(tuple(changes)))
            whole = self._weights_after(tuple(changes))
        weights, removed = knock_out(whole, subnetworks, knock_outs)
        before, after = (self._predict(text, some, residual) for some in (whole, weights))
        receipt = replace(after.receipt, method="knock-out", milliseconds=1000 * (time.perf_counter() - started))
        return KnockOutResult(before, after, tuple(knock_outs), removed, receipt)

    def leaning(self, text: str, target: Target, through: str | None = None) -> Leaning:
        """The heads and neurons that the target leans on in one pass of a review, kept for the next time.

        A concept's target goes through its own pass; of a label it is what the pass `through` adds to it.
        """
        key = (text, target, through or target.concept)
        with self._lock:
            found = self._leanings.get(key)
            if found is None:
                found = leaning(self._model, self._encoder, self._weights, text, target, through)
                if found.nbytes <= self._leanings.maxsize:
                    self._leanings[key] = found
        return found

    def words_through(self, found: Leaning, text: str, unit: Unit) -> Attribution:
        """The words of the text that a head or neuron reads, each with what it adds to the unit's score."""
        with self._lock:
            return words_through(self._model, self._encoder, self._weights, text, found, unit)

    def measured(self, found: Leaning, text: str, unit: Unit) -> float:
        """What the logit loses when the unit is taken out of the pass, in logits: what its score estimates."""
        subnetworks = Subnetworks.of(self._loaded)
        assert self._weights is not None  # where there are masks, there are masked weights
        weights, _ = knock_out(self._weights, subnetworks, [unit.knock_out(found.through)])
        with self._lock:
            without = term_logit(self._model, self._encoder, weights, text, found.target, found.through)
        return found.logit - without
