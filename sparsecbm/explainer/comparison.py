"""The loaded subnetworks beside others: those of another checkpoint, or the same pruned further."""

import threading
import time
from collections.abc import Hashable
from dataclasses import replace
from pathlib import Path

from cachetools import LRUCache, cachedmethod

from sparsecbm.explain.comparison import compare, compare_folder
from sparsecbm.explain.parts import Subnetworks
from sparsecbm.explain.variants import sizes, sparser
from sparsecbm.explainer.resident import Resident
from sparsecbm.model.checkpoint import Checkpoint
from sparsecbm.model.masks import ConceptMasks
from sparsecbm.model.network import MaskedWeights
from sparsecbm.subnetworks.comparison import MaskComparison, MaskSource
from sparsecbm.subnetworks.knockout import KnockOutResult

#: Comparisons that are kept, about a megabyte each; and sparser masks, each as large as masks.safetensors.
COMPARISONS_KEPT, SPARSER_KEPT = 8, 3


class ComparisonExplainer(Resident):
    """Comparisons of masks, and a review through sparser ones."""

    def __init__(self, checkpoint: Checkpoint, load_ms: float = 0.0) -> None:
        super().__init__(checkpoint, load_ms)
        self._comparisons: LRUCache[Hashable, MaskComparison] = LRUCache(COMPARISONS_KEPT)
        self._sparser: LRUCache[Hashable, ConceptMasks] = LRUCache(SPARSER_KEPT)
        self._caches = threading.RLock()

    def compare(self, against: Path | float) -> MaskComparison:
        """The masks beside those of another checkpoint folder, or beside themselves pruned further to a sparsity, 0..1.

        Pruning is by magnitude, nested, and nothing is trained again. Kept for the next time, unless the folder has
        changed. CheckpointError for a folder without masks, InputError for masks that cannot be compared.
        """
        return self._compared(against, None if isinstance(against, float) else _written(against))

    def predict_sparser(self, text: str, sparsity: float, residual: bool = True) -> KnockOutResult:
        """One review through the subnetworks as they are, and pruned further to a sparsity, for this call only."""
        started = time.perf_counter()
        masks, fewer = Subnetworks.of(self._loaded).masks, self._sparser_masks(sparsity)
        assert self._weights is not None  # where there are masks, there are masked weights
        weights = MaskedWeights({name: stack * fewer.unpack(name) for name, stack in self._weights.stacks.items()})
        before, after = (self._predict(text, some, residual) for some in (self._weights, weights))
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
        return sparser(masks, {name: weights[name] for name in masks.matrices}, sparsity)


def _written(folder: Path) -> Hashable:
    """When the files of a folder were last written: a run that is trained anew is another one."""
    return tuple(sorted((path.name, path.stat().st_mtime_ns) for path in folder.glob("*.*")))
