"""Several mask changes as one: what is left of them when each was made after the one before."""

from collections.abc import Sequence

import numpy as np

from sparsecbm.edits.edit import MaskChange, Positions


def net_changes(changes: Sequence[MaskChange]) -> tuple[MaskChange, ...]:
    """One change per pass that does the same, passes in the order they first come in; no change of nothing.

    A weight that was dropped and grown again, or the other way round, is in none. The changes must fit each other, as
    `changed_masks` checks.
    """
    net: dict[str, MaskChange] = {}
    for change in changes:
        before = net.get(change.pass_, MaskChange(change.pass_, {}, {}))
        net[change.pass_] = MaskChange(change.pass_, _left(before.dropped, change.grown, change.dropped, before.grown),
                                       _left(before.grown, change.dropped, change.grown, before.dropped))
    return tuple(change for change in net.values() if change.dropped or change.grown)


def _left(before: Positions, undone: Positions, new: Positions, undoing: Positions) -> dict[str, np.ndarray]:
    """Those of before but for the undone ones, and the new ones but for those that undo earlier ones."""
    none = np.zeros(0, dtype=np.int32)
    found = {}
    for name in dict.fromkeys((*before, *new)):
        kept, come = (np.setdiff1d(some.get(name, none), gone.get(name, none), assume_unique=True)
                      for some, gone in ((before, undone), (new, undoing)))
        found[name] = np.union1d(kept, come).astype(np.int32)
    return {name: positions for name, positions in found.items() if len(positions)}
