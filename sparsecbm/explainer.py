"""The one door for pages and command line: a checkpoint on its device, behind one lock."""

import threading
import time
from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import torch
from cachetools import LRUCache

from sparsecbm.explain.attribution import Progress, attribute
from sparsecbm.explain.faithfulness import ORDERS, faithfulness
from sparsecbm.explain.knockout import knock_out
from sparsecbm.explain.methods import DEFAULT_METHOD, method_named
from sparsecbm.explain.overlap import layer_overlap, mask_overlap
from sparsecbm.explain.parts import Subnetworks
from sparsecbm.explain.removal import WordRemoval
from sparsecbm.intervene.override import override
from sparsecbm.model.checkpoint import Checkpoint, load_checkpoint
from sparsecbm.model.network import MaskedWeights
from sparsecbm.model.prediction import predict
from sparsecbm.schema import ConceptSchema
from sparsecbm.subnetworks.knockout import KnockOut, KnockOutResult
from sparsecbm.subnetworks.overlap import LayerOverlap, MaskOverlap
from sparsecbm.types import Attribution, Explanation, Faithfulness, InterventionResult, Prediction, Target, Word

#: The checkpoint that ships with the project.
DEFAULT_CHECKPOINT = Path(__file__).resolve().parent.parent / "checkpoints" / "cebab-minilm"

#: Word scores that are kept, in bytes, and as much again for their curves; the least recently used go first.
CACHE_BYTES = 64 * 2**20
#: Reviews whose removals of words are kept for their other attributions; up to some megabytes each.
REVIEWS_KEPT = 4


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
    """A loaded model that predicts, explains, and lets a person set concepts and take weights out.

    Safe for many threads: every public call takes one lock, because the masked passes swap tensors on the shared
    module while they run. Nothing a caller does changes the model.
    """

    def __init__(self, checkpoint: Checkpoint, load_ms: float = 0.0) -> None:
        model, masks = checkpoint.model, checkpoint.masks
        self._model, self._encoder, self._lock = model, checkpoint.encoder, threading.Lock()
        self._loaded, self._layers = checkpoint, dict[int, LayerOverlap]()
        self._overlap: MaskOverlap | None = None
        self._attributions: LRUCache[Hashable, Attribution] = LRUCache(CACHE_BYTES, getsizeof=_bytes)
        self._faithfulness: LRUCache[Hashable, Faithfulness] = LRUCache(CACHE_BYTES, getsizeof=_bytes)
        self._removals: LRUCache[str, WordRemoval] = LRUCache(REVIEWS_KEPT)
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
        return self._predict(text, self._weights, residual)

    def _predict(self, text: str, weights: MaskedWeights | None, residual: bool) -> Prediction:
        with self._lock:
            prediction = predict(self._model, self._encoder, weights, text, self.checkpoint.hash)
        return prediction if residual else self.without_residual(prediction)

    def words(self, text: str) -> tuple[Word, ...]:
        """The words of a text that the model reads, in the order that scores have; none where it sees none."""
        with self._lock:
            return self._encoder.words(text)[0]

    def explain(
        self,
        text: str,
        targets: Sequence[Target] | None = None,
        method: str = DEFAULT_METHOD,
        steps: int | None = None,
        residual: bool = True,
        progress: Progress = lambda _: None,
    ) -> Explanation:
        """A prediction and the words behind it; by default for every concept's predicted value and the label.

        What was worked out before comes from a cache. `progress` gets the share done, 0..1, and may raise Cancelled;
        others get their turn meanwhile.
        """
        started = time.perf_counter()
        prediction = self.predict(text, residual)
        steps = method_named(method).checked_steps(steps)
        keys = {target: (text, target, method, steps, residual)
                for target in (default_targets(prediction) if targets is None else targets)}
        with self._lock:
            found = {target: self._attributions[key] for target, key in keys.items() if key in self._attributions}
            missing = [target for target in keys if target not in found]
            if missing:
                made = attribute(self._model, self._encoder, self._weights, text, missing, method, steps, residual,
                                 self._giving_way(progress))
                found |= zip(missing, made, strict=True)
                self._attributions.update((keys[target], found[target]) for target in missing)
        receipt = replace(prediction.receipt, method=method, milliseconds=1000 * (time.perf_counter() - started))
        return Explanation(prediction, tuple(found[target] for target in keys), receipt)

    def faithfulness(
        self,
        attribution: Attribution,
        text: str,
        residual: bool = True,
        removal: str = "deletion",
        orders: int = ORDERS,
        progress: Progress = lambda _: None,
    ) -> Faithfulness:
        """Whether the target's probability goes with the words of the text in the order of their scores.

        Attributions of one text share what is read without some of its words. `progress` and cache as in `explain`.
        """
        key = (text, attribution.target, attribution.method, attribution.steps, attribution.scores.tobytes(), residual,
               removal, orders)
        with self._lock:
            found = self._faithfulness.get(key)
            if found is None:
                review = self._removals.get(text) or WordRemoval(self._model, self._encoder, self._weights, text)
                self._removals[text] = review
                found = faithfulness(review, attribution, removal, residual, orders, self._giving_way(progress))
                self._faithfulness[key] = found
        return found

    def _giving_way(self, progress: Progress) -> Progress:
        """Report progress with the lock released, so that nobody waits for a whole slow explanation."""

        def between_batches(share: float) -> None:
            self._lock.release()
            try:
                progress(share)
                time.sleep(0.0005)  # a thread that waits for the lock takes it now; without a pause it seldom would
            finally:
                self._lock.acquire()

        return between_batches

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

    def overlap(self) -> MaskOverlap:
        """How the subnetworks share the weights, counted once. CheckpointError when the model has no masks."""
        if self._overlap is None:
            self._overlap = mask_overlap(Subnetworks.of(self._loaded))
        return self._overlap

    def layer_overlap(self, layer: int) -> LayerOverlap:
        """The same for every head and neuron of one layer, numbered from 0."""
        if layer not in self._layers:
            self._layers[layer] = layer_overlap(Subnetworks.of(self._loaded), layer)
        return self._layers[layer]

    def knock_out(self, text: str, knock_outs: Sequence[KnockOut], residual: bool = True) -> KnockOutResult:
        """One review with and without some weights, for this call only; without knock-outs nothing changes."""
        started = time.perf_counter()
        subnetworks = Subnetworks.of(self._loaded)
        assert self._weights is not None  # where there are masks, there are masked weights
        weights, removed = knock_out(self._weights, subnetworks, knock_outs)
        before, after = (self._predict(text, some, residual) for some in (self._weights, weights))
        receipt = replace(after.receipt, method="knock-out", milliseconds=1000 * (time.perf_counter() - started))
        return KnockOutResult(before, after, tuple(knock_outs), removed, receipt)


def _bytes(result: Attribution | Faithfulness) -> int:
    """Memory of a cached result, roughly: its numbers, its words, and what objects cost."""
    if isinstance(result, Faithfulness):
        return 1000 + 2 * (1 + len(result.random_only)) * result.fractions.nbytes
    scores = sum(array.nbytes for array in (result.scores, *result.parts.values()))
    return 1000 + scores + 200 * len(result.words)


def default_targets(prediction: Prediction) -> tuple[Target, ...]:
    """Every concept's predicted value, then the predicted label."""
    concepts = (Target(concept, prediction.value(concept)) for concept in prediction.schema.concepts)
    return (*concepts, Target(None, prediction.label))
