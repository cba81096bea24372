"""Counting on the packed masks of two checkpoints at once: does a concept get the same weights in both?"""

from pathlib import Path

import torch

from sparsecbm.errors import InputError
from sparsecbm.model.checkpoint import load_outline
from sparsecbm.model.masks import Bits, ConceptMasks
from sparsecbm.model.units import Subnetworks
from sparsecbm.subnetworks.comparison import MaskComparison, MaskSource
from sparsecbm.subnetworks.compute_overlap import mask_overlap
from sparsecbm.subnetworks.compute_variants import exclusive_bits


def compare(first: Subnetworks, second: Subnetworks, sources: tuple[MaskSource, MaskSource]) -> MaskComparison:
    """What the masks of two sources have in common; InputError where they are not of the same passes and matrices.

    Weights are the same when they stand in the same place. Takes about three times the memory of the packed bits.
    """
    _require_same(first, second, sources)
    concepts = len(first.concepts)

    def stacked(name: str) -> Bits:
        ours, theirs = first.masks.bits[name].cpu(), second.masks.bits[name].cpu()
        return torch.cat([theirs, ours, *(exclusive_bits(ours, k, concepts)[None] for k in range(concepts))])

    passes = (*second.masks.passes, *first.masks.passes, *first.concepts)
    masks = ConceptMasks(passes, first.masks.shapes, {name: stacked(name) for name in first.sites})
    across = mask_overlap(Subnetworks(masks, first.sites, first.concepts, first.heads))
    return MaskComparison(*sources, (mask_overlap(first), mask_overlap(second)), across)


def compare_folder(first: Subnetworks, source: MaskSource, folder: Path) -> MaskComparison:
    """The same with the masks of a checkpoint folder, whose weights are not read; CheckpointError where it has none."""
    outline = load_outline(folder)
    other = MaskSource(folder.name, outline.hash, outline.metrics)
    return compare(first, Subnetworks.of(outline), (source, other))


def _require_same(first: Subnetworks, second: Subnetworks, sources: tuple[MaskSource, MaskSource]) -> None:
    one, other = (source.name for source in sources)
    ours, theirs = first.masks, second.masks
    if (first.concepts, ours.passes) != (second.concepts, theirs.passes):
        raise InputError(f"{one} has the subnetworks {', '.join(ours.passes)}, but {other} has "
                         f"{', '.join(theirs.passes)}; allowed: the same ones in the same order. Choose another.")
    odd = [name for name in {**ours.shapes, **theirs.shapes} if ours.shapes.get(name) != theirs.shapes.get(name)]
    if odd:
        mine, its = (_shape(masks, odd[0]) for masks in (ours, theirs))
        raise InputError(f"{one} and {other} are of different networks: {odd[0]} is {mine} in {one} and {its} in "
                         f"{other} (matrices that differ: {len(odd)}); allowed: masks of equal shapes. Choose another.")


def _shape(masks: ConceptMasks, name: str) -> str:
    return " x ".join(map(str, masks.shapes[name])) if name in masks.shapes else "missing"
