"""The network as cells, one for each attention head and each group of neurons, with the concepts that use it."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import chain
from typing import Literal

import numpy as np
from jaxtyping import Bool, Int

Kind = Literal["head", "neuron"]
#: Groups of neurons that a layer shows at most; smaller ones become one group of mixes.
MOST_GROUPS = 24
#: Of masks of single weights, a concept is said to use a unit most when it keeps this many times what the next one
#: keeps of it.
LEAD = 1.25
#: Groups of neurons whose shares differ by less from layer to layer say the same in each.
_ALIKE = 0.05


@dataclass(frozen=True)
class Cell:
    """An attention head, or neurons of one layer that have the same users; layers and units are numbered from 0.

    `users` are positions of concepts: those that keep the units whole, or of masks of single weights the one that
    keeps most of them, and all where no one stands out. `kept` counts the weights of the cell that each pass keeps.
    `mixed` cells hold several small groups of neurons, and `users` are those of any of them.
    """

    kind: Kind
    layer: int
    units: tuple[int, ...]
    users: tuple[int, ...]
    weights: int
    kept: tuple[int, ...]
    mixed: bool = False

    def share(self, k: int) -> float:
        """Share of the weights that pass k keeps, 0..1."""
        return self.kept[k] / max(self.weights, 1)


@dataclass(frozen=True, eq=False)
class NetworkPicture:
    """All cells by layer, the first layer first; in a layer first the heads and then the groups of neurons.

    `passes` are the concepts, `concepts` many, and then the residual where there is one. `whole` is true where each
    pass keeps or drops units as a whole.
    """

    passes: tuple[str, ...]
    concepts: int
    whole: bool
    layers: tuple[tuple[Cell, ...], ...]

    @cached_property
    def cells(self) -> tuple[Cell, ...]:
        """The cells of all layers."""
        return tuple(chain.from_iterable(self.layers))

    @property
    def numbers(self) -> tuple[int, ...]:
        """The numbers of the layers."""
        return tuple(cells[0].layer for cells in self.layers)

    @property
    def weights(self) -> int:
        """Weights of all cells."""
        return sum(cell.weights for cell in self.cells)

    def cell_of(self, layer: int, kind: str, unit: int) -> Cell | None:
        """The cell that a head or neuron is in; None where there is no such unit."""
        return next((cell for cell in self.cells if (cell.layer, cell.kind) == (layer, kind) and unit in cell.units),
                    None)

    def is_core(self, cell: Cell) -> bool:
        """True when all of several concepts use the cell."""
        return len(cell.users) == self.concepts > 1 and not cell.mixed

    def alike(self, kind: Kind) -> bool:
        """True when the cells of a kind say the same in every layer, so that a sentence is enough."""
        found = [cell for cell in self.cells if cell.kind == kind]
        if self.whole or not found:
            return not found
        if kind == "head":
            return len({cell.users for cell in found}) == 1
        rows = self.neuron_shares
        return all(np.ptp([row.get(users, 0.0) for row in rows]) < _ALIKE for users in chain.from_iterable(rows))

    @cached_property
    def neuron_shares(self) -> list[dict[tuple[int, ...], float]]:
        """For each layer that has neurons, the share of them, 0..1, that each group of users has."""
        layers = [[cell for cell in cells if cell.kind == "neuron"] for cells in self.layers]
        return [{cell.users: len(cell.units) / sum(len(one.units) for one in cells) for cell in cells}
                for cells in layers if cells]

    def by_layer(self, users: tuple[int, ...]) -> Int[np.ndarray, " layer"]:
        """Weights of each layer's cells that have exactly these users."""
        return np.array([sum(cell.weights for cell in cells if cell.users == users and not cell.mixed)
                         for cells in self.layers], dtype=np.int64)

    def kept_by_layer(self, k: int) -> Int[np.ndarray, " layer"]:
        """Weights of each layer that pass k keeps."""
        return np.array([sum(cell.kept[k] for cell in cells) for cells in self.layers])


@dataclass(frozen=True, eq=False)
class UnitUse:
    """What each pass keeps of the units of one kind in one layer, in weights."""

    weights: Int[np.ndarray, " unit"]
    kept: Int[np.ndarray, "unit pass_"]

    def users(self, concepts: int, whole: bool) -> Bool[np.ndarray, "unit concept"]:
        """The concepts that use each unit; see `Cell`."""
        kept = self.kept[:, :concepts]
        if whole or concepts == 1:
            return kept > 0
        order = np.sort(kept, axis=1)
        stands_out = order[:, -1:] >= LEAD * np.maximum(order[:, -2:-1], 1)
        return np.where(stands_out, kept == order[:, -1:], kept.any(axis=1, keepdims=True))


def picture_of(
    passes: tuple[str, ...], concepts: int, whole: bool, layers: Sequence[tuple[int, UnitUse, UnitUse]]
) -> NetworkPicture:
    """The picture of these layers: the number of each, and the use of its heads and of its neurons."""
    drawn = []
    for layer, heads, neurons in layers:
        users = heads.users(concepts, whole)
        cells = [_cell("head", layer, [unit], _set(users[unit]), heads) for unit in range(len(users))]
        drawn.append((*cells, *_groups(layer, neurons, neurons.users(concepts, whole))))
    return NetworkPicture(passes, concepts, whole, tuple(cells for cells in drawn if cells))


def _groups(layer: int, neurons: UnitUse, users: Bool[np.ndarray, "unit concept"]) -> list[Cell]:
    """The neurons by their users: those of one concept first, then those of more; at last those that none uses."""
    groups = defaultdict(list)
    for unit, row in enumerate(users):
        groups[_set(row)].append(unit)
    order = sorted(groups, key=lambda group: (not group, len(group), group))
    every, concepts = tuple(range(users.shape[1])), users.shape[1]
    kept = set(order)
    if len(order) > MOST_GROUPS:
        rank = {group: len(units) + len(users) * (group in ((), every)) for group, units in groups.items()}
        kept = set(sorted(order, key=lambda group: -rank[group])[: MOST_GROUPS - 1])
    cells = [_cell("neuron", layer, groups[group], group, neurons) for group in order if group in kept]
    rest = sorted(chain.from_iterable(groups[group] for group in order if group not in kept))
    if rest:
        any_ = tuple(k for k in range(concepts) if users[rest, k].any())
        place = len(cells) - sum(cell.users in ((), every) for cell in cells)
        cells.insert(place, _cell("neuron", layer, rest, any_, neurons, mixed=True))
    return cells


def _cell(
    kind: Kind, layer: int, units: list[int], users: tuple[int, ...], use: UnitUse, mixed: bool = False
) -> Cell:
    kept = tuple(use.kept[units].sum(axis=0).tolist())
    return Cell(kind, layer, tuple(units), users, int(use.weights[units].sum()), kept, mixed)


def _set(row: Bool[np.ndarray, " concept"]) -> tuple[int, ...]:
    return tuple(np.flatnonzero(row).tolist())
