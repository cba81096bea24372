"""Edits as data: a mask change, an override of a concept, a revision of its mask; and several changes as one."""

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from jaxtyping import Int

#: Per matrix, flat positions of weights in ascending order; a matrix without any is left out.
Positions = Mapping[str, Int[np.ndarray, " _weight"]]


@dataclass(frozen=True, eq=False)
class MaskChange:
    """Weights that a pass no longer uses (`dropped`) and that it now uses (`grown`), relative to earlier masks."""

    pass_: str
    dropped: Positions
    grown: Positions

    @property
    def dropped_count(self) -> int:
        """The number of dropped weights."""
        return sum(len(positions) for positions in self.dropped.values())

    @property
    def grown_count(self) -> int:
        """The number of grown weights."""
        return sum(len(positions) for positions in self.grown.values())

    @property
    def inverse(self) -> "MaskChange":
        """The change that undoes this one."""
        return MaskChange(self.pass_, self.grown, self.dropped)

    @cached_property
    def digest(self) -> str:
        """A hash of the content, the same in every process; different changes have different digests."""
        digest = hashlib.sha256(json.dumps(self.pass_).encode())
        for positions in (self.dropped, self.grown):
            for name in sorted(positions):
                digest.update(json.dumps([name, len(positions[name])]).encode())
                digest.update(positions[name].astype("<i8").tobytes())
            digest.update(b"|")
        return digest.hexdigest()


@dataclass(frozen=True)
class Override:
    """A concept set to a distribution over its values; None gives it back to the model."""

    concept: str
    distribution: tuple[float, ...] | None


@dataclass(frozen=True, eq=False)
class Revision:
    """A change of a concept's mask, made so that the model predicts `value` for one document.

    `portion` is the share of the pass's active weights, 0..1, that all `steps` together exchanged: so many were
    dropped, and as many others grown. In no matrix is the share larger than the bound that was given.
    """

    concept: str
    value: str
    portion: float
    steps: int
    change: MaskChange


Edit = Override | Revision


def net_changes(changes: Sequence[MaskChange]) -> tuple[MaskChange, ...]:
    """One change per pass with the same effect, in the order in which the passes first occur; empty ones are left out.

    A weight that was dropped and grown again, or grown and dropped again, is in none of them. The changes must fit each
    other, as `changed_masks` checks.
    """
    net: dict[str, MaskChange] = {}
    for change in changes:
        before = net.get(change.pass_, MaskChange(change.pass_, {}, {}))
        net[change.pass_] = MaskChange(change.pass_, _left(before.dropped, change.grown, change.dropped, before.grown),
                                       _left(before.grown, change.dropped, change.grown, before.dropped))
    return tuple(change for change in net.values() if change.dropped or change.grown)


def _left(before: Positions, undone: Positions, new: Positions, undoing: Positions) -> dict[str, np.ndarray]:
    """The positions of `before` without those undone, and the new ones without those that undo earlier ones."""
    none = np.zeros(0, dtype=np.int32)
    found = {}
    for name in dict.fromkeys((*before, *new)):
        kept, come = (np.setdiff1d(some.get(name, none), gone.get(name, none), assume_unique=True)
                      for some, gone in ((before, undone), (new, undoing)))
        found[name] = np.union1d(kept, come).astype(np.int32)
    return {name: positions for name, positions in found.items() if len(positions)}
