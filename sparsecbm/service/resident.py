"""A checkpoint on its device behind one lock: what every part of the Explainer builds on."""

import time
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import torch

from sparsecbm.model.checkpoint import Checkpoint, content_hash, read_notes
from sparsecbm.model.device import DeviceLock
from sparsecbm.schema import ConceptSchema
from sparsecbm.types import Progress


@dataclass(frozen=True)
class CheckpointInfo:
    """What is loaded. `memory_bytes` counts weights and the masked copies kept on the device; `density` is 0..1.

    `familiarity` identifies the measure of how unlike the training texts a text is; where it is empty, there is none,
    and `unmeasured` says why.
    """

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
    familiarity: str = ""
    unmeasured: str = ""


class Resident:
    """A model on its device, with its masked weights.

    Safe for many threads: every public call takes one lock, because the masked passes swap tensors on the shared
    module while they run. Nothing a caller does changes the model.
    """

    def __init__(self, checkpoint: Checkpoint, load_ms: float = 0.0) -> None:
        model, masks = checkpoint.model, checkpoint.masks
        self._model, self._encoder, self._lock = model, checkpoint.encoder, DeviceLock()
        self._loaded = checkpoint
        with self._lock, torch.no_grad():
            self._weights = None if masks is None else model.masked_weights(masks)
        own = sum(tensor.numel() * tensor.element_size() for tensor in model.state_dict().values())
        self.schema: ConceptSchema = model.config.schema
        self.checkpoint = CheckpointInfo(
            name=checkpoint.path.name, hash=checkpoint.hash, path=checkpoint.path, card=checkpoint.card,
            metrics=checkpoint.metrics, kind=model.config.kind, device=str(model.device),
            dtype=str(model.label_bias.dtype).removeprefix("torch."),
            parameters=sum(parameter.numel() for parameter in model.parameters()),
            memory_bytes=own + (self._weights.memory_bytes if self._weights else 0),
            density={} if masks is None else masks.density(), max_tokens=model.config.max_tokens, load_ms=load_ms,
            familiarity="" if checkpoint.familiarity is None else checkpoint.familiarity.digest,
            unmeasured=checkpoint.unmeasured)

    def renew_notes(self) -> str:
        """Take over metrics and model card from the checkpoint's folder, where they may be rewritten meanwhile.

        Returns the hash of the model that the folder holds now. If it is another than the loaded one, nothing is taken.
        """
        found = content_hash(self.checkpoint.path)
        if found == self.checkpoint.hash:
            metrics, card = read_notes(self.checkpoint.path)
            self.checkpoint = replace(self.checkpoint, metrics=metrics, card=card)
        return found

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
