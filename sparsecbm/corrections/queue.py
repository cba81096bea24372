"""Which text and field a person is asked next, and why."""

from dataclasses import dataclass
from typing import Any

import numpy as np
from jaxtyping import Bool, Float

from sparsecbm.errors import ConfigError
from sparsecbm.figures.text import percent

#: One row for each text, one column for each field: the label first, then the concepts.
Open = Bool[np.ndarray, "row field"]


@dataclass(frozen=True)
class Weights:
    """How much each reason to ask counts; only their ratios matter."""

    uncertainty: float = 0.5
    disagreement: float = 0.25
    diversity: float = 0.25

    def __post_init__(self) -> None:
        parts = (self.uncertainty, self.disagreement, self.diversity)
        if not all(0 <= part < float("inf") for part in parts) or not any(parts):
            raise ConfigError(f"The weights {parts} came; allowed: numbers from 0, not all of them 0.")


@dataclass(frozen=True, eq=False)
class Pool:
    """What a model makes of the texts that can be asked about.

    uncertainty   entropy of what the model predicts for a field, divided by the largest that it could be, 0..1
    disagreement  half the summed difference between the label's probabilities and those from the concepts alone, 0..1
    features      of every text, of length 1, so that products are cosines; an array, or a sparse matrix of scipy
    """

    fields: tuple[str, ...]
    uncertainty: Float[np.ndarray, "row field"]
    disagreement: Float[np.ndarray, " row"]
    features: Any

    def __len__(self) -> int:
        return len(self.disagreement)


@dataclass(frozen=True)
class Asked:
    """A field of a text to ask about, by their places in the pool; `score` and its three reasons are 0..1."""

    row: int
    field: str
    score: float
    uncertainty: float
    disagreement: float
    diversity: float

    @property
    def reason(self) -> str:
        """Why it is asked, for people."""
        return (f"unsure {percent(self.uncertainty)}, label and concepts apart {percent(self.disagreement)}, "
                f"unlike the texts before {percent(self.diversity)}")


WEIGHTS = Weights()
