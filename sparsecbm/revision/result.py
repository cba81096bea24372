"""What a mask revision did: to the prediction, step by step, and in which parts of the network."""

from dataclasses import dataclass

import numpy as np
from jaxtyping import Int

from sparsecbm.revision.edit import Revision
from sparsecbm.types import Prediction, Receipt


@dataclass(frozen=True)
class RevisionStep:
    """The concept after `portion` of its pass's active weights, 0..1, had been exchanged.

    `probability` is that of the wanted value, 0..1; `cross_entropy` is minus its natural logarithm.
    """

    portion: float
    probability: float
    cross_entropy: float


@dataclass(frozen=True, eq=False)
class RevisionResult:
    """A document's prediction before and after a revision, or after a random exchange of the same size.

    `steps` begins with the state before; it is empty when the model predicted the value already, so that no weight was
    exchanged. `active` is the number of weights that the pass uses, the same before and after.
    """

    revision: Revision
    before: Prediction
    after: Prediction
    steps: tuple[RevisionStep, ...]
    active: int
    receipt: Receipt

    @property
    def already(self) -> bool:
        """True when the concept had the value before, so that nothing changed."""
        return not self.steps

    @property
    def agrees(self) -> bool:
        """True when the model now predicts the wanted value."""
        return self.after.value(self.revision.concept) == self.revision.value

    @property
    def dropped(self) -> int:
        """The number of weights that the pass no longer uses."""
        return self.revision.change.dropped_count

    @property
    def grown(self) -> int:
        """The number of weights that it uses only now."""
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
        """By how many weights each place grew; negative where it shrank."""
        net: Counts = self.grown - self.dropped
        return net


@dataclass(frozen=True, eq=False)
class ChangeCounts:
    """The weights of one change, counted by the modules of each layer (all weights) and by attention head.

    A weight of an attention matrix belongs to one head; the feed-forward matrices belong to none. `heads` has no
    columns where the names of a backbone's parts are unknown.
    """

    modules: PlaceCounts
    heads: PlaceCounts
