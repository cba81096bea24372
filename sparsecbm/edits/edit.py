"""What a person changes of a model's answer: a concept set to a distribution, or the weights that a pass uses."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from jaxtyping import Int

#: Per matrix, flat positions of weights in ascending order; a matrix without any is left out.
Positions = Mapping[str, Int[np.ndarray, " weight"]]


@dataclass(frozen=True, eq=False)
class MaskChange:
    """Weights that one pass no longer uses (`dropped`) and now uses (`grown`), relative to the masks before it."""

    pass_: str
    dropped: Positions
    grown: Positions

    @property
    def dropped_count(self) -> int:
        """Weights that go."""
        return sum(len(positions) for positions in self.dropped.values())

    @property
    def grown_count(self) -> int:
        """Weights that come."""
        return sum(len(positions) for positions in self.grown.values())

    @property
    def inverse(self) -> "MaskChange":
        """The change that undoes this one."""
        return MaskChange(self.pass_, self.grown, self.dropped)


@dataclass(frozen=True)
class Override:
    """A concept set to a distribution over its values; None gives it back to the model."""

    concept: str
    distribution: tuple[float, ...] | None


@dataclass(frozen=True, eq=False)
class Revision:
    """A concept's mask changed so that the concept of a review goes to `value`.

    `portion` is the share of the active weights, 0..1, that was exchanged at most over all `steps` together.
    """

    concept: str
    value: str
    portion: float
    steps: int
    change: MaskChange


Edit = Override | Revision
