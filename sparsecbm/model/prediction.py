"""Texts to `Prediction`s, and the label of concepts that a person has set."""

import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import torch
from jaxtyping import Float
from torch import Tensor

from sparsecbm.errors import CheckpointError
from sparsecbm.model.encoding import Encoder
from sparsecbm.model.familiarity import Familiarity
from sparsecbm.model.masks import ConceptMasks
from sparsecbm.model.network import Ledger, MaskedWeights, SparseCBM
from sparsecbm.types import Prediction, Receipt

#: Tokens of a padded batch whose texts each get a prediction of their own.
BATCH_TOKENS = 512


def batches(lengths: Sequence[int], most: int) -> Iterator[list[int]]:
    """Every index of `lengths` once, those of similar length together.

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
    """Pooled features of all texts in their own order, on the CPU; `progress` gets the size of each batch done.

    Texts of similar length share a batch, so little is spent on padding.
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


@torch.inference_mode()
def predict(
    model: SparseCBM,
    encoder: Encoder,
    weights: MaskedWeights | None,
    text: str,
    checkpoint: str,
    familiarity: Familiarity | None = None,
) -> Prediction:
    """Run all passes over one text; `checkpoint` is the hash that goes on the receipt. InputError on blank text.

    `familiarity` is to be that of these weights; without it, `unlike` is None.
    """
    started = time.perf_counter()
    pooled = model.pool(encoder.encode([text]).to(model.device), weights)
    return _from_pooled(model, encoder, pooled, text, encoder.count_tokens(text), checkpoint, started, familiarity)


@torch.inference_mode()
def predict_many(
    model: SparseCBM,
    encoder: Encoder,
    weights: MaskedWeights | None,
    texts: Sequence[str],
    checkpoint: str,
    progress: Callable[[float], None] = lambda _: None,
    familiarity: Familiarity | None = None,
) -> list[Prediction]:
    """As `predict` for each text, in their order, but many at a time; `progress` gets the share done after each batch.

    The time on a receipt is that of all the work up to its text: texts of a batch are run together.
    """
    started = time.perf_counter()
    tokens = [encoder.count_tokens(text) for text in texts]
    made: dict[int, Prediction] = {}
    for rows in batches([min(count, encoder.max_tokens) for count in tokens], BATCH_TOKENS):
        pooled = model.pool(encoder.encode([texts[row] for row in rows]).to(model.device), weights)
        for row, own in zip(rows, pooled.split(1), strict=True):
            made[row] = _from_pooled(model, encoder, own, texts[row], tokens[row], checkpoint, started, familiarity)
        progress(len(made) / len(texts))
    return [made[row] for row in range(len(texts))]


def _from_pooled(
    model: SparseCBM,
    encoder: Encoder,
    pooled: Float[Tensor, "1 pass_ hidden"],
    text: str,
    tokens: int,
    checkpoint: str,
    started: float,
    familiarity: Familiarity | None,
) -> Prediction:
    """The prediction for one text from its pooled features: its heads run alone, so `relabel` reproduces it exactly."""
    concept_logits, residual = model.concept_logits(pooled), model.residual_logits(pooled)
    bottleneck = model.bottleneck(concept_logits)
    ledger = model.label(bottleneck, residual)
    check_finite(ledger.logits)
    receipt = Receipt(checkpoint, "prediction", str(model.device), str(residual.dtype).removeprefix("torch."),
                      1000 * (time.perf_counter() - started))
    return Prediction(
        schema=model.config.schema, text=text, concept_probabilities=_numpy(concept_logits.softmax(-1)[0]),
        bottleneck=_numpy(bottleneck[0]), residual=_numpy(residual[0]), **_label_parts(ledger),
        tokens_read=min(tokens, encoder.max_tokens), tokens_total=tokens, receipt=receipt,
        unlike=None if familiarity is None else float(familiarity.unlike(pooled, [min(tokens, encoder.max_tokens)])[0]))


@torch.inference_mode()
def relabel(model: SparseCBM, prediction: Prediction) -> Prediction:
    """The prediction with its label computed anew from its own bottleneck and residual; no backbone pass runs.

    It goes through the same `SparseCBM.label` as `predict`, so a prediction that nobody touched comes out bit for bit.
    """
    started = time.perf_counter()
    bottleneck, residual = (torch.from_numpy(part.copy()).to(model.device).unsqueeze(0)
                            for part in (prediction.bottleneck, prediction.residual))
    ledger = model.label(bottleneck, residual)
    milliseconds = 1000 * (time.perf_counter() - started)
    return replace(prediction, **_label_parts(ledger), receipt=replace(prediction.receipt, milliseconds=milliseconds))


def check_finite(logits: Float[Tensor, "row label"]) -> None:
    """CheckpointError when the model's answer is no number, as where huge weights overflow."""
    if not bool(logits.isfinite().all()):
        raise CheckpointError("The model answers a text with numbers that are not finite (NaN or infinity), so there "
                              "is no prediction; use another checkpoint, or train again.")


def _label_parts(ledger: Ledger) -> dict[str, Any]:
    logits = ledger.logits[0]
    return {"contributions": _numpy(ledger.contributions[0]), "label_bias": _numpy(ledger.bias),
            "label_logits": _numpy(logits), "label_probabilities": _numpy(logits.softmax(-1))}


def _numpy(tensor: Float[Tensor, "*axes"]) -> Float[np.ndarray, "*axes"]:
    array: np.ndarray = tensor.detach().cpu().numpy().copy()  # a view of the bias would open the model to writes
    return array
