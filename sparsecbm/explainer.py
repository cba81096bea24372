"""The one door for pages and command line: a checkpoint on its device, behind one lock."""

import threading
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import torch

from sparsecbm.explain.attribution import METHODS, attribute
from sparsecbm.intervene.override import override
from sparsecbm.model.checkpoint import Checkpoint, load_checkpoint
from sparsecbm.model.prediction import predict
from sparsecbm.schema import ConceptSchema
from sparsecbm.types import Explanation, InterventionResult, Prediction, Target

#: The checkpoint that ships with the project.
DEFAULT_CHECKPOINT = Path(__file__).resolve().parent.parent / "checkpoints" / "cebab-minilm"


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


class Explainer:
    """A loaded model that predicts, explains and lets a person set concepts.

    Safe for many threads: every public call takes one lock, because the masked passes swap tensors on the shared
    module while they run. Nothing a caller does changes the model.
    """

    def __init__(self, checkpoint: Checkpoint, load_ms: float = 0.0) -> None:
        model, masks = checkpoint.model, checkpoint.masks
        self._model, self._encoder, self._lock = model, checkpoint.encoder, threading.Lock()
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

    @classmethod
    def load(cls, source: str | Path = DEFAULT_CHECKPOINT, device: str | None = None) -> "Explainer":
        """Load a checkpoint folder, or one from the Hub by its id. CheckpointError says what is wrong with it."""
        started = time.perf_counter()
        checkpoint = load_checkpoint(source, device)
        return cls(checkpoint, 1000 * (time.perf_counter() - started))

    def predict(self, text: str, residual: bool = True) -> Prediction:
        """Concepts and label of one review. InputError on blank text; long text is cut and the result says so."""
        with self._lock:
            prediction = predict(self._model, self._encoder, self._weights, text, self.checkpoint.hash)
        return prediction if residual else self.without_residual(prediction)

    def explain(
        self, text: str, targets: Sequence[Target] | None = None, method: str = METHODS[0], residual: bool = True
    ) -> Explanation:
        """A prediction and the words behind it; by default for every concept's predicted value and the label."""
        started = time.perf_counter()
        prediction = self.predict(text, residual)
        if targets is None:
            targets = default_targets(prediction)
        with self._lock:
            attributions = attribute(self._model, self._encoder, self._weights, text, targets, method, residual)
        receipt = replace(prediction.receipt, method=method, milliseconds=1000 * (time.perf_counter() - started))
        return Explanation(prediction, attributions, receipt)

    def override(
        self, prediction: Prediction, overrides: Mapping[str, Sequence[float]], residual: bool = True
    ) -> InterventionResult:
        """Set concepts of a prediction to distributions over their values; only the label head runs."""
        with self._lock:
            return override(self._model, prediction, overrides, residual)

    def without_residual(self, prediction: Prediction) -> Prediction:
        """The prediction from the concepts alone; only the label head runs."""
        after = self.override(prediction, {}, residual=False).after
        return replace(after, receipt=replace(after.receipt, method=prediction.receipt.method))


def default_targets(prediction: Prediction) -> tuple[Target, ...]:
    """Every concept's predicted value, then the predicted label."""
    concepts = (Target(concept, prediction.value(concept)) for concept in prediction.schema.concepts)
    return (*concepts, Target(None, prediction.label))
