"""Counting on packed masks, one matrix at a time: nothing is ever unpacked for all passes at once."""

import numpy as np
from jaxtyping import Int, UInt8

from sparsecbm.model.masks import Bits
from sparsecbm.subnetworks.counts import PairCounts

Units = UInt8[np.ndarray, "pass_ unit packed"]
Counts = tuple[PairCounts, Int[np.ndarray, "unit pass_"], Int[np.ndarray, "unit sharers"]]


def whole_matrix(bits: Bits, shape: tuple[int, int]) -> Units:
    """The masks of one matrix as a single unit; bits beyond its last weight are cleared."""
    packed: np.ndarray = bits.cpu().numpy()
    rest = shape[0] * shape[1] % 8
    if rest:
        packed = packed.copy()
        packed[:, -1] &= 0xFF << 8 - rest & 0xFF
    return packed[:, None]


def along(bits: Bits, shape: tuple[int, int], axis: int) -> Units:
    """The masks of one matrix by row (axis 0) or by column (axis 1), each padded to whole bytes."""
    rows, columns = shape
    packed: np.ndarray = bits.cpu().numpy()
    if axis == 0 and columns % 8 == 0:
        return packed.reshape(len(packed), rows, columns // 8)
    units = []
    for one in packed:
        grid = np.unpackbits(one, count=rows * columns).reshape(rows, columns)
        units.append(np.packbits(grid, axis=1) if axis == 0 else np.packbits(grid, axis=0).T)
    return np.ascontiguousarray(units)


def count(units: Units, concepts: int) -> Counts:
    """`both`, `exclusive` and the used part of `shared_by` of every unit; see `MaskCounts`.

    The first `concepts` passes are the concepts' masks. Entry 0 of `shared_by` stays 0: a bit that no mask has may be
    padding.
    """
    masks = _words(units)
    passes = len(masks)
    both = np.empty((masks.shape[1], passes, passes), dtype=np.int64)
    for i in range(passes):
        for j in range(i + 1):
            both[:, i, j] = both[:, j, i] = _ones(masks[i] & masks[j])
    digits = _users(masks[:concepts])
    shared_by = np.zeros((masks.shape[1], concepts + 1), dtype=np.int64)
    for users in range(1, concepts + 1):
        shared_by[:, users] = _ones(_exactly(digits, users))
    once, any_ = _exactly(digits, 1), np.bitwise_or.reduce(digits)
    exclusive = [_ones(mask & (once if k < concepts else ~any_)) for k, mask in enumerate(masks)]
    return both, np.stack(exclusive, axis=1), shared_by


def _words(units: Units) -> np.ndarray:
    """The same bits in the largest words that fit: fewer numbers to go through."""
    for kind in (np.uint64, np.uint32, np.uint16):
        if units.shape[-1] % np.dtype(kind).itemsize == 0:
            return units.view(kind)
    return units


def _ones(words: np.ndarray) -> Int[np.ndarray, " unit"]:
    ones: np.ndarray = np.bitwise_count(words).sum(axis=-1, dtype=np.int64)
    return ones


def _users(masks: np.ndarray) -> np.ndarray:
    """For every weight at once, in how many masks it is: the binary digits of that number, lowest first."""
    digits = np.zeros((len(masks).bit_length(), *masks.shape[1:]), dtype=masks.dtype)
    for mask in masks:
        carry = mask
        for place, digit in enumerate(digits):
            digits[place], carry = digit ^ carry, digit & carry
    return digits


def _exactly(digits: np.ndarray, number: int) -> np.ndarray:
    """The weights whose digits make this number, which is not 0."""
    chosen = [digit if number >> place & 1 else ~digit for place, digit in enumerate(digits)]
    weights: np.ndarray = np.bitwise_and.reduce(chosen)
    return weights
