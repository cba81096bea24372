"""How much each attention head and feed-forward neuron of one pass contributes to a logit, and through which words."""

from dataclasses import dataclass
from typing import Literal

import numpy as np
from jaxtyping import Float

from sparsecbm.subnetworks.knockout import KnockOut
from sparsecbm.types import Target, Word

Kind = Literal["head", "neuron"]


@dataclass(frozen=True)
class Unit:
    """An attention head or a feed-forward neuron; layers and units are numbered from 0."""

    kind: Kind
    layer: int
    number: int

    def __str__(self) -> str:
        return f"{self.kind} {self.number} of layer {self.layer}"

    def knock_out(self, within: str) -> KnockOut:
        """Taking this unit out of one pass."""
        if self.kind == "head":
            return KnockOut(layer=self.layer, head=self.number, within=within)
        return KnockOut(layer=self.layer, neurons=(self.number,), within=within)


@dataclass(frozen=True, eq=False)
class UnitScores:
    """Scores of all units of one kind, in logits: positive supports the target.

    `layers` are the numbers of the layers that have such units; all have as many. `words` is the part of each score
    that comes from a word's place in the review; the rest comes from tokens of no word, such as [CLS].
    """

    layers: tuple[int, ...]
    scores: Float[np.ndarray, "layer unit"]
    words: Float[np.ndarray, "layer unit word"]

    def __post_init__(self) -> None:
        for array in (self.scores, self.words):
            array.setflags(write=False)  # results are shared


@dataclass(frozen=True, eq=False)
class UnitAttribution:
    """Gradient x activation of every head and neuron in the pass `through`, for the target's logit.

    A concept's target is its logit through the concept's own pass; a label's is what the pass adds to the label.
    `logit` is that number, without the constant bias of its head. A score is to first order what the logit would lose
    without the unit; scores of different layers overlap, because a layer works on the output of those before it.
    `milliseconds` is wall time.
    """

    target: Target
    through: str
    words: tuple[Word, ...]
    logit: float
    heads: UnitScores
    neurons: UnitScores
    method: str
    milliseconds: float

    def of(self, kind: Kind) -> UnitScores:
        """The scores of all heads, or of all neurons."""
        return self.heads if kind == "head" else self.neurons

    def score(self, unit: Unit) -> float:
        """One unit's score."""
        found = self.of(unit.kind)
        return float(found.scores[found.layers.index(unit.layer), unit.number])

    def word_scores(self, unit: Unit) -> Float[np.ndarray, " word"]:
        """One unit's score, word by word."""
        found = self.of(unit.kind)
        words: np.ndarray = found.words[found.layers.index(unit.layer), unit.number]
        return words

    def strongest(self, kind: Kind, most: int = 10) -> tuple[Unit, ...]:
        """The units with the largest scores whatever their sign; of equals, the earlier layer and lower number."""
        found = self.of(kind)
        order = np.argsort(-np.abs(found.scores), axis=None, kind="stable")[:most]
        rows, columns = np.unravel_index(order, found.scores.shape)
        return tuple(Unit(kind, found.layers[row], int(column)) for row, column in zip(rows, columns, strict=True))

    @property
    def nbytes(self) -> int:
        """Memory of the numbers and words, roughly."""
        arrays = (self.heads.scores, self.heads.words, self.neurons.scores, self.neurons.words)
        return 1000 + sum(array.nbytes for array in arrays) + 200 * len(self.words)
