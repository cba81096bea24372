"""The overlap of all masks of a checkpoint: in total, by layer and by module; and one layer's heads and neurons."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np

from sparsecbm.subnetworks.counts import MaskCounts


@dataclass(frozen=True, eq=False)
class MaskOverlap:
    """How the masks share the weights. `matrices` has a unit per masked matrix; `layer` and `role` say where it is.

    `passes` of the counts are the concepts, then the residual where there is one. Structured masks keep the same heads,
    or the same neurons, in the matrices of one `kind` in a layer; of masks of single weights it is None.
    """

    concepts: tuple[str, ...]
    matrices: MaskCounts
    layer: tuple[str, ...]
    role: tuple[str, ...]
    kind: tuple[str, ...] | None = None

    @cached_property
    def total(self) -> MaskCounts:
        """All masked weights as one unit."""
        return self.layers.summed(["total"] * len(self.layers.units))

    @cached_property
    def layers(self) -> MaskCounts:
        """A unit per layer, named by its number from 0."""
        if self.kind is None:
            return self.matrices.summed(self.layer)
        parts = dict.fromkeys(zip(self.layer, self.kind, strict=True))
        tied = self.matrices.tied([" ".join(part) for part in zip(self.layer, self.kind, strict=True)])
        return tied.summed([layer for layer, _ in parts])

    @cached_property
    def modules(self) -> MaskCounts:
        """A unit per part of a layer, such as `query`, over all layers."""
        return self.matrices.summed(self.role)

    def to_json(self) -> dict[str, Any]:
        """The statistics as plain JSON values, the residual's apart from those of the concepts."""
        total = self.total
        densities = dict(zip(self.layers.units, self._by_concept(self.layers), strict=True))
        return {
            "concepts": list(self.concepts), "weights": int(total.weights[0]), "density": densities,
            "total_density": self._by_concept(total)[0], **self._pairs(total, 0),
            "containment": self._square(total.containment[0]), "shared_by": total.shared_by[0].tolist(),
            "exclusive": dict(zip(self.concepts, total.exclusive[0].tolist(), strict=False)),
            "core": int(total.core[0]), "core_share": float(total.core[0] / total.weights[0]),
            "layers": self._table(self.layers), "modules": self._table(self.modules),
            "residual": self._residual(),
        }

    def _table(self, counts: MaskCounts) -> dict[str, Any]:
        densities = self._by_concept(counts)
        return {unit: {"density": densities[row], "shared_by": counts.shared_by[row].tolist(),
                       **self._pairs(counts, row)} for row, unit in enumerate(counts.units)}

    def _by_concept(self, counts: MaskCounts) -> list[dict[str, float]]:
        return [dict(zip(self.concepts, row.tolist(), strict=False)) for row in counts.density]

    def _pairs(self, counts: MaskCounts, row: int) -> dict[str, list[list[float]]]:
        tables = {"jaccard": counts.jaccard, "expected": counts.expected_jaccard, "z": counts.z}
        return {name: self._square(table[row]) for name, table in tables.items()}

    def _square(self, table: np.ndarray) -> list[list[float]]:
        size = len(self.concepts)
        plain: list[list[float]] = table[:size, :size].tolist()
        return plain

    def _residual(self) -> dict[str, Any] | None:
        """What the residual's mask has in common with each concept's; None without a residual."""
        if len(self.total.passes) == len(self.concepts):
            return None
        total, layers = self.total, self.layers
        rows = {"jaccard": total.jaccard, "expected": total.expected_jaccard, "z": total.z}
        return {
            "density": dict(zip(layers.units, layers.density[:, -1].tolist(), strict=True)),
            "total_density": float(total.density[0, -1]), "exclusive": int(total.exclusive[0, -1]),
            **{name: dict(zip(self.concepts, table[0, -1].tolist(), strict=False)) for name, table in rows.items()},
        }


@dataclass(frozen=True, eq=False)
class LayerOverlap:
    """One layer's parts, with the weights that go in and out of each.

    heads    attention heads: their query, key and value outputs, and what the attention output reads of them
    neurons  feed-forward neurons: the weights into each and out of each
    outputs  by module, the output neurons of its matrix: the weights into each

    The heads and neurons together are the whole layer, and so are the outputs of all modules.
    """

    layer: int
    heads: MaskCounts
    neurons: MaskCounts
    outputs: Mapping[str, MaskCounts]


@dataclass(frozen=True)
class ExclusiveUnit:
    """A head or neuron as it stands in a list: weights that only this concept keeps, and all that any keeps."""

    layer: int
    unit: int
    exclusive: int
    used: int

    @property
    def share(self) -> float:
        """The exclusive weights as a share of the used ones, 0..1; 0 where none is used."""
        return self.exclusive / max(self.used, 1)
