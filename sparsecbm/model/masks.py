"""Concept masks: the weights that each pass of the backbone keeps, as a value of one bit per weight and pass."""

import math
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import torch
from jaxtyping import Bool, Float, UInt8
from torch import Tensor

from sparsecbm.model.units import UnitLayout


def kept_weights(density: float, weights: int) -> int:
    """The number of weights that make a density 0..1, rounded down so that the sparsity is always reached."""
    return math.floor(density * weights + 1e-6)  # 1 - 0.9 is a little less than 0.1


def best_weights(
    score: Float[Tensor, " weight"], allowed: Bool[Tensor, " weight"], count: int
) -> Bool[Tensor, " weight"]:
    """The `count` allowed weights with the best scores, of equal scores the first; ValueError where there are fewer."""
    if count > int(allowed.sum()):
        raise ValueError(f"Only {int(allowed.sum())} weights are active, so {count} cannot be kept.")
    chosen = torch.zeros_like(allowed)
    if count == 0:
        return chosen
    candidates = score[allowed]
    threshold = candidates.kthvalue(len(candidates) - count + 1).values
    chosen |= allowed & (score > threshold)
    ties = (allowed & (score == threshold)).nonzero().squeeze(1)
    chosen[ties[: count - int(chosen.sum())]] = True
    return chosen


Bits = UInt8[Tensor, "pass_ byte"]
MaskStack = Bool[Tensor, "pass_ row column"]


@dataclass(frozen=True, eq=False)
class ConceptMasks:
    """One binary mask per pass over every masked matrix of a backbone.

    `bits[name]` holds the masks of the parameter `name`, flattened in the parameter's own layout and packed
    most significant bit first; `shapes[name]` is the parameter's shape. An edit makes a new value.

    Structured masks consist of whole attention heads and feed-forward neurons, which lie as their `layout` says; so a
    pass can run on smaller matrices, and `KeptUnits` says the same in a few thousand bits. Masks of single weights have
    no layout.

        >>> masks = ConceptMasks.ones(("food", "residual"), {"layer.weight": (4, 8)})
        >>> masks.density()
        {'food': 1.0, 'residual': 1.0}
    """

    passes: tuple[str, ...]
    shapes: Mapping[str, tuple[int, int]]
    bits: Mapping[str, Bits]
    layout: UnitLayout | None = None

    @classmethod
    def from_bools(
        cls, passes: tuple[str, ...], stacks: Mapping[str, MaskStack], layout: UnitLayout | None = None
    ) -> "ConceptMasks":
        """Pack one boolean stack per matrix; the first axis follows `passes`."""
        shapes = {name: (stack.shape[1], stack.shape[2]) for name, stack in stacks.items()}
        return cls(passes, shapes, {name: _pack(stack) for name, stack in stacks.items()}, layout)

    @classmethod
    def ones(
        cls, passes: tuple[str, ...], shapes: Mapping[str, tuple[int, int]], layout: UnitLayout | None = None
    ) -> "ConceptMasks":
        """Masks that keep every weight."""
        size = len(passes)
        return cls.from_bools(
            passes, {name: torch.ones(size, *shape, dtype=torch.bool) for name, shape in shapes.items()}, layout)

    @property
    def matrices(self) -> tuple[str, ...]:
        """The names of the masked parameters."""
        return tuple(self.shapes)

    @property
    def device(self) -> torch.device:
        """Where the bits lie."""
        return next(iter(self.bits.values())).device

    @property
    def weights(self) -> int:
        """The number of weights that a mask can remove, the same for every pass."""
        return sum(rows * columns for rows, columns in self.shapes.values())

    def unpack(self, name: str) -> MaskStack:
        """The masks of one matrix as booleans, on the device of the bits."""
        rows, columns = self.shapes[name]
        bits = self.bits[name]
        shifts = torch.arange(7, -1, -1, dtype=torch.uint8, device=bits.device)
        flat = (bits.unsqueeze(-1) >> shifts & 1).flatten(1)[:, : rows * columns]  # [pass_, row * column]
        return flat.bool().reshape(len(self.passes), rows, columns)

    def unpack_pass(self, name: str, k: int) -> Bool[Tensor, "row column"]:
        """The mask of one matrix and pass as booleans, on the device of the bits."""
        rows, columns = self.shapes[name]
        kept = np.unpackbits(_numpy(self.bits[name])[k], count=rows * columns)  # ten times as fast as shifting
        return torch.from_numpy(kept.view(np.bool_).reshape(rows, columns)).to(self.bits[name].device)

    def to(self, device: torch.device | str) -> "ConceptMasks":
        """The same masks on another device."""
        return self.with_bits({name: bits.to(device) for name, bits in self.bits.items()})

    def with_bits(self, bits: Mapping[str, Bits]) -> "ConceptMasks":
        """Other masks of the same passes and matrices, and of whole units if these are."""
        return ConceptMasks(self.passes, self.shapes, bits, self.layout)

    def density(self) -> dict[str, float]:
        """Share of the masked weights that each pass keeps, 0..1."""
        kept = sum(np.bitwise_count(_numpy(bits)).sum(axis=1, dtype=np.int64) for bits in self.bits.values())
        return {name: float(count) / self.weights for name, count in zip(self.passes, np.atleast_1d(kept), strict=True)}

    def union_density(self) -> float:
        """Share of the masked weights that at least one pass keeps, 0..1."""
        kept = sum(int(np.bitwise_count(np.bitwise_or.reduce(_numpy(bits))).sum()) for bits in self.bits.values())
        return kept / self.weights

    def jaccard(self) -> Float[np.ndarray, "pass_ pass_"]:
        """Intersection over union of every two passes over all masked weights, 0..1; 1 where both are empty."""
        size = len(self.passes)
        both, either = np.zeros((size, size)), np.zeros((size, size))
        for bits in map(_numpy, self.bits.values()):
            for i in range(size):
                both[i] += np.bitwise_count(bits[i] & bits).sum(axis=1, dtype=np.int64)
                either[i] += np.bitwise_count(bits[i] | bits).sum(axis=1, dtype=np.int64)
        overlap: np.ndarray = np.where(either == 0, 1.0, both / np.maximum(either, 1))
        return overlap

    def is_nested_in(self, other: "ConceptMasks") -> bool:
        """True when no pass keeps a weight that it does not keep in `other`."""
        return all(not bool((self.bits[name] & ~other.bits[name]).any()) for name in self.matrices)


def _numpy(bits: Bits) -> np.ndarray:
    array: np.ndarray = bits.cpu().numpy()
    return array


def _pack(stack: MaskStack) -> Bits:
    flat = stack.flatten(1)
    flat = torch.nn.functional.pad(flat, (0, -flat.shape[1] % 8))
    place = torch.tensor([128, 64, 32, 16, 8, 4, 2, 1], dtype=torch.uint8, device=stack.device)
    packed: Tensor = (flat.unflatten(1, (-1, 8)) * place).sum(-1, dtype=torch.uint8)
    return packed
