"""Running a model over many texts."""

from collections.abc import Callable, Iterator, Sequence

import torch
from jaxtyping import Float
from torch import Tensor

from sparsecbm.model.encoding import Encoder
from sparsecbm.model.masks import ConceptMasks
from sparsecbm.model.network import MaskedWeights, SparseCBM


def batches(lengths: Sequence[int], most: int) -> Iterator[list[int]]:
    """Every place in `lengths` once, those of like length together.

    A batch padded to its longest text holds at most `most` tokens, or only one text.
    """
    batch: list[int] = []
    for place in sorted(range(len(lengths)), key=lengths.__getitem__):
        if batch and (len(batch) + 1) * lengths[place] > most:
            yield batch
            batch = []
        batch.append(place)
    if batch:
        yield batch


@torch.inference_mode()
def pool_texts(
    model: SparseCBM,
    encoder: Encoder,
    masks: ConceptMasks | MaskedWeights | None,
    texts: Sequence[str],
    batch_size: int = 64,
    progress: Callable[[int], None] | None = None,
) -> Float[Tensor, "batch pass_ hidden"]:
    """Pooled features of all texts in their own order, on the CPU; `progress` hears how many texts were done.

    Texts of like length share a batch, so little is spent on padding.
    """
    was_training = model.training
    model.eval()
    try:
        weights = model.masked_weights(masks) if isinstance(masks, ConceptMasks) else masks
        order = sorted(range(len(texts)), key=lambda row: len(texts[row]))
        passes = len(model.config.passes) if weights is None else weights.passes
        pooled = torch.empty(len(texts), passes, model.concept_weight.shape[-1])
        for start in range(0, len(order), batch_size):
            rows = order[start : start + batch_size]
            encoded = encoder.encode([texts[row] for row in rows]).to(model.device)
            pooled[rows] = model.pool(encoded, weights).float().cpu()
            if progress is not None:
                progress(len(rows))
        return pooled
    finally:
        model.train(was_training)
