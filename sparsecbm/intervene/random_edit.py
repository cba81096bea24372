"""The control of a mask revision: as many weights of every matrix exchanged, drawn at random."""

import numpy as np

from sparsecbm.edits.edit import MaskChange, Positions
from sparsecbm.errors import InputError
from sparsecbm.intervene.changed_masks import changed_masks
from sparsecbm.model.masks import ConceptMasks


def random_edit(masks: ConceptMasks, like: MaskChange, seed: int = 0) -> MaskChange:
    """Drop and grow as many weights of the same pass and matrices as `like` does, all equally likely.

    The same seed draws the same weights. InputError when `like` was not made for such masks, or the seed is negative.
    """
    if seed < 0:
        raise InputError(f"Seed {seed} came; allowed: 0 or more. Choose another seed.")
    changed_masks(masks, [like])
    k, generator = masks.passes.index(like.pass_), np.random.default_rng(seed)

    def drawn(positions: Positions, used: bool) -> Positions:
        found = {}
        for name in masks.matrices:
            count = len(positions.get(name, ()))
            if count:
                open_ = np.flatnonzero(masks.unpack_pass(name, k).flatten().cpu().numpy() == used)
                found[name] = np.sort(generator.choice(open_, count, replace=False, shuffle=False)).astype(np.int32)
        return found

    return MaskChange(like.pass_, drawn(like.dropped, used=True), drawn(like.grown, used=False))
