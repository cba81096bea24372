"""Masks after a change, predictions through them, and the control: as many weights exchanged at random."""

from collections.abc import Mapping, Sequence
from dataclasses import replace

import numpy as np
import torch
from jaxtyping import Float, Int, UInt8
from torch import Tensor

from sparsecbm.errors import InputError, unknown_name
from sparsecbm.model.kept_units import KeptUnits
from sparsecbm.model.masks import ConceptMasks
from sparsecbm.model.network import PassWeights, SparseCBM
from sparsecbm.model.prediction import relabel
from sparsecbm.model.small_pass import small_pass
from sparsecbm.model.subnetwork_masks import Subnetworks
from sparsecbm.model.units import KINDS, head_parts
from sparsecbm.revision.edit import MaskChange, Positions
from sparsecbm.revision.result import ChangeCounts, Counts, PlaceCounts
from sparsecbm.types import Prediction

Exchanged = Int[np.ndarray, " _weight"]

#: The matrices of one pass by parameter name, each the weights times the mask.
Matrices = Mapping[str, Float[Tensor, "_row _column"]]


def changed_masks(masks: ConceptMasks, changes: Sequence[MaskChange]) -> ConceptMasks:
    """The masks after some changes, one after another; matrices without a change share their bits with `masks`.

    InputError when a change names an unknown pass, matrix or weight, drops a weight that is not used or grows one that
    is: then it was made for other masks. Structured masks change by whole units.
    """
    bits = dict(masks.bits)
    for change in changes:
        if change.pass_ not in masks.passes:
            raise InputError(unknown_name("pass", change.pass_, masks.passes))
        k = masks.passes.index(change.pass_)
        for name in dict.fromkeys((*change.dropped, *change.grown)):
            if name not in masks.shapes:
                raise InputError(unknown_name("matrix", name, masks.matrices))
            row = bits[name][k].cpu().numpy().copy()
            found = [_checked(positions, row, used, name, masks.shapes[name])
                     for positions, used in ((change.dropped, True), (change.grown, False))]
            for positions in found:
                np.bitwise_xor.at(row, positions >> 3, _place(positions))
            bits[name] = bits[name].clone()
            bits[name][k] = torch.from_numpy(row)
    after = masks.with_bits(bits)
    if after.layout is not None and changes:
        whole = KeptUnits.of(after).masks(after.passes, after.device).bits
        odd = [name for name in bits if not torch.equal(bits[name], whole[name])]
        if odd:
            raise InputError(f"A change came that takes parts of heads or neurons of {odd[0]}; allowed for structured "
                             "masks: whole ones. Apply it to the masks that it was made for.")
    return after


def _checked(
    positions: Positions, bits: UInt8[np.ndarray, " byte"], used: bool, name: str, shape: tuple[int, int]
) -> Int[np.ndarray, " weight"]:
    """The positions in one matrix; InputError unless they exist, ascend, and are all used (or all unused)."""
    found, size = positions.get(name, np.zeros(0, dtype=np.int32)), shape[0] * shape[1]
    if not len(found):
        return found
    if not (found[0] >= 0 and found[-1] < size and bool((found[1:] > found[:-1]).all())):
        raise InputError(f"A change of {name} has positions {found[0]} to {found[-1]}, or not in ascending order; "
                         f"allowed: different positions from 0 to {size - 1}, ascending.")
    wrong = int((((bits[found >> 3] & _place(found)) > 0) != used).sum())
    if wrong:
        what = "drops are not used" if used else "grows are used"
        raise InputError(f"{wrong} of {len(found)} weights of {name} that a change {what}: it is for other masks. "
                         "Apply it to the masks that it was made for.")
    return found


def _place(positions: Int[np.ndarray, " weight"]) -> UInt8[np.ndarray, " weight"]:
    """The bit of each position in its byte."""
    place: np.ndarray = (128 >> (positions & 7)).astype(np.uint8)
    return place


@torch.no_grad()
def changed_pass(model: SparseCBM, before: ConceptMasks, after: ConceptMasks, k: int) -> PassWeights:
    """What pass k runs on where its masks differ: the masked matrices that changed, or the whole small pass.

    Empty where nothing differs. Matrices that share their bits with `before` are skipped.
    """
    if after.layout is not None:
        same = all(torch.equal(bits[k], before.bits[name][k]) for name, bits in after.bits.items())
        return {} if same else small_pass(model.backbone, KeptUnits.of(after), k)
    weights = dict(model.backbone.named_parameters())
    return {name: weights[name] * after.unpack_pass(name, k) for name, bits in after.bits.items()
            if bits is not before.bits[name] and not torch.equal(bits[k], before.bits[name][k])}


@torch.inference_mode()
def replace_passes(
    model: SparseCBM, prediction: Prediction, pooled: Mapping[int, Float[Tensor, "_one hidden"]]
) -> Prediction:
    """The prediction with some passes replaced; only the heads run.

    `pooled` holds the mean states of the replaced passes by their number, the last one being the residual's. Every
    other concept has a pass of its own and keeps its probabilities, bit for bit.
    """
    probabilities, bottleneck = prediction.concept_probabilities.copy(), prediction.bottleneck.copy()
    residual = prediction.residual
    for k, states in pooled.items():
        if k < len(probabilities):
            logits = concept_logits(model, k, states)
            probabilities[k] = logits.softmax(-1)[0].cpu().numpy()
            bottleneck[k] = model.bottleneck(logits)[0].cpu().numpy()
        else:
            residual = model.residual_logits(states.unsqueeze(1))[0].cpu().numpy()
    return relabel(model, replace(prediction, concept_probabilities=probabilities, bottleneck=bottleneck,
                                  residual=residual))


def concept_logits(model: SparseCBM, k: int, pooled: Float[Tensor, "batch hidden"]) -> Float[Tensor, "batch value"]:
    """The logits of concept k from the states of its own pass alone."""
    return pooled @ model.concept_weight[k].T + model.concept_bias[k]


def random_edit(masks: ConceptMasks, like: MaskChange, seed: int = 0) -> MaskChange:
    """Drop and grow as many weights of the same pass and matrices as `like` does, each with the same probability.

    Of structured masks, as many heads and neurons of the same layers. The same seed draws the same weights. InputError
    when `like` does not fit the masks, or the seed is negative.
    """
    if seed < 0:
        raise InputError(f"The seed is {seed}; allowed: 0 or more. Choose another seed.")
    after, k = changed_masks(masks, [like]), masks.passes.index(like.pass_)
    if masks.layout is not None:
        return _random_units(KeptUnits.of(masks), KeptUnits.of(after), like.pass_, k, seed)
    generator = np.random.default_rng(seed)

    def drawn(positions: Positions, used: bool) -> Positions:
        found = {}
        for name in masks.matrices:
            count = len(positions.get(name, ()))
            if count:
                candidates = np.flatnonzero(masks.unpack_pass(name, k).flatten().cpu().numpy() == used)
                chosen = generator.choice(candidates, count, replace=False, shuffle=False)
                found[name] = np.sort(chosen).astype(np.int32)
        return found

    return MaskChange(like.pass_, drawn(like.dropped, used=True), drawn(like.grown, used=False))


def _random_units(before: KeptUnits, like: KeptUnits, pass_: str, k: int, seed: int) -> MaskChange:
    """Drop and grow as many heads and neurons of each layer as lead from `before` to `like`, drawn at random."""
    generator, drawn = np.random.default_rng(seed), []
    for kind in KINDS:
        units = before.of_kind(kind).clone()
        for old, new, made in zip(before.of_kind(kind)[k], like.of_kind(kind)[k], units[k], strict=True):
            for used in (True, False):
                candidates = np.flatnonzero(old.numpy() == used)
                count = int(((old != new) & (old == used)).sum())
                made[torch.from_numpy(generator.choice(candidates, count, replace=False))] = not used
        drawn.append(units)
    return unit_change(before, KeptUnits(before.layout, *drawn), pass_, k)


def unit_change(before: KeptUnits, after: KeptUnits, pass_: str, k: int) -> MaskChange:
    """What leads from some kept units to others in pass k, as a change of the single weights."""
    both = [units.masks(("pass",) * len(units.heads)) for units in (before, after)]
    found: tuple[dict[str, Exchanged], dict[str, Exchanged]] = ({}, {})
    for name in both[0].matrices:
        old, new = (masks.unpack_pass(name, k).flatten().numpy() for masks in both)
        for places, some in ((old & ~new, found[0]), (new & ~old, found[1])):
            if places.any():
                some[name] = np.flatnonzero(places).astype(np.int32)
    return MaskChange(pass_, *found)


def change_counts(subnetworks: Subnetworks, change: MaskChange) -> ChangeCounts:
    """The weights of a change by layer and module, and by layer and head."""
    roles = tuple(dict.fromkeys(site.role for site in subnetworks.sites.values()))
    heads = tuple(map(str, range(subnetworks.heads if head_parts(subnetworks.sites.values(), 1) else 0)))
    return ChangeCounts(
        PlaceCounts(_layers(subnetworks), roles, *(_by_module(subnetworks, some, roles)
                                                   for some in (change.dropped, change.grown))),
        PlaceCounts(_layers(subnetworks), heads, *(_by_head(subnetworks, some, len(heads))
                                                   for some in (change.dropped, change.grown))))


def _by_module(subnetworks: Subnetworks, positions: Positions, roles: tuple[str, ...]) -> Counts:
    counts = np.zeros((len(subnetworks.layers), len(roles)), dtype=np.int64)
    for name, some in positions.items():
        site = subnetworks.sites[name]
        counts[subnetworks.layers.index(site.layer), roles.index(site.role)] += len(some)
    return counts


def _by_head(subnetworks: Subnetworks, positions: Positions, heads: int) -> Counts:
    counts = np.zeros((len(subnetworks.layers), heads), dtype=np.int64)
    for part in head_parts(subnetworks.sites.values(), subnetworks.heads):
        some = positions.get(part.site.name)
        if some is not None:
            places = np.unravel_index(some, part.site.shape)[part.axis]
            owners = np.asarray(part.owners)[places]
            counts[subnetworks.layers.index(part.site.layer)] += np.bincount(owners, minlength=heads)
    return counts


def _layers(subnetworks: Subnetworks) -> tuple[str, ...]:
    return tuple(map(str, subnetworks.layers))
