"""The subnetworks of a checkpoint: what they share, and a review without some of their weights."""

import time
from collections.abc import Sequence
from dataclasses import replace

from sparsecbm.explain.knockout import knock_out
from sparsecbm.explain.overlap import layer_overlap, mask_overlap
from sparsecbm.explain.parts import Subnetworks
from sparsecbm.explainer.resident import Resident
from sparsecbm.model.checkpoint import Checkpoint
from sparsecbm.subnetworks.knockout import KnockOut, KnockOutResult
from sparsecbm.subnetworks.overlap import LayerOverlap, MaskOverlap


class SubnetworkExplainer(Resident):
    """Statistics of the masks, counted once, and live knock-outs."""

    def __init__(self, checkpoint: Checkpoint, load_ms: float = 0.0) -> None:
        super().__init__(checkpoint, load_ms)
        self._overlap: MaskOverlap | None = None
        self._layers = dict[int, LayerOverlap]()

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

    def knock_out(self, text: str, knock_outs: Sequence[KnockOut], residual: bool = True) -> KnockOutResult:
        """One review with and without some weights, for this call only; without knock-outs nothing changes."""
        started = time.perf_counter()
        subnetworks = Subnetworks.of(self._loaded)
        assert self._weights is not None  # where there are masks, there are masked weights
        weights, removed = knock_out(self._weights, subnetworks, knock_outs)
        before, after = (self._predict(text, some, residual) for some in (self._weights, weights))
        receipt = replace(after.receipt, method="knock-out", milliseconds=1000 * (time.perf_counter() - started))
        return KnockOutResult(before, after, tuple(knock_outs), removed, receipt)
