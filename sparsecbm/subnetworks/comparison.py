"""Two sets of masks over the same matrices compared: does a concept get the same weights in both?"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from jaxtyping import Float, Int

from sparsecbm.subnetworks.counts import MaskCounts, Pairs
from sparsecbm.subnetworks.overlap import MaskOverlap

Shares = Float[np.ndarray, " concept"]


def sparsity_of(text: str) -> float | None:
    """The sparsity, 0..1, that a text such as "90%" names; None for any other text."""
    found = re.fullmatch(r"(\d{1,2}(?:\.\d+)?)\s?%", text, re.ASCII)
    return None if found is None else float(found[1]) / 100


@dataclass(frozen=True, eq=False)
class MaskSource:
    """Where masks come from: a checkpoint by name and content, and its metrics.json.

    `sparsity`, 0..1, is the one that the masks were pruned further to, without training; those have no metrics.
    """

    name: str
    checkpoint: str
    metrics: Mapping[str, Any]
    sparsity: float | None = None


@dataclass(frozen=True, eq=False)
class Recurrence:
    """What becomes of the weights that each concept keeps in the first masks, as shares 0..1 of their number `weights`.

    same      kept again for the same concept
    other     kept for the second's other concepts only; the residual does not count
    nowhere   kept for no concept; with the two above 1, and all three 0 where there are no weights
    others    kept for another concept, mean over the second's other concepts; 0 without any
    rival     the other concept that keeps most of them, as its position, the first of equals; -1 without any
    best      what that one keeps
    chance    kept for the same concept if the second's masks were independent ones of the same sizes
    """

    weights: Int[np.ndarray, " concept"]
    same: Shares
    other: Shares
    nowhere: Shares
    others: Shares
    rival: Int[np.ndarray, " concept"]
    best: Shares
    chance: Shares

    @property
    def lead(self) -> Shares:
        """How far the same concept is ahead of the best other one, -1..1; without another one, what it keeps."""
        return np.asarray(self.same - self.best)

    def to_json(self, concepts: tuple[str, ...]) -> dict[str, Any]:
        """Plain JSON values by concept."""
        return {concept: {
            "weights": int(self.weights[k]),
            "rival": None if self.rival[k] < 0 else concepts[self.rival[k]],
            **{name: float(getattr(self, name)[k])
               for name in ("same", "other", "nowhere", "others", "best", "lead", "chance")},
        } for k, concept in enumerate(concepts)}


@dataclass(frozen=True, eq=False)
class MaskComparison:
    """Two sets of masks with the same passes over the same matrices.

    `overlaps` has what the masks of either have in common among themselves. The passes of `across` are the second's,
    then the first's, then for each concept the part of the first's mask that no other of the first's concepts keeps;
    its concepts are the second's, so that `exclusive` of a later pass counts what no concept of the second keeps.
    """

    first: MaskSource
    second: MaskSource
    overlaps: tuple[MaskOverlap, MaskOverlap]
    across: MaskOverlap

    @property
    def concepts(self) -> tuple[str, ...]:
        """The concepts, which both have."""
        return self.overlaps[0].concepts

    @property
    def passes(self) -> tuple[str, ...]:
        """The concepts, then the residual where there is one."""
        return self.overlaps[0].total.passes

    @property
    def identical(self) -> bool:
        """True when both are the same masks, bit for bit."""
        kept, both = self.across.matrices.kept, self.between(self.across.matrices.both)
        size = len(self.passes)
        same = np.diagonal(both, axis1=1, axis2=2)
        return bool((same == kept[:, :size]).all() and (same == kept[:, size : 2 * size]).all())

    def between(self, table: Pairs | Int[np.ndarray, "unit pass_ pass_"]) -> np.ndarray:
        """Of a table of the pairs of `across`, the part [unit, the first's pass, the second's pass]."""
        size = len(self.passes)
        return table[:, size : 2 * size, :size]

    @cached_property
    def whole(self) -> Recurrence:
        """What becomes of each concept's subnetwork."""
        return self._recurrence(len(self.passes))

    @cached_property
    def own(self) -> Recurrence:
        """What becomes of the part of each concept's subnetwork that is its own: that no other concept keeps."""
        return self._recurrence(2 * len(self.passes))

    def own_share(self, side: int) -> Shares:
        """Of each concept's weights in the first (0) or second (1) masks, the share that no other concept keeps."""
        total, size = self.overlaps[side].total, len(self.concepts)
        return np.asarray(total.exclusive[0, :size] / np.maximum(total.kept[0, :size], 1))

    def mean_overlap(self, side: int) -> float | None:
        """Mean Jaccard overlap of every two concepts within the first (0) or second (1) masks; None without a pair."""
        pairs = np.triu_indices(len(self.concepts), 1)
        overlaps = self.overlaps[side].total.jaccard[0][pairs]
        return float(overlaps.mean()) if len(overlaps) else None

    def _recurrence(self, start: int) -> Recurrence:
        total, size = self.across.total, len(self.concepts)
        weights = total.kept[0, start : start + size]
        some = np.maximum(weights, 1)
        kept = total.both[0, start : start + size, :size] / some[:, None]
        same, nowhere = np.diagonal(kept), total.exclusive[0, start : start + size] / some
        rivals = np.where(np.eye(size, dtype=bool), -1.0, kept)
        rival, alone = rivals.argmax(axis=1), size == 1
        return Recurrence(
            weights, same, np.where(weights > 0, 1 - same - nowhere, 0.0), nowhere,
            others=(kept.sum(axis=1) - same) / max(size - 1, 1),
            rival=np.full(1, -1) if alone else rival,
            best=np.zeros(1) if alone else rivals.max(axis=1),
            chance=np.diagonal(total.expected[0, start : start + size, :size]) / some)

    def to_json(self) -> dict[str, Any]:
        """The statistics as plain JSON values; tables are [the first's concept][the second's concept]."""
        total, size = self.across.total, len(self.concepts)
        tables = {"jaccard": total.jaccard, "expected": total.expected_jaccard, "z": total.z}
        sides = {name: {
            "density": dict(zip(self.passes, overlap.total.density[0].tolist(), strict=True)),
            "own_share": dict(zip(self.concepts, self.own_share(side).tolist(), strict=True)),
            "mean_overlap": self.mean_overlap(side),
        } for side, (name, overlap) in enumerate(zip(("first", "second"), self.overlaps, strict=True))}
        return {
            "name": self.second.name, "checkpoint": self.second.checkpoint, "sparsity": self.second.sparsity,
            "identical": self.identical, "concepts": list(self.concepts), **sides,
            **{name: self.between(table)[0, :size, :size].tolist() for name, table in tables.items()},
            "passes": self._same_pass(total)["total"], "layers": self._same_pass(self.across.layers),
            "whole": self.whole.to_json(self.concepts), "own": self.own.to_json(self.concepts),
        }

    def _same_pass(self, counts: MaskCounts) -> dict[str, Any]:
        """By unit and pass, what the same pass has in common in both."""
        tables = {"jaccard": counts.jaccard, "expected": counts.expected_jaccard, "z": counts.z,
                  "contained": counts.containment}
        found = {name: np.diagonal(self.between(table), axis1=1, axis2=2) for name, table in tables.items()}
        return {unit: {pass_: {name: float(values[row, k]) for name, values in found.items()}
                       for k, pass_ in enumerate(self.passes)} for row, unit in enumerate(counts.units)}
