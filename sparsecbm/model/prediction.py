"""One review to one `Prediction`, and the label of concepts that a person has set."""

import time
from dataclasses import replace
from typing import Any

import numpy as np
import torch
from jaxtyping import Float
from torch import Tensor

from sparsecbm.model.encoding import Encoder
from sparsecbm.model.network import Ledger, MaskedWeights, SparseCBM
from sparsecbm.types import Prediction, Receipt


@torch.inference_mode()
def predict(
    model: SparseCBM, encoder: Encoder, weights: MaskedWeights | None, text: str, checkpoint: str
) -> Prediction:
    """Run all passes over one review; `checkpoint` is the hash that goes on the receipt. InputError on blank text."""
    started = time.perf_counter()
    encoded = encoder.encode([text]).to(model.device)
    concept_logits, residual = model(encoded, weights)
    bottleneck = model.bottleneck(concept_logits)
    ledger = model.label(bottleneck, residual)
    receipt = Receipt(checkpoint, "prediction", str(model.device), str(residual.dtype).removeprefix("torch."),
                      1000 * (time.perf_counter() - started))
    return Prediction(
        schema=model.config.schema, text=text, concept_probabilities=_numpy(concept_logits.softmax(-1)[0]),
        bottleneck=_numpy(bottleneck[0]), residual=_numpy(residual[0]), **_label_parts(ledger),
        tokens_read=encoded.input_ids.shape[1], tokens_total=encoder.count_tokens(text), receipt=receipt)


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


def _label_parts(ledger: Ledger) -> dict[str, Any]:
    logits = ledger.logits[0]
    return {"contributions": _numpy(ledger.contributions[0]), "label_bias": _numpy(ledger.bias),
            "label_logits": _numpy(logits), "label_probabilities": _numpy(logits.softmax(-1))}


def _numpy(tensor: Float[Tensor, "*axes"]) -> Float[np.ndarray, "*axes"]:
    array: np.ndarray = tensor.detach().cpu().numpy().copy()  # a view of the bias would open the model to writes
    return array
