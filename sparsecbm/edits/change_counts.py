"""How many weights a mask change drops and grows in each part of the network."""

from dataclasses import dataclass

import numpy as np
from jaxtyping import Int

Counts = Int[np.ndarray, "row column"]


@dataclass(frozen=True, eq=False)
class PlaceCounts:
    """Weights dropped and grown at each place: layers are the rows, modules or heads the `columns`."""

    rows: tuple[str, ...]
    columns: tuple[str, ...]
    dropped: Counts
    grown: Counts

    @property
    def net(self) -> Counts:
        """Weights that a place has more afterwards; negative where it has fewer."""
        net: Counts = self.grown - self.dropped
        return net


@dataclass(frozen=True, eq=False)
class ChangeCounts:
    """One change counted twice: in every module of a layer, which is all of it, and in every attention head.

    A weight of the attention matrices is of one head; the feed-forward matrices are of none. `heads` has no columns
    where the parts of a backbone have unknown names.
    """

    modules: PlaceCounts
    heads: PlaceCounts
