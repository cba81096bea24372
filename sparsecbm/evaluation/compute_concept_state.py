"""What a model makes of many texts, as plain numbers that policies, curves and effects are worked out from."""

from collections.abc import Callable, Sequence

import torch

from sparsecbm.concepts.compute_effects import concept_effects
from sparsecbm.concepts.compute_policies import Situation
from sparsecbm.model.checkpoint import Checkpoint
from sparsecbm.model.prediction import pool_texts


@torch.inference_mode()
def read_texts(
    checkpoint: Checkpoint, texts: Sequence[str], progress: Callable[[int], None] | None = None, batch_size: int = 64
) -> Situation:
    """Texts as the model reads them, in order and in double precision; `progress` hears how many were read."""
    model = checkpoint.model
    pooled = pool_texts(model, checkpoint.encoder, checkpoint.masks, texts, batch_size, progress).to(model.device)
    logits = model.concept_logits(pooled)
    ledger = model.label(model.bottleneck(logits), model.residual_logits(pooled))
    probabilities, contributions, labels = (part.double().cpu().numpy()
                                            for part in (logits.softmax(-1), ledger.contributions, ledger.logits))
    return Situation(probabilities, contributions, labels, concept_effects(model))
