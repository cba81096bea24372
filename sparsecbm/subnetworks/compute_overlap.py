"""How the subnetworks of a checkpoint overlap, counted on their packed masks."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
import torch
from jaxtyping import Float, Int, UInt8
from torch import Tensor

from sparsecbm.model.backbone import WeightSite
from sparsecbm.model.masks import Bits, ConceptMasks
from sparsecbm.model.network import SparseCBM
from sparsecbm.model.subnetwork_masks import Subnetworks
from sparsecbm.model.units import Part, head_parts, neuron_parts, output_axis
from sparsecbm.subnetworks.counts import MaskCounts, PairCounts
from sparsecbm.subnetworks.overlap import ExclusiveUnit, LayerOverlap, MaskOverlap

Units = UInt8[np.ndarray, "pass_ unit packed"]
Counts = tuple[PairCounts, Int[np.ndarray, "unit pass_"], Int[np.ndarray, "unit sharers"]]


def whole_matrix(bits: Bits, shape: tuple[int, int]) -> Units:
    """The masks of one matrix as a single unit; bits beyond its last weight are cleared."""
    packed: np.ndarray = bits.cpu().numpy()
    rest = shape[0] * shape[1] % 8
    if rest:
        packed = packed.copy()
        packed[:, -1] &= 0xFF << 8 - rest & 0xFF
    return packed[:, None]


def along(bits: Bits, shape: tuple[int, int], axis: int) -> Units:
    """The masks of one matrix by row (axis 0) or by column (axis 1), each padded to whole bytes."""
    rows, columns = shape
    packed: np.ndarray = bits.cpu().numpy()
    if axis == 0 and columns % 8 == 0:
        return packed.reshape(len(packed), rows, columns // 8)
    units = []
    for one in packed:
        grid = np.unpackbits(one, count=rows * columns).reshape(rows, columns)
        units.append(np.packbits(grid, axis=1) if axis == 0 else np.packbits(grid, axis=0).T)
    return np.ascontiguousarray(units)


def count(units: Units, concepts: int) -> Counts:
    """`both`, `exclusive` and the used part of `shared_by` of every unit; see `MaskCounts`.

    The first `concepts` passes are the concepts' masks. Entry 0 of `shared_by` stays 0: a bit that no mask has may be
    padding.
    """
    masks = _words(units)
    passes = len(masks)
    both = np.empty((masks.shape[1], passes, passes), dtype=np.int64)
    for i in range(passes):
        for j in range(i + 1):
            both[:, i, j] = both[:, j, i] = _ones(masks[i] & masks[j])
    digits = _users(masks[:concepts])
    shared_by = np.zeros((masks.shape[1], concepts + 1), dtype=np.int64)
    for users in range(1, concepts + 1):
        shared_by[:, users] = _ones(_exactly(digits, users))
    once, any_ = _exactly(digits, 1), np.bitwise_or.reduce(digits)
    exclusive = [_ones(mask & (once if k < concepts else ~any_)) for k, mask in enumerate(masks)]
    return both, np.stack(exclusive, axis=1), shared_by


def _words(units: Units) -> np.ndarray:
    """The same bits in the largest words that fit: fewer numbers to go through."""
    for kind in (np.uint64, np.uint32, np.uint16):
        if units.shape[-1] % np.dtype(kind).itemsize == 0:
            return units.view(kind)
    return units


def _ones(words: np.ndarray) -> Int[np.ndarray, " unit"]:
    ones: np.ndarray = np.bitwise_count(words).sum(axis=-1, dtype=np.int64)
    return ones


def _users(masks: np.ndarray) -> np.ndarray:
    """For every weight at once, in how many masks it is: the binary digits of that number, lowest first."""
    digits = np.zeros((len(masks).bit_length(), *masks.shape[1:]), dtype=masks.dtype)
    for mask in masks:
        carry = mask
        for place, digit in enumerate(digits):
            digits[place], carry = digit ^ carry, digit & carry
    return digits


def _exactly(digits: np.ndarray, number: int) -> np.ndarray:
    """The weights whose digits make this number, which is not 0."""
    chosen = [digit if number >> place & 1 else ~digit for place, digit in enumerate(digits)]
    weights: np.ndarray = np.bitwise_and.reduce(chosen)
    return weights


def mask_overlap(subnetworks: Subnetworks) -> MaskOverlap:
    """The overlap in every masked matrix, and so by layer, by module and in total.

    One sweep over the packed bits; it needs memory for a few more copies of the largest matrix's bits.
    """
    masks, sites = subnetworks.masks, subnetworks.sites
    parts = {} if masks.layout is None else masks.layout.parts
    tables = []
    for name, site in sites.items():
        weights = site.shape[0] * site.shape[1]
        together = weights // parts[name][2].units if parts else 1
        tables.append(_table([name], subnetworks, count(whole_matrix(masks.bits[name], site.shape),
                                                        len(subnetworks.concepts)), weights, together))
    return MaskOverlap(subnetworks.concepts, MaskCounts.joined(tables),
                       tuple(str(site.layer) for site in sites.values()), tuple(site.role for site in sites.values()),
                       tuple(parts[name][0] for name in sites) if parts else None)


def layer_overlap(subnetworks: Subnetworks, layer: int) -> LayerOverlap:
    """The overlap in every head and neuron of one layer; InputError when there is no such layer.

    A backbone whose parts have unknown names has no heads or no neurons here, but always outputs.
    """
    sites = subnetworks.layer(layer)

    def by_unit(parts: Sequence[Part]) -> MaskCounts:
        tables = [_empty(subnetworks)]
        for part in parts:
            tables.append(_along(subnetworks, part.site, part.axis).merged([str(unit) for unit in part.owners]))
        joined = MaskCounts.joined(tables)
        return joined.summed(joined.units)

    return LayerOverlap(layer, by_unit(head_parts(sites, subnetworks.heads)), by_unit(neuron_parts(sites)),
                        {site.role: _along(subnetworks, site, output_axis(site)) for site in sites})


def most_exclusive(
    layers: Iterable[LayerOverlap],
    concept: int,
    kind: Literal["heads", "neurons"] = "heads",
    by: Literal["exclusive", "share"] = "exclusive",
    most: int = 10,
) -> tuple[ExclusiveUnit, ...]:
    """The heads or neurons with the most weights that only this concept keeps, or with the largest share of them.

    Of equals, the earlier layer and the lower number comes first.
    """
    found = []
    for layer in layers:
        counts: MaskCounts = getattr(layer, kind)
        own, used = counts.exclusive[:, concept], counts.used
        rank = own if by == "exclusive" else counts.exclusive_share[:, concept]
        found += [ExclusiveUnit(layer.layer, int(unit), int(own[unit]), int(used[unit]))
                  for unit in np.argsort(-rank, kind="stable")[:most]]
    return tuple(sorted(found, key=lambda unit: (-getattr(unit, by), unit.layer, unit.unit))[:most])


def _along(subnetworks: Subnetworks, site: WeightSite, axis: int) -> MaskCounts:
    """A unit per row (axis 0) or column (axis 1) of a matrix as it is stored."""
    counts = count(along(subnetworks.masks.bits[site.name], site.shape, axis), len(subnetworks.concepts))
    return _table([str(place) for place in range(site.shape[axis])], subnetworks, counts, site.shape[1 - axis])


def _table(
    names: Sequence[str], subnetworks: Subnetworks, counts: Counts, weights_each: int, together: int = 1
) -> MaskCounts:
    both, exclusive, shared_by = counts
    weights = np.full(len(names), weights_each, dtype=np.int64)
    shared_by[:, 0] = weights - shared_by.sum(axis=1)
    return MaskCounts.of(names, subnetworks.masks.passes, weights, both, exclusive, shared_by, together)


def _empty(subnetworks: Subnetworks) -> MaskCounts:
    passes, concepts = len(subnetworks.masks.passes), len(subnetworks.concepts)
    none = np.zeros((0, 1 + passes + passes * passes), dtype=np.int64)
    counts = none[:, 1 + passes :].reshape(0, passes, passes), none[:, 1 : 1 + passes], none[:, : concepts + 1]
    return _table([], subnetworks, counts, 0)


@dataclass(frozen=True)
class Sparsity:
    """Shares dropped, 0..1.

    masked_weights  of the masked matrices, by each pass
    whole_model     of all parameters of the model, by a pass on average; embeddings and heads are never dropped
    union           of the masked matrices, by all passes alike: only this need not be stored
    """

    masked_weights: dict[str, float]
    whole_model: float
    union: float


def head_accuracy(
    model: SparseCBM, pooled: Float[Tensor, "row pass_ hidden"], concepts: Int[np.ndarray, "row concept"]
) -> Float[np.ndarray, "mask concept"]:
    """Accuracy of each concept's head (column) on the pass of each concept's mask (row).

    Rows without a known truth (-1) are left out of that concept's column.
    """
    with torch.no_grad():
        predicted = model.cross_logits(pooled).argmax(-1).cpu().numpy()  # [row, mask, concept]
    hits = (predicted == concepts[:, None]).sum(0)  # a prediction is never -1
    accuracy: np.ndarray = hits / (concepts >= 0).sum(0)
    return accuracy


def sparsity(model: SparseCBM, masks: ConceptMasks | None) -> Sparsity:
    """How much the masks drop; nothing without masks."""
    if masks is None:
        return Sparsity(dict.fromkeys(model.config.passes, 0.0), 0.0, 0.0)
    dropped = {name: 1 - density for name, density in masks.density().items()}
    parameters = sum(parameter.numel() for parameter in model.parameters())
    average = float(np.mean(list(dropped.values())))
    return Sparsity(dropped, average * masks.weights / parameters, 1 - masks.union_density())
