"""Masks derived from a checkpoint's: sparser ones, and the controls that show whether a subnetwork is needed."""

from collections.abc import Callable, Mapping
from pathlib import Path

import numpy as np
import torch
from jaxtyping import Float, UInt8
from torch import Tensor

from sparsecbm.errors import InputError
from sparsecbm.model.checkpoint import load_outline
from sparsecbm.model.kept_units import KeptUnits
from sparsecbm.model.masks import Bits, ConceptMasks, best_weights, kept_weights
from sparsecbm.model.subnetwork_masks import Subnetworks
from sparsecbm.model.units import best_units, mean_squares
from sparsecbm.subnetworks.comparison import MaskComparison, MaskSource
from sparsecbm.subnetworks.compute_overlap import mask_overlap

OneMask = UInt8[Tensor, " byte"]


def own(masks: ConceptMasks, k: int) -> ConceptMasks:
    """The mask of pass k alone."""
    return _one(masks, lambda bits: bits[k])


def nothing(masks: ConceptMasks) -> ConceptMasks:
    """A mask that drops every weight."""
    return _one(masks, lambda bits: torch.zeros_like(bits[0]))


def complement(masks: ConceptMasks, k: int) -> ConceptMasks:
    """All that the mask of pass k drops, and nothing that it keeps."""
    return _one(masks, lambda bits: ~bits[k])


def without(masks: ConceptMasks, k: int, removed: int) -> ConceptMasks:
    """The mask of pass k but for the weights that it has in common with that of another pass."""
    return _one(masks, lambda bits: bits[k] & ~bits[removed])


def without_exclusive(masks: ConceptMasks, k: int, concepts: int) -> ConceptMasks:
    """The mask of pass k but for the weights that no other concept keeps."""
    return _one(masks, lambda bits: bits[k] & ~exclusive_bits(bits, k, concepts))


def exclusive_bits(bits: Bits, k: int, concepts: int) -> OneMask:
    """What pass k keeps in one matrix and none of the first `concepts` passes besides it."""
    exclusive = bits[k]
    for other in range(concepts):
        if other != k:
            exclusive = exclusive & ~bits[other]
    return exclusive


def share_weights(masks: ConceptMasks, k: int, other: int) -> bool:
    """True when two passes keep some weight together."""
    return any(bool((bits[k] & bits[other]).any()) for bits in masks.bits.values())


def sizes(masks: ConceptMasks, k: int) -> tuple[int, ...]:
    """How many weights pass k keeps in each matrix."""
    return tuple(int(np.bitwise_count(bits[k].cpu().numpy()).sum()) for bits in masks.bits.values())


def random_mask(masks: ConceptMasks, kept: tuple[int, ...], generator: np.random.Generator) -> ConceptMasks:
    """A mask that keeps so many weights of each matrix, drawn at random."""
    bits = {}
    for (name, (rows, columns)), count in zip(masks.shapes.items(), kept, strict=True):
        chosen = np.zeros(rows * columns, dtype=bool)
        chosen[generator.choice(rows * columns, count, replace=False, shuffle=False)] = True
        bits[name] = torch.from_numpy(np.packbits(chosen)).unsqueeze(0).to(masks.bits[name].device)
    return ConceptMasks(("random",), masks.shapes, bits)


def random_units(masks: ConceptMasks, k: int, generator: np.random.Generator) -> ConceptMasks:
    """A structured mask that keeps as many heads and neurons of each layer as pass k does, drawn at random."""
    kept = KeptUnits.of(masks)
    heads, neurons = (torch.from_numpy(generator.permuted(units[k].numpy(), axis=1)).unsqueeze(0)
                      for units in (kept.heads, kept.neurons))
    return KeptUnits(kept.layout, heads, neurons).masks(("random",), masks.device)


def sparser(
    masks: ConceptMasks, weights: Mapping[str, Float[Tensor, "_row _column"]], sparsity: float
) -> ConceptMasks:
    """Masks that drop the share `sparsity` (0..1) of every matrix: of what a pass keeps, the weights smallest in
    magnitude go, of equal ones the later; nested in `masks`, and nothing is trained again.

    One mask is unpacked at a time. InputError when some mask is sparser already, or nothing would be left.
    """
    bits = {}
    for name, (rows, columns) in masks.shapes.items():
        magnitude, count = weights[name].abs().flatten(), kept_weights(1 - sparsity, rows * columns)
        kept = []
        for k, pass_ in enumerate(masks.passes):
            active = masks.unpack_pass(name, k).flatten()
            if not 0 < count <= int(active.sum()):
                raise InputError(f"A sparsity of {100 * sparsity:g} % came, which leaves {count:,} weights of {name}; "
                                 f"{pass_} keeps {int(active.sum()):,} of them now. Allowed: at least one, and no more "
                                 "than now. Choose a sparsity above the present one and below 100 %.")
            one = best_weights(magnitude, active, count).reshape(1, 1, rows, columns)
            kept.append(ConceptMasks.from_bools(("kept",), {name: one[0]}).bits[name])
        bits[name] = torch.cat(kept)
    return ConceptMasks(masks.passes, masks.shapes, bits)


def sparser_units(
    masks: ConceptMasks, weights: Mapping[str, Float[Tensor, "_row _column"]], sparsity: float
) -> ConceptMasks:
    """The same of structured masks: of the whole network, the units whose weights are smallest in mean square go."""
    kept = KeptUnits.of(masks)
    layout, score = kept.layout, mean_squares(kept.layout, weights)
    budget = kept_weights(1 - sparsity, masks.weights)
    for pass_, density in masks.density().items():
        if not min(layout.costs) <= budget <= density * masks.weights + 0.5:
            raise InputError(f"A sparsity of {100 * sparsity:g} % came, which leaves {budget:,} weights; {pass_} keeps "
                             f"{density * masks.weights:,.0f} of them now. Allowed: at least one neuron, and no more "
                             "than now. Choose a sparsity above the present one and below 100 %.")
    flat = torch.stack([best_units(score, on, layout, budget, torch.zeros_like(on)) for on in kept.flat])
    return KeptUnits.of_flat(layout, flat).masks(masks.passes, masks.device)


def _one(masks: ConceptMasks, choose: Callable[[Bits], OneMask]) -> ConceptMasks:
    bits = {name: choose(bits).unsqueeze(0) for name, bits in masks.bits.items()}
    return ConceptMasks(("one",), masks.shapes, bits, masks.layout)


def compare(first: Subnetworks, second: Subnetworks, sources: tuple[MaskSource, MaskSource]) -> MaskComparison:
    """What the masks of two sources have in common; InputError where they are not of the same passes and matrices.

    Weights are the same when they stand in the same place. Takes about three times the memory of the packed bits.
    """
    require_same(first, second, sources)
    concepts = len(first.concepts)

    def stacked(name: str) -> Bits:
        ours, theirs = first.masks.bits[name].cpu(), second.masks.bits[name].cpu()
        return torch.cat([theirs, ours, *(exclusive_bits(ours, k, concepts)[None] for k in range(concepts))])

    passes = (*second.masks.passes, *first.masks.passes, *first.concepts)
    layout = first.masks.layout if second.masks.layout is not None else None
    masks = ConceptMasks(passes, first.masks.shapes, {name: stacked(name) for name in first.sites}, layout)
    across = mask_overlap(Subnetworks(masks, first.sites, first.concepts, first.heads))
    return MaskComparison(*sources, (mask_overlap(first), mask_overlap(second)), across)


def compare_folder(first: Subnetworks, source: MaskSource, folder: Path) -> MaskComparison:
    """The same with the masks of a checkpoint folder, whose weights are not read; CheckpointError where it has none."""
    outline = load_outline(folder)
    other = MaskSource(folder.name, outline.hash, outline.metrics)
    return compare(first, Subnetworks.of(outline), (source, other))


def require_same(first: Subnetworks, second: Subnetworks, sources: tuple[MaskSource, MaskSource]) -> None:
    """InputError unless both have masks of the same passes and matrices."""
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
