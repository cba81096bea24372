"""Do subnetworks repeat when the same training runs again with another seed?

All runs start from the same pretrained backbone, so that a head, neuron or weight is the same one in each of them, and
what a concept keeps can be compared unit by unit.
"""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from functools import cached_property
from itertools import combinations
from typing import Any

import numpy as np
from jaxtyping import Float
from scipy.stats import permutation_test, rankdata, spearmanr

from sparsecbm.errors import CheckpointError
from sparsecbm.subnetworks.counts import ALIKE, MaskCounts

#: The key in metrics.json.
METRICS_KEY = "stability"
#: Orders are said to repeat where at most this share of random orders agree as well.
RARE = 0.05
#: Standard deviations above chance from which runs are said to keep the same units.
CLEAR = 2.0
_DRAWS = 9_999
_KINDS = ("heads", "neurons")


@dataclass(frozen=True)
class Run:
    """A checkpoint by the name of its folder, its content and the seed of its training, where that is known."""

    name: str
    checkpoint: str
    seed: int | None


@dataclass(frozen=True)
class Ranking:
    """How far several runs put the same things into the same order.

    correlations  Spearman's rank correlation of every two runs, -1..1, as `itertools.combinations` orders them
    chance        share of random orders, drawn for each run, whose mean correlation is at least as large, 0..1
    same          whether the order is the same in all runs
    """

    correlations: tuple[float, ...]
    chance: float
    same: bool

    @property
    def mean(self) -> float:
        """Mean over every two runs."""
        return float(np.mean(self.correlations))

    @property
    def repeats(self) -> bool:
        """True when chance seldom agrees as well."""
        return self.chance <= RARE

    def to_json(self) -> dict[str, Any]:
        """Plain JSON values."""
        return asdict(self) | {"mean": self.mean, "repeats": self.repeats}


def ranking(values: Float[np.ndarray, "run thing"]) -> Ranking | None:
    """How far the runs (at least two) order the things alike; None where there are fewer than two things, or they are
    alike in some run, so that its order says nothing."""
    if values.shape[1] < 2 or (np.ptp(values, axis=1) < ALIKE).any():
        return None
    ranks = rankdata(values, axis=1)
    centred = ranks - ranks.mean(axis=1, keepdims=True)
    unit = centred / np.linalg.norm(centred, axis=1, keepdims=True)

    def agreement(*runs: np.ndarray, axis: int) -> Any:
        return np.mean([(one * other).sum(axis=axis) for one, other in combinations(runs, 2)], axis=0)

    test = permutation_test(tuple(unit), agreement, permutation_type="pairings", vectorized=True, n_resamples=_DRAWS,
                            alternative="greater", rng=np.random.default_rng(0))
    correlations = tuple(float(spearmanr(one, other).statistic) for one, other in combinations(values, 2))
    return Ranking(correlations, float(test.pvalue), bool((ranks == ranks[0]).all()))


@dataclass(frozen=True)
class Agreement:
    """How far the runs keep the same units of one kind for one pass; chance keeps as many in every layer or matrix.

    kept              units that each run keeps
    jaccard           of what every two runs keep, 0..1, as `itertools.combinations` orders them
    chance            the same for random units
    z                 standard deviations that the units in common lie above chance (hypergeometric)
    in_all            units that every run keeps
    in_all_by_chance  how many that would be for random units, on average
    """

    kept: tuple[int, ...]
    jaccard: tuple[float, ...]
    chance: tuple[float, ...]
    z: tuple[float, ...]
    in_all: int
    in_all_by_chance: float

    @classmethod
    def of(cls, counts: MaskCounts) -> "Agreement":
        """Out of counts whose passes are the runs, a row for every part of the network within which chance draws."""
        total = counts.summed(["total"] * len(counts.units))
        kept, expected = total.kept[0].astype(float), total.expected[0]
        pairs = list(combinations(range(len(kept)), 2))
        chance = [float(expected[i, j] / max(kept[i] + kept[j] - expected[i, j], 1e-9)) for i, j in pairs]
        shares = np.prod(counts.kept / counts.weights[:, None], axis=1)
        return cls(tuple(total.kept[0].tolist()), tuple(float(total.jaccard[0][pair]) for pair in pairs), tuple(chance),
                   tuple(float(total.z[0][pair]) for pair in pairs), int(total.core[0]),
                   float((counts.weights * shares).sum()))

    @property
    def repeats(self) -> bool:
        """True when every two runs have clearly more units in common than chance."""
        return min(self.z) >= CLEAR


@dataclass(frozen=True)
class LayerUnits:
    """The heads and neurons of one layer that every run keeps for a concept, all numbered from 0."""

    layer: int
    heads: tuple[int, ...]
    neurons: tuple[int, ...]


@dataclass(frozen=True, eq=False)
class MaskStability:
    """The masks of several runs of the same training; `runs[0]` is the checkpoint that this is stored with.

    passes     the concepts, `concepts` many, and then the residual where there is one
    jaccard    overlap of every two passes in each run, and `expected` what independent masks of these sizes have
    density    share of each layer's weights that each pass keeps in each run; `layers` are their names
    agreement  by pass and kind of unit: heads and neurons of structured masks, else weights
    always     by pass the units that every run keeps; empty for masks of single weights
    differing  settings of the training, apart from the seed, that are not the same in all runs
    """

    runs: tuple[Run, ...]
    passes: tuple[str, ...]
    concepts: int
    layers: tuple[str, ...]
    jaccard: Float[np.ndarray, "run pass_ pass_"]
    expected: Float[np.ndarray, "run pass_ pass_"]
    density: Float[np.ndarray, "run layer pass_"]
    agreement: Mapping[str, Mapping[str, Agreement]]
    always: Mapping[str, tuple[LayerUnits, ...]]
    differing: tuple[str, ...]

    @property
    def concept_pairs(self) -> list[tuple[int, int]]:
        """Every two concepts."""
        return list(combinations(range(self.concepts), 2))

    @property
    def residual_pairs(self) -> list[tuple[int, int]]:
        """Each concept with the residual; none without a residual."""
        return [(k, self.concepts) for k in range(self.concepts)] if len(self.passes) > self.concepts else []

    @cached_property
    def concept_ranking(self) -> Ranking | None:
        """Whether the pairs of concepts come in the same order; None where they have none."""
        return ranking(self.overlaps(self.concept_pairs))

    @cached_property
    def residual_ranking(self) -> Ranking | None:
        """The same of the residual's pairs."""
        return ranking(self.overlaps(self.residual_pairs))

    @cached_property
    def layer_rankings(self) -> Mapping[str, Ranking | None]:
        """By pass, whether the runs order the layers alike by how much of each they keep; None where layers are
        alike."""
        return {name: ranking(self.density[:, :, k]) for k, name in enumerate(self.passes)}

    def overlaps(self, pairs: Sequence[tuple[int, int]]) -> Float[np.ndarray, "run pair"]:
        """Jaccard overlap of these pairs in each run."""
        return np.array([[table[pair] for pair in pairs] for table in self.jaccard]).reshape(len(self.runs), len(pairs))

    def to_json(self) -> dict[str, Any]:
        """Plain JSON values; `checkpoint` is the first run's."""
        rankings = {"concept_pairs": self.concept_ranking, "residual_pairs": self.residual_ranking}
        return {
            "checkpoint": self.runs[0].checkpoint, "runs": [asdict(run) for run in self.runs],
            "passes": list(self.passes), "concepts": self.concepts, "differing": list(self.differing),
            **{name: None if found is None else found.to_json() for name, found in rankings.items()},
            "pairs": [self._pair(pair) for pair in (*self.concept_pairs, *self.residual_pairs)],
            "agreement": {name: {kind: asdict(one) | {"repeats": one.repeats} for kind, one in kinds.items()}
                          for name, kinds in self.agreement.items()},
            "layers": {name: {
                "density": {layer: self.density[:, row, k].tolist() for row, layer in enumerate(self.layers)},
                "ranking": None if (found := self.layer_rankings[name]) is None else found.to_json(),
            } for k, name in enumerate(self.passes)},
            "always": {name: [{"layer": one.layer, **{kind: " ".join(map(str, getattr(one, kind))) for kind in _KINDS}}
                              for one in layers] for name, layers in self.always.items()},
        }

    def _pair(self, pair: tuple[int, int]) -> dict[str, Any]:
        seen = self.jaccard[:, pair[0], pair[1]]
        return {"first": self.passes[pair[0]], "second": self.passes[pair[1]], "jaccard": seen.tolist(),
                "expected": self.expected[:, pair[0], pair[1]].tolist(),
                "min": float(seen.min()), "max": float(seen.max())}

    @classmethod
    def from_json(cls, values: Mapping[str, Any]) -> "MaskStability":
        """The inverse of `to_json`; CheckpointError when it holds something else."""
        try:
            passes, runs = tuple(values["passes"]), tuple(Run(**run) for run in values["runs"])
            layers = tuple(values["layers"][passes[0]]["density"])
            tables = np.ones((2, len(runs), len(passes), len(passes)))
            for pair in values["pairs"]:
                i, j = passes.index(pair["first"]), passes.index(pair["second"])
                for table, name in zip(tables, ("jaccard", "expected"), strict=True):
                    table[:, i, j] = table[:, j, i] = pair[name]
            density = np.array([[values["layers"][name]["density"][layer] for name in passes] for layer in layers])
            names = Agreement.__dataclass_fields__
            agreement = {pass_: {kind: Agreement(**{name: _fixed(one[name]) for name in names})
                                 for kind, one in kinds.items()} for pass_, kinds in values["agreement"].items()}
            always = {name: tuple(LayerUnits(one["layer"], *(tuple(map(int, one[kind].split())) for kind in _KINDS))
                                  for one in found) for name, found in values["always"].items()}
            return cls(runs, passes, int(values["concepts"]), layers, tables[0], tables[1], density.transpose(2, 0, 1),
                       agreement, always, tuple(values["differing"]))
        except (KeyError, TypeError, ValueError, AttributeError, IndexError) as error:
            raise CheckpointError(f"The stored stability cannot be read ({error!r}); allowed: what `overlap --seeds "
                                  "--save` writes. Measure it again.") from None


def _fixed(value: Any) -> Any:
    return tuple(value) if isinstance(value, list) else value
