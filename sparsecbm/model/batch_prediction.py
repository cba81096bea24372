"""Concepts and labels of many documents at once."""

from collections.abc import Callable, Sequence

import numpy as np
import torch

from sparsecbm.model.encoding import Encoder
from sparsecbm.model.familiarity import Familiarity
from sparsecbm.model.network import MaskedWeights, SparseCBM
from sparsecbm.model.prediction import batches, check_finite
from sparsecbm.types import Predictions

#: Tokens of a padded batch: on a GPU larger batches are faster, on a CPU they are not (`benchmarks/predict.py`).
CPU_TOKENS, GPU_TOKENS = 256, 16_384


@torch.inference_mode()
def predict_texts(
    model: SparseCBM,
    encoder: Encoder,
    weights: MaskedWeights | None,
    texts: Sequence[str],
    progress: Callable[[float], None] = lambda _: None,
    familiarity: Familiarity | None = None,
) -> Predictions:
    """As `predict` for each text up to rounding; `progress` gets the share done after each batch.

    Texts of like length share a batch. InputError when one is blank.
    """
    schema, most = model.config.schema, CPU_TOKENS if model.device.type == "cpu" else GPU_TOKENS
    labels = np.empty((len(texts), len(schema.labels)), dtype=np.float32)
    concepts = np.empty((len(texts), len(schema.concepts), len(schema.values)), dtype=np.float32)
    unlike = None if familiarity is None else np.empty(len(texts))
    tokens, truncated, unread = encoder.encode_unpadded(texts) if texts else ([], [], [])
    done = 0
    for rows in batches([len(row) for row in tokens], most):
        pooled = model.pool(encoder.pad([tokens[row] for row in rows]).to(model.device), weights)
        concept_logits = model.concept_logits(pooled)
        ledger = model.label(model.bottleneck(concept_logits), model.residual_logits(pooled))
        check_finite(ledger.logits)
        labels[rows] = ledger.logits.softmax(-1).float().cpu().numpy()
        concepts[rows] = concept_logits.softmax(-1).float().cpu().numpy()
        if familiarity is not None and unlike is not None:
            unlike[rows] = familiarity.unlike(pooled, [len(tokens[row]) for row in rows])
        done += len(rows)
        progress(done / len(texts))
    return Predictions(schema, labels, concepts, np.array(truncated, dtype=bool), np.array(unread, dtype=np.int64),
                       unlike)
