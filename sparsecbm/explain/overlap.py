"""How the subnetworks of a checkpoint overlap, counted on their packed masks."""

from collections.abc import Iterable, Sequence
from typing import Literal

import numpy as np

from sparsecbm.explain.bits import Counts, along, count, whole_matrix
from sparsecbm.explain.parts import Part, Subnetworks, head_parts, neuron_parts, output_axis
from sparsecbm.model.backbone import WeightSite
from sparsecbm.subnetworks.counts import MaskCounts
from sparsecbm.subnetworks.overlap import ExclusiveUnit, LayerOverlap, MaskOverlap


def mask_overlap(subnetworks: Subnetworks) -> MaskOverlap:
    """The overlap in every masked matrix, and so by layer, by module and in total.

    One sweep over the packed bits; beside them, memory for a few copies of the largest matrix's bits.
    """
    masks, sites = subnetworks.masks, subnetworks.sites
    tables = [_table([name], subnetworks, count(whole_matrix(masks.bits[name], site.shape), len(subnetworks.concepts)),
                     site.shape[0] * site.shape[1]) for name, site in sites.items()]
    return MaskOverlap(subnetworks.concepts, MaskCounts.joined(tables),
                       tuple(str(site.layer) for site in sites.values()), tuple(site.role for site in sites.values()))


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


def _table(names: Sequence[str], subnetworks: Subnetworks, counts: Counts, weights_each: int) -> MaskCounts:
    both, exclusive, shared_by = counts
    weights = np.full(len(names), weights_each, dtype=np.int64)
    shared_by[:, 0] = weights - shared_by.sum(axis=1)
    return MaskCounts.of(names, subnetworks.masks.passes, weights, both, exclusive, shared_by)


def _empty(subnetworks: Subnetworks) -> MaskCounts:
    passes, concepts = len(subnetworks.masks.passes), len(subnetworks.concepts)
    none = np.zeros((0, 1 + passes + passes * passes), dtype=np.int64)
    counts = none[:, 1 + passes :].reshape(0, passes, passes), none[:, 1 : 1 + passes], none[:, : concepts + 1]
    return _table([], subnetworks, counts, 0)
