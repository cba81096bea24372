"""One pruning step: from saliency and the masks so far to sparser masks."""

from sparsecbm.config import PruneConfig
from sparsecbm.errors import SparseCBMError
from sparsecbm.model.keeping import kept_weights
from sparsecbm.model.masks import ConceptMasks
from sparsecbm.training.assignment import core_exclusive, independent
from sparsecbm.training.saliency import Saliency


def prune(masks: ConceptMasks, saliency: Saliency, sparsity: float, config: PruneConfig) -> ConceptMasks:
    """Masks at `sparsity` in every matrix and pass, nested in `masks`; the density reached is checked."""
    stacks = {}
    for name, scores in saliency.scores.items():
        flat, active = scores.flatten(1).float(), masks.unpack(name).flatten(1)
        kept = (core_exclusive(flat, active, 1 - sparsity, config.core) if config.scheme == "core_exclusive"
                else independent(flat, active, 1 - sparsity))
        if not bool((kept.sum(1) == kept_weights(1 - sparsity, kept.shape[1])).all()):
            raise SparseCBMError(f"{name}: pruning kept {kept.sum(1).tolist()} of {kept.shape[1]} weights, "
                                 f"not the {1 - sparsity:.4f} asked for. This is a defect; please report it.")
        stacks[name] = kept.reshape(scores.shape)
    return ConceptMasks.from_bools(masks.passes, stacks)
