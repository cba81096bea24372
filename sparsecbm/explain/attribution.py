"""Which words moved a target, through captum, on the input embeddings.

Everything is a closure over `SparseCBM.pool_embeddings`; no hook is set on any layer.
"""

from collections.abc import Callable, Sequence

import numpy as np
import torch
from captum.attr import Saliency
from jaxtyping import Float
from torch import Tensor

from sparsecbm.errors import InputError, unknown_name
from sparsecbm.model.encoding import Encoded, Encoder
from sparsecbm.model.network import MaskedWeights, SparseCBM
from sparsecbm.types import Attribution, Target

METHODS = ("gradient-x-input",)

Embedded = Float[Tensor, "batch token embedding"]


def attribute(
    model: SparseCBM,
    encoder: Encoder,
    weights: MaskedWeights | None,
    text: str,
    targets: Sequence[Target],
    method: str = METHODS[0],
    residual: bool = True,
) -> tuple[Attribution, ...]:
    """Score every word of `text` for every target.

    gradient-x-input (Shrikumar et al. 2016, arXiv 1605.01713) in its form with a baseline: `(x - x') * df/dx`, summed
    over the embedding and over a word's tokens. The baseline x' puts the padding embedding in place of every
    token but the special ones. A concept's target is its logit through the concept's own pass; a label's goes through
    all passes, and leaves the residual out when `residual` is False.
    """
    if method not in METHODS:
        raise InputError(unknown_name("method", method, METHODS))
    words, token_words = encoder.words(text)
    encoded = encoder.encode([text]).to(model.device)
    embedded = model.embed(encoded.input_ids).detach()
    baseline = _baseline(model, encoder, encoded, token_words, embedded)
    attributions = []
    for target in targets:
        function = _target_function(model, encoded, weights, target, residual)
        gradient = Saliency(function).attribute(embedded.clone().requires_grad_(), abs=False)
        tokens = ((embedded - baseline) * gradient).sum(-1)[0].double().cpu().numpy()
        with torch.inference_mode():
            difference = float(function(embedded) - function(baseline))
        attributions.append(Attribution(
            target, method, words, _per_word(tokens, token_words, len(words)), difference,
            abs(float(tokens.sum()) - difference)))
    return tuple(attributions)


def _baseline(
    model: SparseCBM, encoder: Encoder, encoded: Encoded, token_words: Sequence[int | None], embedded: Embedded
) -> Embedded:
    """Padding embeddings everywhere but at special tokens."""
    pad = model.embed(torch.full_like(encoded.input_ids, encoder.tokenizer.pad_token_id)).detach()
    special = torch.tensor([word is None for word in token_words], device=embedded.device)
    return torch.where(special.view(1, -1, 1), embedded, pad)


def _target_function(
    model: SparseCBM, encoded: Encoded, weights: MaskedWeights | None, target: Target, residual: bool
) -> Callable[[Embedded], Float[Tensor, " batch"]]:
    """The target's logit as a function of the word embeddings; a concept's runs no pass but its own."""
    schema, mask = model.config.schema, encoded.attention_mask
    if target.concept is not None:
        k, value = schema.concept_index(target.concept), schema.value_index(target.name)
        own = None if weights is None else weights.only(k)

        def concept_logit(embedded: Embedded) -> Float[Tensor, " batch"]:
            pooled = model.pool_embeddings(embedded, mask.expand(len(embedded), -1), own)[:, 0]
            return pooled @ model.concept_weight[k, value] + model.concept_bias[k, value]

        return concept_logit
    label = schema.label_index(target.name)

    def label_logit(embedded: Embedded) -> Float[Tensor, " batch"]:
        pooled = model.pool_embeddings(embedded, mask.expand(len(embedded), -1), weights)
        rest = model.residual_logits(pooled) * float(residual)
        return model.label(model.bottleneck(model.concept_logits(pooled)), rest).logits[:, label]

    return label_logit


def _per_word(tokens: np.ndarray, token_words: Sequence[int | None], count: int) -> Float[np.ndarray, " word"]:
    scores = np.zeros(count)
    for score, word in zip(tokens, token_words, strict=True):
        if word is not None:
            scores[word] += score
    return scores
