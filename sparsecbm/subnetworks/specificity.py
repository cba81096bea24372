"""Whether each subnetwork carries its concept: accuracy on a split with its own mask, other masks and knock-outs."""

import statistics
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
from jaxtyping import Float

from sparsecbm.errors import CheckpointError

Accuracies = Float[np.ndarray, "removed concept"]
#: A concept whose own mask is less than this ahead of the best other one is only weakly specific.
LEAST_LEAD = 0.05

#: Accuracy of each concept's head (column) from each concept's mask (row).
Specificity = Float[np.ndarray, "mask concept"]


@dataclass(frozen=True)
class Lead:
    """How far a concept's own mask is ahead of the best other mask on the concept's head, and whose that is."""

    concept: str
    own: float
    best_other: str
    other: float

    @property
    def lead(self) -> float:
        """The difference of the two accuracies; negative when another mask does better."""
        return self.own - self.other

    @property
    def weak(self) -> bool:
        """True when the lead is too small to call the subnetwork this concept's own."""
        return round(self.lead, 6) < LEAST_LEAD


def reported_specificity(metrics: Mapping[str, Any], concepts: int) -> tuple[Specificity, str, int] | None:
    """The [mask, head] accuracy of a stored report, its split and its number of rows; None where there is none."""
    report = metrics.get("dev") or {}
    try:
        square = np.array(report.get("specificity"), dtype=float)
    except (TypeError, ValueError):
        return None
    if square.shape != (concepts, concepts) or not np.isfinite(square).all():
        return None
    return square, str(report.get("split", "dev")), int(report.get("n", 0))


def leads(specificity: Specificity, concepts: tuple[str, ...]) -> tuple[Lead, ...]:
    """Every concept's lead; none where there is no other concept."""
    found = []
    for k, concept in enumerate(concepts):
        others = [(float(specificity[j, k]), j) for j in range(len(concepts)) if j != k]
        if others:
            accuracy, best = max(others, key=lambda other: other[0])
            found.append(Lead(concept, float(specificity[k, k]), concepts[best], accuracy))
    return tuple(found)


@dataclass(frozen=True)
class SpecificitySettings:
    """The same settings give the same figures.

    `checkpoint` and `data_hash` are hashes of the content, `n` the rows of the split that were read, all or drawn by
    `seed`, and `random_masks` the masks per concept that were drawn by it.
    """

    checkpoint: str
    split: str
    data_hash: str
    n: int
    random_masks: int
    seed: int


@dataclass(frozen=True)
class Necessity:
    """Accuracy of one concept's head, 0..1, over the `n` rows where the truth is known.

    own         through the concept's own mask
    complement  through all weights that this mask drops
    swap        through each other concept's mask
    random      through random masks that keep as many weights in each matrix, one figure per mask
    majority    by always answering the most frequent value
    """

    n: int
    own: float
    complement: float
    swap: Mapping[str, float]
    random: tuple[float, ...]
    majority: float

    @property
    def random_mean(self) -> float:
        """Mean over the random masks."""
        return statistics.fmean(self.random)

    @property
    def random_sd(self) -> float:
        """Their standard deviation (of a sample), 0 for a single mask."""
        return statistics.stdev(self.random) if len(self.random) > 1 else 0.0

    @property
    def lead(self) -> float | None:
        """How far the own mask is ahead of the best other concept's; None without another concept."""
        return self.own - max(self.swap.values()) if self.swap else None


@dataclass(frozen=True, eq=False)
class SpecificityReport:
    """`specificity` is [mask, head] accuracy; a concept's head should do best through its own mask.

    The knock-outs take weights out of every pass: row by row all weights of a concept's mask, or only those that no
    other concept keeps; column by column what accuracy each concept is left with. `necessity[c].own` is before.
    """

    settings: SpecificitySettings
    concepts: tuple[str, ...]
    specificity: Specificity
    necessity: Mapping[str, Necessity]
    without: Accuracies
    without_exclusive: Accuracies

    def cost(self, exclusive: bool = False) -> Accuracies:
        """Accuracy that each concept (column) loses when a concept's weights (row) are taken out; may be negative."""
        before = np.array([self.necessity[concept].own for concept in self.concepts])
        return np.asarray(before - (self.without_exclusive if exclusive else self.without))

    def to_json(self) -> dict[str, Any]:
        """Plain JSON values, under their names in metrics.json."""
        return {
            "probe": asdict(self.settings),
            "specificity": self.specificity.tolist(),
            "necessity": {concept: {
                "own": one.own, "complement": one.complement, "swap": dict(one.swap),
                "random": {"mean": one.random_mean, "sd": one.random_sd}, "draws": list(one.random),
                "majority": one.majority, "n": one.n,
            } for concept, one in self.necessity.items()},
            "knock_out": {"whole": self._named(self.without), "exclusive": self._named(self.without_exclusive)},
        }

    @classmethod
    def from_json(cls, values: Mapping[str, Any]) -> "SpecificityReport":
        """The inverse of `to_json`, also out of a whole metrics.json; CheckpointError when it holds something else."""
        try:
            necessity = {concept: Necessity(one["n"], one["own"], one["complement"], one["swap"], tuple(one["draws"]),
                                            one["majority"]) for concept, one in values["necessity"].items()}
            concepts = tuple(necessity)
            tables = [np.array([[values["knock_out"][part][removed][concept] for concept in concepts]
                                for removed in concepts]) for part in ("whole", "exclusive")]
            return cls(SpecificitySettings(**values["probe"]), concepts, np.array(values["specificity"]), necessity,
                       *tables)
        except (KeyError, TypeError, AttributeError) as error:
            raise CheckpointError(f"The stored specificity cannot be read ({error!r}); allowed: what "
                                  "`overlap --probe --save` writes. Measure it again.") from None

    def _named(self, table: Accuracies) -> dict[str, dict[str, float]]:
        return {removed: dict(zip(self.concepts, row.tolist(), strict=True))
                for removed, row in zip(self.concepts, table, strict=True)}
