"""How many weights a mask change drops and grows in each part of the network."""

from dataclasses import dataclass

import numpy as np
from jaxtyping import Int

from sparsecbm.revision.edit import Revision
from sparsecbm.types import Prediction, Receipt


@dataclass(frozen=True)
class RevisionStep:
    """The concept once `portion` of its pass's active weights, 0..1, had been exchanged.

    `probability` is that of the wanted value, 0..1, and `cross_entropy` minus its natural logarithm.
    """

    portion: float
    probability: float
    cross_entropy: float


@dataclass(frozen=True, eq=False)
class RevisionResult:
    """The same review before and after a revision, or after random exchanges of the same size.

    `steps` begins with the state before; it is empty when the concept was as wanted already, and then nothing was
    changed. `active` counts the weights that the pass used before, and as many does it use after.
    """

    revision: Revision
    before: Prediction
    after: Prediction
    steps: tuple[RevisionStep, ...]
    active: int
    receipt: Receipt

    @property
    def already(self) -> bool:
        """True when there was nothing to do."""
        return not self.steps

    @property
    def agrees(self) -> bool:
        """True when the concept now is as wanted."""
        return self.after.value(self.revision.concept) == self.revision.value

    @property
    def dropped(self) -> int:
        """Weights that the pass no longer uses."""
        return self.revision.change.dropped_count

    @property
    def grown(self) -> int:
        """Weights that it uses now."""
        return self.revision.change.grown_count

    @property
    def label_changed(self) -> bool:
        """True when the most probable label differs."""
        return self.before.label != self.after.label


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
