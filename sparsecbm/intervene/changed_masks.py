"""A mask change applied: new masks beside the old ones, which are never written to."""

from collections.abc import Sequence

import numpy as np
import torch
from jaxtyping import Int, UInt8

from sparsecbm.edits.edit import MaskChange, Positions
from sparsecbm.errors import InputError, unknown_name
from sparsecbm.model.masks import ConceptMasks


def changed_masks(masks: ConceptMasks, changes: Sequence[MaskChange]) -> ConceptMasks:
    """The masks after some changes, one after another. Matrices that no change touches keep the very same bits.

    InputError when a change names a pass, matrix or weight that there is not, or drops a weight that is not used, or
    grows one that is: it was made for other masks.
    """
    bits = dict(masks.bits)
    for change in changes:
        if change.pass_ not in masks.passes:
            raise InputError(unknown_name("pass", change.pass_, masks.passes))
        k = masks.passes.index(change.pass_)
        for name in dict.fromkeys((*change.dropped, *change.grown)):
            if name not in masks.shapes:
                raise InputError(unknown_name("matrix", name, masks.matrices))
            row = bits[name][k].cpu().numpy().copy()
            found = [_checked(positions, row, used, name, masks.shapes[name])
                     for positions, used in ((change.dropped, True), (change.grown, False))]
            for positions in found:
                np.bitwise_xor.at(row, positions >> 3, _place(positions))
            bits[name] = bits[name].clone()
            bits[name][k] = torch.from_numpy(row)
    return ConceptMasks(masks.passes, masks.shapes, bits)


def _checked(
    positions: Positions, bits: UInt8[np.ndarray, " byte"], used: bool, name: str, shape: tuple[int, int]
) -> Int[np.ndarray, " weight"]:
    """The positions in one matrix; InputError unless they are there, in order, and all used, or all not."""
    found, size = positions.get(name, np.zeros(0, dtype=np.int32)), shape[0] * shape[1]
    if not len(found):
        return found
    if not (found[0] >= 0 and found[-1] < size and bool((found[1:] > found[:-1]).all())):
        raise InputError(f"A change of {name} has positions {found[0]} to {found[-1]}, or not in ascending order; "
                         f"allowed: different ones from 0 to {size - 1}, ascending.")
    wrong = int((((bits[found >> 3] & _place(found)) > 0) != used).sum())
    if wrong:
        what = "drops are not used" if used else "grows are used"
        raise InputError(f"{wrong} of {len(found)} weights of {name} that a change {what}; it is for other masks. "
                         "Apply it to the masks it was made for.")
    return found


def _place(positions: Int[np.ndarray, " weight"]) -> UInt8[np.ndarray, " weight"]:
    """The bit of each position in its byte."""
    place: np.ndarray = (128 >> (positions & 7)).astype(np.uint8)
    return place
