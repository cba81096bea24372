"""Predictions of one document or many, as the model is or after mask changes, which never touch the shared model."""

import hashlib
from collections.abc import Hashable, Sequence
from dataclasses import fields, replace

import numpy as np
import torch
from cachetools import LRUCache

from sparsecbm.concepts.compute_override import override
from sparsecbm.model.batch_prediction import predict_texts
from sparsecbm.model.checkpoint import Checkpoint
from sparsecbm.model.masks import ConceptMasks
from sparsecbm.model.network import MaskedWeights, PassWeights
from sparsecbm.model.prediction import predict, predict_many
from sparsecbm.model.subnetwork_masks import Subnetworks
from sparsecbm.revision.compute_masks import changed_masks, changed_pass, replace_passes
from sparsecbm.revision.edit import MaskChange
from sparsecbm.service.resident import Resident
from sparsecbm.types import Prediction, Predictions, Progress

#: Changed passes whose matrices are kept: 42 MB each for MiniLM-L6, 340 MB for BERT-base.
PASSES_KEPT = 2
#: Changed masks that are kept, one bit per weight and pass: 7 MB each for MiniLM-L6, 53 MB for BERT-base.
MASKS_KEPT = 4
#: Predictions that are kept, a few kilobytes each.
PREDICTIONS_KEPT = 512


class PredictionExplainer(Resident):
    """A loaded model that predicts, also as if its masks had changed. Caches are read and filled under the lock."""

    def __init__(self, checkpoint: Checkpoint, load_ms: float = 0.0) -> None:
        super().__init__(checkpoint, load_ms)
        self._predictions: LRUCache[Hashable, Prediction] = LRUCache(PREDICTIONS_KEPT)
        self._changed_masks: LRUCache[Hashable, ConceptMasks] = LRUCache(MASKS_KEPT)
        self._changed_passes: LRUCache[Hashable, PassWeights] = LRUCache(PASSES_KEPT)

    def predict(self, text: str, residual: bool = True) -> Prediction:
        """Concepts and label of one document; without `residual`, the label is that of the concepts alone.

        A text that was asked about before comes from a cache: no pass runs, and the receipt is that of the first time.
        The arrays are read-only. A text longer than the model reads is cut, and the result says so. InputError on blank
        text.

            >>> prediction = explainer.predict("Kindest waiter ever!")
            >>> prediction.label, prediction.value("service")
            ('3', 'Negative')
        """
        return self.predict_changed(text, (), residual)

    def predict_changed(self, text: str, changes: Sequence[MaskChange], residual: bool = True) -> Prediction:
        """As `predict`, after mask changes, one after another.

        Only the changed passes run; the others, and `unlike`, are those of the prediction before. The receipt names the
        checkpoint and the changes. InputError on blank text or when a change does not fit the masks, CheckpointError
        when the model has none.
        """
        with self._lock:
            prediction = self._predicted(text, tuple(changes))
        return prediction if residual else self.without_residual(prediction)

    def without_residual(self, prediction: Prediction) -> Prediction:
        """The prediction from the concepts alone; only the label head runs."""
        with self._lock:
            after = override(self._model, prediction, {}, residual=False).after
        return replace(after, receipt=replace(after.receipt, method=prediction.receipt.method))

    def predict_many(self, texts: Sequence[str], progress: Progress = lambda _: None) -> list[Prediction]:
        """As `predict` for each text, in their order and up to rounding, in two thirds of the time or so on a CPU.

        `progress` gets the share done, 0..1, and may raise Cancelled; others get their turn meanwhile. InputError when
        a text is blank.
        """
        with self._lock:
            return predict_many(self._model, self._encoder, self._weights, texts, self.checkpoint.hash,
                                self._giving_way(progress), self._loaded.familiarity)

    def predict_texts(
        self, texts: Sequence[str], changes: Sequence[MaskChange] = (), progress: Progress = lambda _: None
    ) -> Predictions:
        """Concepts and label of many reviews as arrays, up to rounding; with `changes`, after these mask changes.

        `progress` gets the share done, 0..1, and may raise Cancelled; others get their turn meanwhile. InputError when
        a text is blank or a change does not fit the masks, CheckpointError when there are changes but no masks. After
        changes, `unlike` is None: it was measured on the passes as they were.
        """
        with self._lock:
            weights = self._weights_after(tuple(changes)) if changes else self._weights
            return predict_texts(self._model, self._encoder, weights, texts, self._giving_way(progress),
                                 None if changes else self._loaded.familiarity)

    def _predict_with(self, weights: MaskedWeights | None, text: str, residual: bool) -> Prediction:
        """With weights for this call only; nothing is kept."""
        with self._lock:
            prediction = predict(self._model, self._encoder, weights, text, self.checkpoint.hash)
        return prediction if residual else self.without_residual(prediction)

    def _predicted(self, text: str, changes: tuple[MaskChange, ...]) -> Prediction:
        key = (text, digests(changes))
        if key not in self._predictions:
            self._keep(self._predict_anew(text, changes), text, changes)
        return self._predictions[key]

    def _keep(self, prediction: Prediction, text: str, changes: tuple[MaskChange, ...]) -> None:
        """Keep a prediction for all callers, with arrays that none of them can write to."""
        for field in fields(prediction):
            array = getattr(prediction, field.name)
            if isinstance(array, np.ndarray):
                array.setflags(write=False)
        self._predictions[text, digests(changes)] = prediction

    def _predict_anew(self, text: str, changes: tuple[MaskChange, ...]) -> Prediction:
        if not changes:
            return predict(self._model, self._encoder, self._weights, text, self.checkpoint.hash,
                           self._loaded.familiarity)
        before, weights = self._predicted(text, ()), self._weights_after(changes)
        encoded = self._encoder.encode([text]).to(self._model.device)
        with torch.inference_mode():
            embedded = self._model.embed(encoded.input_ids)
            pooled = {k: self._model.run_pass(weights.of(k), embedded, encoded.attention_mask) for k in weights.instead}
        return self._named(replace_passes(self._model, before, pooled), changes)

    def _named(self, prediction: Prediction, changes: tuple[MaskChange, ...]) -> Prediction:
        """The prediction with the changes on its receipt."""
        edited = hashlib.sha256("".join(digests(changes)).encode()).hexdigest()
        return replace(prediction, receipt=replace(prediction.receipt, checkpoint=f"{self.checkpoint.hash}+{edited}"))

    def _masks_after(self, changes: tuple[MaskChange, ...]) -> ConceptMasks:
        masks, key = Subnetworks.of(self._loaded).masks, digests(changes)
        if key and key not in self._changed_masks:
            self._changed_masks[key] = changed_masks(masks, changes)
        return self._changed_masks[key] if key else masks

    def _weights_after(self, changes: tuple[MaskChange, ...]) -> MaskedWeights:
        """The masked weights, with matrices of their own where a pass changed."""
        masks, after = Subnetworks.of(self._loaded).masks, self._masks_after(changes)
        assert self._weights is not None  # where there are masks, there are masked weights
        instead = {}
        for name in dict.fromkeys(change.pass_ for change in changes):
            k, key = masks.passes.index(name), (name, digests(bearing(changes, name)))
            if key not in self._changed_passes:
                self._changed_passes[key] = changed_pass(self._model, masks, after, k)
            if self._changed_passes[key]:
                instead[k] = self._changed_passes[key]
        return self._weights.with_instead(instead)


def digests(changes: Sequence[MaskChange]) -> tuple[str, ...]:
    """Hashes of changes: equal for equal changes, in the same order."""
    return tuple(change.digest for change in changes)


def bearing(changes: Sequence[MaskChange], concept: str | None) -> tuple[MaskChange, ...]:
    """The changes that bear on a concept, which is read in its own pass alone; on the label, None, all do."""
    return tuple(change for change in changes if concept in (None, change.pass_))
