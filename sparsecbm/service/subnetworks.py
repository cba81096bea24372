"""The loaded subnetworks: what they share, what taking weights out does, and how they differ from others."""

import threading
import time
from collections.abc import Hashable, Sequence
from dataclasses import replace
from pathlib import Path

import torch
from cachetools import LRUCache, cachedmethod

from sparsecbm.model.checkpoint import Checkpoint
from sparsecbm.model.masks import ConceptMasks
from sparsecbm.model.subnetwork_masks import Subnetworks
from sparsecbm.revision.edit import MaskChange
from sparsecbm.service.predictions import PredictionExplainer
from sparsecbm.subnetworks.comparison import MaskComparison, MaskSource
from sparsecbm.subnetworks.compute_knockout import knock_out
from sparsecbm.subnetworks.compute_network_picture import network_picture
from sparsecbm.subnetworks.compute_overlap import layer_overlap, mask_overlap
from sparsecbm.subnetworks.compute_unit_attribution import attribute_unit_words, attribute_units, term_logit
from sparsecbm.subnetworks.compute_variants import compare, compare_folder, sizes, sparser, sparser_units
from sparsecbm.subnetworks.knockout import KnockOut, KnockOutResult
from sparsecbm.subnetworks.network_picture import NetworkPicture
from sparsecbm.subnetworks.overlap import LayerOverlap, MaskOverlap
from sparsecbm.subnetworks.unit_attribution import Unit, UnitAttribution
from sparsecbm.types import Attribution, Target

#: Scores of heads and neurons that are kept, in bytes; the least recently used go first. About 8 MB for 200 words.
ATTRIBUTION_BYTES = 64 * 2**20


class SubnetworkExplainer(PredictionExplainer):
    """Statistics of the masks, counted once, knock-outs, and the contributions of heads and neurons to a prediction."""

    def __init__(self, checkpoint: Checkpoint, load_ms: float = 0.0) -> None:
        super().__init__(checkpoint, load_ms)
        self._overlap: MaskOverlap | None = None
        self._layers = dict[int, LayerOverlap]()
        self._picture: NetworkPicture | None = None
        self._unit_attributions: LRUCache[Hashable, UnitAttribution] = LRUCache(
            ATTRIBUTION_BYTES, getsizeof=lambda found: found.nbytes)

    def overlap(self) -> MaskOverlap:
        """How the subnetworks share the weights, counted once. CheckpointError when the model has no masks.

            >>> explainer.overlap().total.jaccard.shape  # all layers together; four concepts and the residual
            (1, 5, 5)
        """
        if self._overlap is None:
            self._overlap = mask_overlap(Subnetworks.of(self._loaded))
        return self._overlap

    def layer_overlap(self, layer: int) -> LayerOverlap:
        """The same for every head and neuron of one layer, numbered from 0."""
        if layer not in self._layers:
            self._layers[layer] = layer_overlap(Subnetworks.of(self._loaded), layer)
        return self._layers[layer]

    def network_picture(self) -> NetworkPicture:
        """Who uses each head and neuron, worked out once. CheckpointError when the model has no masks."""
        if self._picture is None:
            self._picture = network_picture(Subnetworks.of(self._loaded), self.layer_overlap)
        return self._picture

    def knock_out(
        self, text: str, knock_outs: Sequence[KnockOut], residual: bool = True, changes: Sequence[MaskChange] = ()
    ) -> KnockOutResult:
        """One document with and without some weights, for this call only; without knock-outs nothing changes.

        With `changes`, both are as if the masks had been changed so.

            >>> without = explainer.knock_out("Kindest waiter ever!", [KnockOut("service", layer=3)])
            >>> without.removed["service"]
            530838
        """
        started = time.perf_counter()
        with self._lock:
            subnetworks = replace(Subnetworks.of(self._loaded), masks=self._masks_after(tuple(changes)))
            whole = self._weights_after(tuple(changes))
            weights, removed = knock_out(whole, subnetworks, knock_outs)
        before = self._predict_with(whole, text, residual) if changes else self.predict(text, residual)
        after = self._predict_with(weights, text, residual)
        receipt = replace(after.receipt, method="knock-out", milliseconds=1000 * (time.perf_counter() - started))
        return KnockOutResult(before, after, tuple(knock_outs), removed, receipt)

    def attribute_units(self, text: str, target: Target, through: str | None = None) -> UnitAttribution:
        """How much each head and neuron of one pass contributes to the target, kept for the next time.

        A concept's target goes through its own pass; of a label it is what the pass `through` adds to it.
        """
        key = (text, target, through or target.concept)
        with self._lock:
            found = self._unit_attributions.get(key)
            if found is None:
                found = attribute_units(self._model, self._encoder, self._weights, text, target, through)
                if found.nbytes <= self._unit_attributions.maxsize:
                    self._unit_attributions[key] = found
        return found

    def unit_words(self, found: UnitAttribution, text: str, unit: Unit) -> Attribution:
        """The words that a head or neuron reads, each with what it adds to the unit's score."""
        with self._lock:
            return attribute_unit_words(self._model, self._encoder, self._weights, text, found, unit)

    def unit_effect(self, found: UnitAttribution, text: str, unit: Unit) -> float:
        """What the logit loses when the unit is taken out of the pass, in logits; its score estimates this."""
        subnetworks = Subnetworks.of(self._loaded)
        assert self._weights is not None  # where there are masks, there are masked weights
        with self._lock:
            weights, _ = knock_out(self._weights, subnetworks, [unit.knock_out(found.through)])
            without = term_logit(self._model, self._encoder, weights, text, found.target, found.through)
        return found.logit - without


#: Comparisons that are kept, about a megabyte each; and sparser masks, each as large as masks.safetensors.
COMPARISONS_KEPT, SPARSER_KEPT = 8, 3


class ComparisonExplainer(PredictionExplainer):
    """Comparisons of masks, and a document read through sparser ones."""

    def __init__(self, checkpoint: Checkpoint, load_ms: float = 0.0) -> None:
        super().__init__(checkpoint, load_ms)
        self._comparisons: LRUCache[Hashable, MaskComparison] = LRUCache(COMPARISONS_KEPT)
        self._sparser: LRUCache[Hashable, ConceptMasks] = LRUCache(SPARSER_KEPT)
        self._caches = threading.RLock()

    def compare(self, against: Path | float) -> MaskComparison:
        """The masks compared with those of another checkpoint folder, or with themselves at a higher sparsity, 0..1.

        Pruning is by magnitude, nested, and nothing is trained again. Kept for the next time, unless the folder has
        changed. CheckpointError for a folder without masks, InputError for masks that cannot be compared.
        """
        return self._compared(against, None if isinstance(against, float) else _written(against))

    def predict_sparser(self, text: str, sparsity: float, residual: bool = True) -> KnockOutResult:
        """One document through the subnetworks as they are, and pruned to a higher sparsity, for this call only."""
        started = time.perf_counter()
        masks, fewer = Subnetworks.of(self._loaded).masks, self._sparser_masks(sparsity)
        with self._lock, torch.no_grad():
            weights = self._model.masked_weights(fewer)
        before, after = self.predict(text, residual), self._predict_with(weights, text, residual)
        removed = {name: sum(sizes(masks, k)) - sum(sizes(fewer, k)) for k, name in enumerate(masks.passes)}
        receipt = replace(after.receipt, method=f"pruned by magnitude to {100 * sparsity:g} %",
                          milliseconds=1000 * (time.perf_counter() - started))
        return KnockOutResult(before, after, (), removed, receipt)

    @cachedmethod(lambda self: self._comparisons, lock=lambda self: self._caches)
    def _compared(self, against: Path | float, _version: Hashable) -> MaskComparison:
        ours, here = Subnetworks.of(self._loaded), self.checkpoint
        source = MaskSource(here.name, here.hash, here.metrics)
        if isinstance(against, Path):
            return compare_folder(ours, source, against)
        pruned = MaskSource(f"{here.name} at {100 * against:g} %", here.hash, {}, against)
        return compare(ours, replace(ours, masks=self._sparser_masks(against)), (source, pruned))

    @cachedmethod(lambda self: self._sparser, lock=lambda self: self._caches)
    def _sparser_masks(self, sparsity: float) -> ConceptMasks:
        masks = Subnetworks.of(self._loaded).masks
        with self._lock:  # a pass that runs meanwhile has other tensors in the module
            weights = dict(self._model.backbone.named_parameters())
        matrices = {name: weights[name] for name in masks.matrices}
        if masks.layout is not None:
            return sparser_units(masks, matrices, sparsity)
        return sparser(masks, matrices, sparsity)


def _written(folder: Path) -> Hashable:
    """When the files of a folder were last written: a run that is trained anew is another one."""
    return tuple(sorted((path.name, path.stat().st_mtime_ns) for path in folder.glob("*.*")))
