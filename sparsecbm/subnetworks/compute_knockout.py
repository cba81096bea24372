"""Taking weights out of the passes: new masked weights, while the old ones are never written to."""

from collections.abc import Iterable, Sequence
from typing import TypeVar

import numpy as np
import torch
from jaxtyping import Bool
from torch import Tensor

from sparsecbm.errors import InputError, unknown_name
from sparsecbm.model.backbone import WeightSite
from sparsecbm.model.masks import Bits, ConceptMasks
from sparsecbm.model.network import MaskedWeights, PassWeights
from sparsecbm.model.small_pass import SmallPass
from sparsecbm.model.subnetwork_masks import Subnetworks
from sparsecbm.model.units import Part, head_parts, neuron_parts
from sparsecbm.subnetworks.compute_variants import OneMask, exclusive_bits
from sparsecbm.subnetworks.knockout import KnockOut

Own = TypeVar("Own", SmallPass, PassWeights)


def knock_out(
    weights: MaskedWeights, subnetworks: Subnetworks, knock_outs: Sequence[KnockOut]
) -> tuple[MaskedWeights, dict[str, int]]:
    """The weights without those knocked out, and how many each pass lost.

    Matrices that lose nothing are the same tensors as before. InputError when a knock-out names something that does
    not exist.
    """
    for one in knock_outs:
        _check(one, subnetworks)
    masks = subnetworks.masks
    removed, stacks = dict.fromkeys(masks.passes, 0), dict(weights.stacks)
    small, instead = list(weights.small), dict(weights.instead)
    for site in subnetworks.sites.values():
        gone = _gone(subnetworks, site, knock_outs)
        lost = [int(np.bitwise_count(bits.cpu().numpy()).sum()) for bits in gone]
        if not any(lost):
            continue
        chosen = ConceptMasks(masks.passes, {site.name: site.shape}, {site.name: gone}).unpack(site.name)
        if site.name in stacks:
            stacks[site.name] = stacks[site.name].masked_fill(chosen, 0)
        for k, some in enumerate(small):
            small[k] = _cut(some, site.name, chosen[k])
        instead = {k: _cut(own, site.name, chosen[k]) for k, own in instead.items()}
        for name, count in zip(masks.passes, lost, strict=True):
            removed[name] += count
    return MaskedWeights(stacks, tuple(small), instead), removed


def _cut(own: Own, name: str, gone: Bool[Tensor, "row column"]) -> Own:
    """What one pass runs on without some weights of one matrix; the same where it has none of them."""
    if isinstance(own, SmallPass):
        if name not in own.places:  # a silent unit
            return own
        axis, places = own.places[name]
        here = gone.index_select(axis, places)
        return own.with_tensors({name: own.tensors[name].masked_fill(here, 0)}) if here.any() else own
    return {**own, name: own[name].masked_fill(gone, 0)} if name in own else own


def _gone(subnetworks: Subnetworks, site: WeightSite, knock_outs: Iterable[KnockOut]) -> Bits:
    """The weights of one matrix that each pass keeps and loses."""
    passes, bits = subnetworks.masks.passes, subnetworks.masks.bits[site.name]
    gone = torch.zeros_like(bits)
    for one in knock_outs:
        place = _place(subnetworks, site, one)
        if place is None:
            continue
        if one.subnetwork is not None:
            k = passes.index(one.subnetwork)
            place = place & (exclusive_bits(bits, k, len(subnetworks.concepts)) if one.exclusive else bits[k])
        if one.within is None:
            gone |= place
        else:
            gone[passes.index(one.within)] |= place
    return gone & bits


def _place(subnetworks: Subnetworks, site: WeightSite, one: KnockOut) -> OneMask | None:
    """Where in a matrix a knock-out reaches, whatever the masks; None where it does not reach."""
    if one.layer is not None and one.layer != site.layer:
        return None
    device = subnetworks.masks.bits[site.name].device
    if one.head is None and one.neurons is None:
        return _packed(torch.ones(site.shape, dtype=torch.bool, device=device))
    parts, chosen = _parts(subnetworks, one)
    for part in parts:
        if part.site.name == site.name:
            line = torch.tensor([owner in chosen for owner in part.owners], device=device)
            return _packed((line[:, None] if part.axis == 0 else line[None, :]).expand(site.shape))
    return None


def _packed(chosen: Bool[Tensor, "row column"]) -> OneMask:
    return ConceptMasks.from_bools(("chosen",), {"matrix": chosen.unsqueeze(0)}).bits["matrix"][0]


def _parts(subnetworks: Subnetworks, one: KnockOut) -> tuple[list[Part], frozenset[int]]:
    """What the heads, or the neurons, of the layer are, and which of them are chosen."""
    assert one.layer is not None  # `_check` saw to it
    sites = subnetworks.layer(one.layer)
    if one.head is not None:
        return head_parts(sites, subnetworks.heads), frozenset({one.head})
    return neuron_parts(sites), frozenset(one.neurons or ())


def _check(one: KnockOut, subnetworks: Subnetworks) -> None:
    passes = subnetworks.masks.passes
    for kind, name in (("subnetwork", one.subnetwork), ("pass", one.within)):
        if name is not None and name not in passes:
            raise InputError(unknown_name(kind, name, passes))
    if one.exclusive and one.subnetwork is None:
        raise InputError("Exclusive weights came without a subnetwork; allowed: with one of "
                         f"{', '.join(passes)}. Say whose.")
    if one.layer is not None:
        subnetworks.layer(one.layer)
    if one.head is None and one.neurons is None:
        return
    if one.layer is None or (one.head is not None and one.neurons is not None):
        raise InputError(f"Head {one.head} and neurons {one.neurons} came with layer {one.layer}; allowed: either a "
                         "head or neurons, and the layer that they are of. Leave out the others.")
    parts, chosen = _parts(subnetworks, one)
    units = range(parts[0].units if parts else 0)
    if not chosen or not chosen <= set(units):
        kind, named = "Neurons" if one.head is None else "Head", ", ".join(map(str, sorted(chosen))) or "none"
        raise InputError(f"{kind} {named} of layer {one.layer} came; allowed: 0 to {len(units) - 1}. Choose others.")
