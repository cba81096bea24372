"""A model whose logits are linear in the word embeddings, so that every score can be worked out by hand, and reviews
with any scores."""

from typing import Any

import numpy as np
import pytest

from sparsecbm.model.network import MaskedWeights, SparseCBM, mean_over_tokens
from sparsecbm.types import Attribution, Target
from sparsecbm.words.compute_removal import WordRemoval
from sparsecbm.words.faithfulness import Faithfulness
from tests.helpers import random_masks, tiny_model, vocabulary

TEXT = "The soup was tasty"
SOUP, GOOD = Target("soup", "Positive"), Target(None, "good")


def linear(monkeypatch: pytest.MonkeyPatch, **config: Any) -> SparseCBM:
    """A model whose passes are the mean of the word embeddings, so that every logit is linear in them.

    Only the first dimension is used: 0 for most tokens, 3 for "tasty", 1 for "soup", 1/4 for every piece of another
    word, 9 for special tokens and 1/2 for padding. The logits of soup=Positive and of the residual for "good" read it
    sixfold.
    """
    model = tiny_model(kind="dense", bottleneck="logits", **config)
    for name in ("concept_weight", "concept_bias", "residual_weight", "residual_bias", "label_weight", "label_bias"):
        getattr(model, name).zero_()
    model.concept_weight[0, 2, 0] = model.residual_weight[2, 0] = 6.0
    model.label_weight[0, 2, 2] = 2.0
    table = model.backbone.get_input_embeddings().weight
    table.zero_()
    index = vocabulary()
    for token, number in index.items():
        table[number, 0] = 0.25 if token.startswith("##") else 0.0
    for token, value in {"tasty": 3.0, "soup": 1.0, "[PAD]": 0.5, "[CLS]": 9.0, "[SEP]": 9.0, "z": 0.25}.items():
        table[index[token], 0] = value
    monkeypatch.setattr(model, "run_passes", lambda passes, embedded, mask: mean_over_tokens(
        embedded.unflatten(0, (len(passes), -1)), mask))
    return model


def scored(review: WordRemoval, scores: Any, target: Target = SOUP, method: str = "by hand") -> Attribution:
    """An attribution of the review with any scores."""
    return Attribution(target, method, None, review.words, np.asarray(scores, dtype=np.float64), {}, 0.0, 0.0, 0.0)


def curves(made: Faithfulness) -> np.ndarray:
    """All four curves, one under the other."""
    return np.vstack([made.without_top, made.only_top, made.random_without, made.random_only])


def sparse(**config: Any) -> tuple[SparseCBM, MaskedWeights]:
    """A small random model and the weights that random masks leave each pass."""
    model = tiny_model(**config)
    return model, model.masked_weights(random_masks(model))
