"""Where in the network a mask change drops and grows weights."""

import numpy as np

from sparsecbm.edits.change_counts import ChangeCounts, Counts, PlaceCounts
from sparsecbm.edits.edit import MaskChange, Positions
from sparsecbm.explain.parts import Subnetworks, head_parts


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
