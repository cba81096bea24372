"""The picture of the network, read off the masks."""

from collections.abc import Callable

import numpy as np

from sparsecbm.model.kept_units import KeptUnits
from sparsecbm.model.subnetwork_masks import Subnetworks
from sparsecbm.subnetworks.counts import MaskCounts
from sparsecbm.subnetworks.network_picture import NetworkPicture, UnitUse, picture_of
from sparsecbm.subnetworks.overlap import LayerOverlap


def network_picture(subnetworks: Subnetworks, counted: Callable[[int], LayerOverlap]) -> NetworkPicture:
    """Who uses each head and neuron. Of masks of single weights the layers are `counted` first; structured masks say
    it with a bit for each unit."""
    masks, layers = subnetworks.masks, subnetworks.layers
    if masks.layout is None:
        found = [counted(layer) for layer in layers]
        uses = [(one.layer, _counted(one.heads), _counted(one.neurons)) for one in found]
    else:
        kept, (head, neuron) = KeptUnits.of(masks), masks.layout.costs
        uses = [(layer, _whole(kept.heads[:, place].numpy(), head), _whole(kept.neurons[:, place].numpy(), neuron))
                for place, layer in enumerate(layers)]
    return picture_of(masks.passes, len(subnetworks.concepts), masks.layout is not None, uses)


def _counted(counts: MaskCounts) -> UnitUse:
    return UnitUse(counts.weights, counts.kept)


def _whole(kept: np.ndarray, cost: int) -> UnitUse:
    return UnitUse(np.full(kept.shape[1], cost), kept.T * cost)
