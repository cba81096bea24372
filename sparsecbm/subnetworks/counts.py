"""How masks share weights: exact counts per unit (a matrix, layer, head or neuron), and what chance would give."""

from collections.abc import Sequence
from dataclasses import dataclass, fields, replace

import numpy as np
from jaxtyping import Float, Int

#: Shares that differ by less print the same two decimals.
ALIKE = 0.005

Pairs = Float[np.ndarray, "unit pass_ pass_"]
PairCounts = Int[np.ndarray, "unit pass_ pass_"]


@dataclass(frozen=True, eq=False)
class MaskCounts:
    """One row per unit. `passes` are the concepts and then, where there is one, the residual.

    weights    masked weights of the unit
    both       weights that two passes both keep; the diagonal is what each keeps
    exclusive  weights that a concept keeps and no other concept; of the residual, those that no concept keeps
    shared_by  weights that exactly 0, 1, .. of the concepts keep; the residual does not count
    expected   mean of `both` for independent masks that keep as many weights in each matrix; the diagonal is certain
    variance   its variance: hypergeometric in each matrix, added up over the unit's matrices; where whole heads and
               neurons are kept, these are what is drawn, and matrices of the same ones are drawn together
    """

    units: tuple[str, ...]
    passes: tuple[str, ...]
    weights: Int[np.ndarray, " unit"]
    both: PairCounts
    exclusive: Int[np.ndarray, "unit pass_"]
    shared_by: Int[np.ndarray, "unit sharers"]
    expected: Pairs
    variance: Pairs

    def __post_init__(self) -> None:
        for name in ARRAYS:
            getattr(self, name).setflags(write=False)  # results are shared

    @classmethod
    def of(
        cls, units: Sequence[str], passes: tuple[str, ...], weights: Int[np.ndarray, " unit"], both: PairCounts,
        exclusive: Int[np.ndarray, "unit pass_"], shared_by: Int[np.ndarray, "unit sharers"], together: int = 1,
    ) -> "MaskCounts":
        """Counts of units that lie in one matrix each, with what chance would give there; so many weights are always
        kept or dropped `together`."""
        expected, variance = _chance(weights, both, together)
        return cls(tuple(units), passes, weights, both, exclusive, shared_by, expected, variance)

    @classmethod
    def joined(cls, parts: Sequence["MaskCounts"]) -> "MaskCounts":
        """The units of several tables in one; at least one table."""
        arrays = {name: np.concatenate([getattr(part, name) for part in parts]) for name in ARRAYS}
        return cls(tuple(unit for part in parts for unit in part.units), parts[0].passes, **arrays)

    def summed(self, names: Sequence[str]) -> "MaskCounts":
        """Units of the same name added up, in the order in which the names first come.

        Means and variances add up too, so that matrices of different densities do not look like an overlap.
        """
        units = tuple(dict.fromkeys(names))
        place = {unit: row for row, unit in enumerate(units)}
        rows = np.array([place[name] for name in names], dtype=np.int64)
        order = np.argsort(rows, kind="stable")
        starts = np.searchsorted(rows[order], np.arange(len(units)))
        return MaskCounts(units, self.passes, **{n: np.add.reduceat(getattr(self, n)[order], starts) for n in ARRAYS})

    def tied(self, names: Sequence[str]) -> "MaskCounts":
        """As `summed`, of units of the same name that always keep the same: not variances but deviations add up."""
        sums = self.summed(names)
        deviations = replace(self, variance=np.sqrt(self.variance)).summed(names).variance
        return replace(sums, variance=deviations**2)

    def merged(self, names: Sequence[str]) -> "MaskCounts":
        """As `summed`, of parts of one matrix: chance is that of the larger part as a whole."""
        sums = self.summed(names)
        return MaskCounts.of(sums.units, sums.passes, sums.weights, sums.both, sums.exclusive, sums.shared_by)

    @property
    def kept(self) -> Int[np.ndarray, "unit pass_"]:
        """Weights that each pass keeps."""
        return np.diagonal(self.both, axis1=1, axis2=2)

    @property
    def density(self) -> Float[np.ndarray, "unit pass_"]:
        """Share of the weights that each pass keeps, 0..1."""
        return np.asarray(self.kept / self.weights[:, None])

    @property
    def union(self) -> PairCounts:
        """Weights that at least one of two passes keeps."""
        return np.asarray(self.kept[:, :, None] + self.kept[:, None, :] - self.both)

    @property
    def jaccard(self) -> Pairs:
        """Intersection over union, 0..1; 1 where both passes are empty."""
        return np.where(self.union == 0, 1.0, self.both / np.maximum(self.union, 1))

    @property
    def containment(self) -> Pairs:
        """Share of the first pass's weights that the second keeps too, 0..1; 1 where the first is empty."""
        kept = self.kept[:, :, None]
        return np.where(kept == 0, 1.0, self.both / np.maximum(kept, 1))

    @property
    def expected_jaccard(self) -> Pairs:
        """d_i d_j / (d_i + d_j - d_i d_j) for the unit's densities d: about what independent masks have in common.

        A pass has itself in common for certain: the diagonal is 1.
        """
        first, second = self.density[:, :, None], self.density[:, None, :]
        either = first + second - first * second
        chance = np.where(either == 0, 1.0, first * second / np.where(either == 0, 1.0, either))
        return np.where(np.eye(len(self.passes), dtype=bool), 1.0, chance)

    @property
    def z(self) -> Pairs:
        """How many standard deviations `both` lies above chance; 0 where chance leaves no choice."""
        spread = np.sqrt(self.variance)
        return np.where(spread == 0, 0.0, (self.both - self.expected) / np.where(spread == 0, 1.0, spread))

    @property
    def core(self) -> Int[np.ndarray, " unit"]:
        """Weights that every concept keeps."""
        return self.shared_by[:, -1]

    @property
    def used(self) -> Int[np.ndarray, " unit"]:
        """Weights that at least one concept keeps."""
        return np.asarray(self.weights - self.shared_by[:, 0])

    @property
    def exclusive_share(self) -> Float[np.ndarray, "unit concept"]:
        """Each concept's exclusive weights as a share of all that any concept keeps, 0..1; 0 where none is kept."""
        concepts = self.shared_by.shape[1] - 1
        return np.asarray(self.exclusive[:, :concepts] / np.maximum(self.used, 1)[:, None])


#: The fields that have a row per unit.
ARRAYS = tuple(field.name for field in fields(MaskCounts))[2:]


def _chance(weights: Int[np.ndarray, " unit"], both: PairCounts, together: int) -> tuple[Pairs, Pairs]:
    """Mean and variance of the intersection of two random subsets of these sizes, one set of `weights` per unit, of
    which so many are drawn together."""
    kept = np.diagonal(both, axis1=1, axis2=2) / together
    first, second, n = kept[:, :, None], kept[:, None, :], (weights / together)[:, None, None]
    expected = first * second / n
    variance = expected * (n - first) / n * (n - second) / np.maximum(n - 1, 1)
    same = np.eye(both.shape[-1], dtype=bool)
    return together * np.where(same, first, expected), together**2 * np.where(same, 0.0, variance)
