"""A checkpoint on its device, behind one lock: what every way to ask the model stands on."""

import threading
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import torch

from sparsecbm.concepts.compute_override import override
from sparsecbm.model.checkpoint import Checkpoint
from sparsecbm.model.network import MaskedWeights
from sparsecbm.model.prediction import predict, predict_many
from sparsecbm.schema import ConceptSchema
from sparsecbm.types import Prediction, Progress


@dataclass(frozen=True)
class CheckpointInfo:
    """What is loaded. `memory_bytes` counts weights and the masked copies kept on the device; `density` is 0..1."""

    name: str
    hash: str
    path: Path
    card: str
    metrics: Mapping[str, Any]
    kind: str
    device: str
    dtype: str
    parameters: int
    memory_bytes: int
    density: Mapping[str, float]
    max_tokens: int
    load_ms: float


class Resident:
    """A loaded model that predicts.

    Safe for many threads: every public call takes one lock, because the masked passes swap tensors on the shared
    module while they run. Nothing a caller does changes the model.
    """

    def __init__(self, checkpoint: Checkpoint, load_ms: float = 0.0) -> None:
        model, masks = checkpoint.model, checkpoint.masks
        self._model, self._encoder, self._lock = model, checkpoint.encoder, threading.Lock()
        self._loaded = checkpoint
        with torch.no_grad():
            self._weights = None if masks is None else model.masked_weights(masks)
        resident = [*model.state_dict().values(), *(self._weights.stacks.values() if self._weights else ())]
        self.schema: ConceptSchema = model.config.schema
        self.checkpoint = CheckpointInfo(
            name=checkpoint.path.name, hash=checkpoint.hash, path=checkpoint.path, card=checkpoint.card,
            metrics=checkpoint.metrics, kind=model.config.kind, device=str(model.device),
            dtype=str(model.label_bias.dtype).removeprefix("torch."),
            parameters=sum(parameter.numel() for parameter in model.parameters()),
            memory_bytes=sum(tensor.numel() * tensor.element_size() for tensor in resident),
            density={} if masks is None else masks.density(), max_tokens=model.config.max_tokens, load_ms=load_ms)

    def predict(self, text: str, residual: bool = True) -> Prediction:
        """Concepts and label of one review. InputError on blank text; long text is cut and the result says so."""
        return self._predict(text, self._weights, residual)

    def predict_many(self, texts: Sequence[str], progress: Progress = lambda _: None) -> list[Prediction]:
        """As `predict` for each text, in their order and up to rounding, in two thirds of the time or so on a CPU.

        `progress` gets the share done, 0..1, and may raise Cancelled; others get their turn meanwhile. InputError when
        a text is blank.
        """
        with self._lock:
            return predict_many(self._model, self._encoder, self._weights, texts, self.checkpoint.hash,
                                self._giving_way(progress))

    def _predict(self, text: str, weights: MaskedWeights | None, residual: bool) -> Prediction:
        with self._lock:
            prediction = predict(self._model, self._encoder, weights, text, self.checkpoint.hash)
        return prediction if residual else self.without_residual(prediction)

    def without_residual(self, prediction: Prediction) -> Prediction:
        """The prediction from the concepts alone; only the label head runs."""
        with self._lock:
            after = override(self._model, prediction, {}, residual=False).after
        return replace(after, receipt=replace(after.receipt, method=prediction.receipt.method))

    def _giving_way(self, progress: Progress) -> Progress:
        """Report progress with the lock released, so that nobody waits for the whole of something slow."""

        def between_batches(share: float) -> None:
            self._lock.release()
            try:
                progress(share)
                time.sleep(0.0005)  # a thread that waits for the lock takes it now; without a pause it seldom would
            finally:
                self._lock.acquire()

        return between_batches
