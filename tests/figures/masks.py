"""Masks made by hand, with counts that one can add up on paper."""

import numpy as np

from sparsecbm.subnetworks.counts import MaskCounts


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
