"""The masks of a checkpoint as tensors: a bit per weight and pass, or a bit per head and neuron of structured masks."""

from collections.abc import Mapping
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from sparsecbm.errors import CheckpointError
from sparsecbm.model.kept_units import KeptUnits
from sparsecbm.model.masks import ConceptMasks
from sparsecbm.model.network import SparseCBM

HEADS, NEURONS = "heads", "neurons"


def mask_tensors(masks: ConceptMasks) -> dict[str, Tensor]:
    """What a checkpoint stores, packed eight to a byte, a row per pass: by matrix, or by head and by neuron."""
    if masks.layout is None:
        return {name: bits.cpu().contiguous() for name, bits in masks.bits.items()}
    kept = KeptUnits.of(masks)
    return {name: torch.from_numpy(np.packbits(units.flatten(1).numpy(), axis=1))
            for name, units in ((HEADS, kept.heads), (NEURONS, kept.neurons))}


def masks_from_tensors(model: SparseCBM, bits: Mapping[str, Tensor], path: Path) -> ConceptMasks:
    """The inverse; CheckpointError when the tensors of the file `path` do not fit the model."""
    passes = model.config.passes
    if model.config.mask_kind == "weights":
        _check(bits, {name: site.shape[0] * site.shape[1] for name, site in model.sites.items()}, len(passes), path)
        return ConceptMasks(passes, {name: site.shape for name, site in model.sites.items()},
                            {name: bits[name] for name in model.sites})
    layout = model.layout
    shapes = {HEADS: (len(layout.layers), layout.heads), NEURONS: (len(layout.layers), layout.neurons)}
    _check(bits, {name: layers * units for name, (layers, units) in shapes.items()}, len(passes), path)
    heads, neurons = (torch.from_numpy(np.unpackbits(bits[name].numpy(), axis=1, count=layers * units).astype(bool)
                                       .reshape(len(passes), layers, units))
                      for name, (layers, units) in shapes.items())
    return KeptUnits(layout, heads, neurons).masks(passes)


def _check(bits: Mapping[str, Tensor], sizes: Mapping[str, int], passes: int, path: Path) -> None:
    missing, extra = sorted(sizes.keys() - bits.keys()), sorted(bits.keys() - sizes.keys())
    if missing or extra:
        raise CheckpointError(f"{path} does not fit the settings: missing {missing[:3] or 'nothing'}, unknown "
                              f"{extra[:3] or 'nothing'}; these files belong to different checkpoints.")
    for name, size in sizes.items():
        wanted = (passes, -(-size // 8))
        if bits[name].dtype != torch.uint8 or bits[name].shape != wanted:
            raise CheckpointError(f"{path}: the masks {name} are {bits[name].dtype} of shape "
                                  f"{tuple(bits[name].shape)}, but {passes} passes need torch.uint8 of shape "
                                  f"{wanted}; restore the file.")
