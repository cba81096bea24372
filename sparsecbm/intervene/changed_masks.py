"""A mask change applied: new masks beside the old ones, which are never written to."""

from collections.abc import Sequence

import numpy as np
import torch

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
        for positions, used in ((change.dropped, True), (change.grown, False)):
            for name in positions:
                _check(masks, name, positions)
                old = bits[name].cpu().numpy()[k]
                bits[name] = bits[name].clone()
                bits[name][k] = torch.from_numpy(_flipped(old, positions[name], used, name)).to(bits[name].device)
    return ConceptMasks(masks.passes, masks.shapes, bits)


def _check(masks: ConceptMasks, name: str, positions: Positions) -> None:
    if name not in masks.shapes:
        raise InputError(unknown_name("matrix", name, masks.matrices))
    rows, columns = masks.shapes[name]
    found = positions[name]
    if len(found) and not (found[0] >= 0 and found[-1] < rows * columns and bool((np.diff(found) > 0).all())):
        raise InputError(f"A change of {name} has positions {found[0]} to {found[-1]}, or not in ascending order; "
                         f"allowed: different ones from 0 to {rows * columns - 1}, ascending.")


def _flipped(bits: np.ndarray, positions: np.ndarray, used: bool, name: str) -> np.ndarray:
    place = (128 >> (positions & 7)).astype(np.uint8)
    byte = positions >> 3
    wrong = ((bits[byte] & place) > 0) != used
    if wrong.any():
        raise InputError(f"{int(wrong.sum())} of {len(positions)} weights of {name} are {'not ' if used else ''}used "
                         "already; the change was made for other masks. Apply it to the masks it was made for.")
    flipped = bits.copy()
    np.bitwise_xor.at(flipped, byte, place)
    return flipped
