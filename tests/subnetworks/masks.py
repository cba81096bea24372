"""Masks made by hand, with counts that one can add up on paper."""

from typing import Any

import numpy as np

from sparsecbm.subnetworks.comparison import MaskComparison, MaskSource
from sparsecbm.subnetworks.counts import MaskCounts
from sparsecbm.subnetworks.overlap import MaskOverlap

Measured = dict[str, Any]


def counts_of(bits: dict[str, list[str]], passes: tuple[str, ...], concepts: int) -> MaskCounts:
    """Units with their masks as strings of 0 and 1, one per pass."""
    weights, both, exclusive, shared_by = [], [], [], []
    for masks in bits.values():
        table = np.array([[bit == "1" for bit in mask] for mask in masks])
        users = table[:concepts].sum(0)
        weights.append(table.shape[1])
        both.append(table.astype(np.int64) @ table.T.astype(np.int64))
        exclusive.append([int((mask & ((users == 1) if k < concepts else (users == 0))).sum())
                          for k, mask in enumerate(table)])
        shared_by.append([int((users == number).sum()) for number in range(concepts + 1)])
    return MaskCounts.of(tuple(bits), passes, np.array(weights), np.array(both), np.array(exclusive),
                         np.array(shared_by))


#: Ten weights: all three keep the first two; food and room the third; food keeps two more alone, room one, noise none.
#: The residual keeps the last two, which no concept keeps, and the first.
THREE = counts_of({"total": ["1111100000", "1110010000", "1100000000", "1000000011"]},
                  ("food", "room", "noise", "residual"), 3)
#: Two layers of ten weights of two concepts: in the first they share nothing, in the second everything.
LAYERS = counts_of({"0": ["1110000000", "0001100000"], "1": ["1111000000", "1111000000"]}, ("food", "room"), 2)


def comparison_of(
    mine: dict[str, list[str]], other: dict[str, list[str]], passes: tuple[str, ...] = ("food", "room"),
    concepts: int = 2, sparsity: float | None = None, metrics: tuple[Measured, Measured] = ({}, {}),
) -> MaskComparison:
    """Two sets of masks side by side: `mine` here, `other` there."""
    names = passes[:concepts]

    def own(masks: list[str], k: int) -> str:
        rest = [mask for j, mask in enumerate(masks[:concepts]) if j != k]
        return "".join("1" if bit == "1" and all(mask[place] == "0" for mask in rest) else "0"
                       for place, bit in enumerate(masks[k]))

    def overlap(bits: dict[str, list[str]], of: tuple[str, ...]) -> MaskOverlap:
        return MaskOverlap(names, counts_of(bits, of, concepts), tuple(bits), ("query",) * len(bits))

    across = {unit: [*other[unit], *masks, *(own(masks, k) for k in range(concepts))] for unit, masks in mine.items()}
    second = MaskSource("other", "fedcba9876543210", metrics[1], sparsity)
    return MaskComparison(MaskSource("mine", "0123456789abcdef", metrics[0]), second,
                          (overlap(mine, passes), overlap(other, passes)), overlap(across, (*passes, *passes, *names)))


#: Eight weights; food has the first two to itself here, room the fifth and sixth, and they share the two between.
#: There food keeps one of its own, room both that they shared; two that room has to itself here nobody keeps there.
TWO = comparison_of({"0": ["11110000", "00111100"]}, {"0": ["10100010", "01110001"]})
#: The same pruned further: of either's own weights one stays, of the shared two both.
PRUNED = comparison_of({"0": ["11110000", "00111100"]}, {"0": ["10110000", "00110100"]}, sparsity=0.9)
