"""Edits that tests share."""

import numpy as np

from sparsecbm.model.masks import ConceptMasks
from sparsecbm.revision.edit import MaskChange, Override, Revision
from sparsecbm.revision.rule import Rule
from sparsecbm.schema import ConceptSchema
from tests.helpers import TOY


def random_change(masks: ConceptMasks, pass_: str, seed: int, portion: float = 0.3) -> MaskChange:
    """A share of the used weights of every matrix exchanged for as many others; it fits these very masks."""
    generator, k = np.random.default_rng(seed), masks.passes.index(pass_)
    dropped, grown = {}, {}
    for name in masks.matrices:
        used = masks.unpack(name)[k].flatten().numpy()
        count = int(portion * min(used.sum(), (~used).sum()))
        for positions, where in ((dropped, used), (grown, ~used)):
            chosen = generator.choice(np.flatnonzero(where), count, replace=False)
            positions[name] = np.sort(chosen).astype(np.int32)
    return MaskChange(pass_, dropped, grown)


def random_revision(masks: ConceptMasks, concept: str, seed: int, portion: float = 0.3) -> Revision:
    """A revision by such a change."""
    return Revision(concept, "Negative", portion, 1, random_change(masks, concept, seed, portion))


def set_to(concept: str, value: str, schema: ConceptSchema = TOY) -> Override:
    """A concept set to one value for certain."""
    index = schema.value_index(value)
    return Override(concept, tuple(float(v == index) for v in range(len(schema.values))))


def always(concept: str, value: str) -> Rule:
    """A rule without conditions."""
    return Rule((), (set_to(concept, value),))


def contents(masks: ConceptMasks) -> bytes:
    """All bits of all masks."""
    return b"".join(masks.bits[name].numpy().tobytes() for name in sorted(masks.bits))
