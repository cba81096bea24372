"""Fitting the measure of how unlike the training texts a text is."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import torch
from jaxtyping import Float
from scipy.optimize import nnls
from sklearn.covariance import LedoitWolf
from torch import Tensor

from sparsecbm.errors import DataError
from sparsecbm.familiarity.unlike import UNLIKE_FROM
from sparsecbm.model.checkpoint import Checkpoint
from sparsecbm.model.familiarity import Familiarity, features, save_familiarity
from sparsecbm.model.prediction import pool_texts

#: With fewer texts neither a covariance nor a share of them means anything.
LEAST_TEXTS = 2


@dataclass(frozen=True)
class FamiliarityReport:
    """What was fitted: from how many texts, the covariance's shrinkage and the share of held-out texts marked, 0..1."""

    file: str
    checkpoint: str
    train_texts: int
    held_out_texts: int
    shrinkage: float
    marked: float

    def to_json(self) -> dict[str, Any]:
        """As plain JSON values."""
        return dict(vars(self))


def fit_familiarity(
    train: Float[Tensor, "text pass_ hidden"], held_out: Float[Tensor, "other pass_ hidden"], tokens: Sequence[int]
) -> tuple[Familiarity, float]:
    """From the pooled features of training texts and of held-out ones, whose numbers of tokens are `tokens`.

    Also returns how far the covariance is shrunk, 0..1, as Ledoit and Wolf (2004) say. What is usual for a length is
    the least-squares fit to the held-out texts, with no negative part. DataError for fewer than two texts of either,
    or where all training texts have the same features.
    """
    for texts, what in ((train, "training"), (held_out, "held-out")):
        if len(texts) < LEAST_TEXTS:
            raise DataError(f"{len(texts)} {what} texts came; allowed: {LEAST_TEXTS} or more. Give a larger split.")
    fitted = LedoitWolf().fit(features(train).numpy())
    try:
        triangle = np.linalg.cholesky(fitted.precision_)[np.tril_indices(len(fitted.location_))]
    except np.linalg.LinAlgError:
        raise DataError("All training texts have the same features; allowed: texts that differ. Give other ones."
                        ) from None
    centre, precision = (torch.from_numpy(numbers).float() for numbers in (fitted.location_, triangle))
    bare = Familiarity(centre, precision, usual=torch.tensor([1.0, 0.0]), held_out=torch.zeros(0))
    lengths = np.maximum(tokens, 1)
    usual, _ = nnls(np.stack([np.ones(len(lengths)), 1 / lengths], axis=1), bare.distances(held_out).numpy())
    known = replace(bare, usual=torch.from_numpy(usual).float())
    return replace(known, held_out=known.scores(held_out, tokens).sort().values), float(fitted.shrinkage_)


def add_familiarity(
    checkpoint: Checkpoint, train: Sequence[str], held_out: Sequence[str], progress: Callable[[int], None] | None = None
) -> FamiliarityReport:
    """Fit the measure for a checkpoint and write it into its folder.

    `progress` gets the number of texts read after each batch. DataError for fewer than two texts of either.
    """
    learned, others = (pool_texts(checkpoint.model, checkpoint.encoder, checkpoint.masks, texts, progress=progress)
                       for texts in (train, held_out))
    tokens = [min(checkpoint.encoder.count_tokens(text), checkpoint.encoder.max_tokens) for text in held_out]
    familiarity, shrinkage = fit_familiarity(learned, others, tokens)
    file = save_familiarity(checkpoint.path, familiarity, checkpoint.hash)
    marked = float((familiarity.unlike(others, tokens) > UNLIKE_FROM).mean())
    return FamiliarityReport(str(file), checkpoint.hash, len(train), len(held_out), shrinkage, marked)
