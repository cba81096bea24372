"""Rows dealt to splits: every answer comes in each of them in like shares, and rows that belong together stay so.

Sechidis, Tsoumakas, Vlahavas, "On the Stratification of Multi-Label Data", ECML PKDD 2011; here the units are groups.
"""

from collections.abc import Hashable, Sequence

import numpy as np
from jaxtyping import Float, Int
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components


def groups_of(*keys: Sequence[Hashable | None]) -> Int[np.ndarray, " row"]:
    """The number of each row's group: rows that share one of their keys are in one group; None is shared with nobody.

    >>> groups_of(["a", "b", "a", "c"], [1, 1, 2, None]).tolist()
    [0, 0, 0, 1]
    """
    rows, ends = list[int](), list[int]()
    first = dict[tuple[int, Hashable], int]()
    for kind, named in enumerate(keys):
        for row, key in enumerate(named):
            if key is not None:
                rows.append(row)
                ends.append(first.setdefault((kind, key), row))
    size = len(keys[0])
    shared = coo_array((np.ones(len(rows)), (rows, ends)), shape=(size, size))
    return np.asarray(connected_components(shared, directed=False)[1], dtype=np.int64)


def stratified(
    answers: Int[np.ndarray, "row subject"], groups: Int[np.ndarray, " row"], shares: Sequence[float], seed: int
) -> Int[np.ndarray, " row"]:
    """The number of each row's split. `shares` are the splits' parts of the rows and sum to 1.

    `answers` has the label and the concepts' values of each row as indices, -1 where there is none. The rarest answer
    is dealt first, the groups with most of it first, each to the split that still lacks most of it.
    """
    held = _counts(answers, groups)  # [group, answer]
    sizes = np.bincount(groups)
    wanted = np.outer(shares, held.sum(0))  # [split, answer]
    room = np.array(shares) * len(groups)
    random = np.random.default_rng(seed)
    chance = random.permutation(len(sizes))
    dealt = np.full(len(sizes), -1)
    left = held.sum(0)

    def deal(group: int, lacking: Float[np.ndarray, " split"]) -> None:
        most = np.flatnonzero(lacking >= lacking.max() - 1e-9)
        split = int(most[room[most].argmax()])
        dealt[group] = split
        room[split] -= sizes[group]
        wanted[split] -= held[group]
        left[:] -= held[group]

    while (left > 0).any():
        answer = int(np.where(left > 0, left, np.inf).argmin())
        members = np.flatnonzero((dealt < 0) & (held[:, answer] > 0))
        for group in members[np.lexsort((chance[members], -held[members, answer]))].tolist():
            deal(group, wanted[:, answer])
    for group in np.flatnonzero(dealt < 0)[np.argsort(chance[dealt < 0])].tolist():
        deal(group, room)
    return np.asarray(dealt[groups], dtype=np.int64)


def _counts(
    answers: Int[np.ndarray, "row subject"], groups: Int[np.ndarray, " row"]
) -> Int[np.ndarray, "group answer"]:
    """How often each group has each answer to each subject."""
    most = int(answers.max(initial=0)) + 1
    rows, subjects = np.nonzero(answers >= 0)
    counts = np.zeros((int(groups.max()) + 1, answers.shape[1] * most), dtype=np.int64)
    np.add.at(counts, (groups[rows], subjects * most + answers[rows, subjects]), 1)
    return counts
