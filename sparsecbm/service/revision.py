"""Masks that a person revises, and patches: revisions that are saved."""

import math
import threading
import time
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np

from sparsecbm.model.checkpoint import Checkpoint
from sparsecbm.model.subnetwork_masks import Subnetworks
from sparsecbm.revision.compute import DEFAULT_PORTION, DEFAULT_STEPS, check_bounds, revise
from sparsecbm.revision.compute_masks import change_counts, random_edit, replace_passes
from sparsecbm.revision.compute_patch import check_patch, load_patch, read_patch
from sparsecbm.revision.edit import MaskChange, Revision
from sparsecbm.revision.patch import Patch
from sparsecbm.revision.result import ChangeCounts, RevisionResult, RevisionStep
from sparsecbm.service.predictions import PredictionExplainer
from sparsecbm.subnetworks.compute_variants import sizes
from sparsecbm.types import Prediction, Progress


class RevisionExplainer(PredictionExplainer):
    """Mask revisions, their control, and patches. What they change is a value that the caller keeps."""

    def __init__(self, checkpoint: Checkpoint, load_ms: float = 0.0) -> None:
        super().__init__(checkpoint, load_ms)
        self._revising = threading.Lock()  # each revision works on a copy of a pass: one at a time

    def revise(
        self,
        text: str,
        concept: str,
        value: str,
        portion: float = DEFAULT_PORTION,
        steps: int = DEFAULT_STEPS,
        changes: Sequence[MaskChange] = (),
        residual: bool = True,
        smallest: bool = True,
        progress: Progress = lambda _: None,
    ) -> RevisionResult:
        """Exchange weights of a concept's subnetwork, after `changes`, until the concept of a review is `value`.

        When it is so already, nothing is changed and the result has no steps. At most `portion` of each matrix's active
        weights is exchanged; with `smallest` no more than it takes. `progress` gets the share done, 0..1, and may raise
        Cancelled; others get their turn meanwhile. InputError on blank text, an unknown concept or value, a portion or
        steps out of bounds, or changes that do not fit the masks; CheckpointError when the model has no masks.

            >>> result = explainer.revise("Kindest waiter ever!", "service", "Positive")
            >>> result.before.label, result.after.label
            ('3', '5')
        """
        started, earlier = time.perf_counter(), tuple(changes)
        check_bounds(portion, steps)
        self.schema.value_index(value, concept)
        k = self.schema.concept_index(concept)
        with self._lock:
            masks, before = self._masks_after(earlier), self._predicted(text, earlier)
        if before.value(concept) == value:
            unchanged = Revision(concept, value, 0.0, 0, MaskChange(concept, {}, {}))
            return self._result(unchanged, before, before, (), sum(sizes(masks, k)), residual, started)
        with self._revising, self._lock:
            encoded = self._encoder.encode([text]).to(self._model.device)
            made = revise(self._model, masks, self._weights_after(earlier).of(k), encoded, concept, value, portion,
                          steps, smallest, self._giving_way(progress))
            every = (*earlier, made.revision.change)
            after = self._named(replace_passes(self._model, before, {k: made.pooled}), every)
            self._keep(after, text, every)
        return self._result(made.revision, before, after, made.steps, made.active, residual, started)

    def random_edit(
        self, text: str, like: Revision, changes: Sequence[MaskChange] = (), seed: int = 0, residual: bool = True
    ) -> RevisionResult:
        """The control of a revision that was made after `changes`: as many weights of every matrix, drawn at random."""
        started, earlier = time.perf_counter(), tuple(changes)
        k = self.schema.concept_index(like.concept)
        with self._lock:
            masks, before = self._masks_after(earlier), self._predicted(text, earlier)
        change = random_edit(masks, like.change, seed)
        with self._lock:
            after = self._predicted(text, (*earlier, change))
        v, drawn = self.schema.value_index(like.value), Revision(like.concept, like.value, like.portion, 1, change)
        shares = [(portion, float(prediction.concept_probabilities[k, v]))
                  for portion, prediction in ((0.0, before), (like.portion, after))]
        steps = tuple(RevisionStep(portion, p, -math.log(max(p, float(np.finfo(np.float32).tiny))))
                      for portion, p in shares)
        result = self._result(drawn, before, after, steps, sum(sizes(masks, k)), residual, started)
        return replace(result, receipt=replace(result.receipt, method="random edit"))

    def change_counts(self, change: MaskChange) -> ChangeCounts:
        """The weights of a change by layer and module or head. CheckpointError when the model has no masks."""
        return change_counts(Subnetworks.of(self._loaded), change)

    def active_weights(self, pass_: str) -> int:
        """Weights that a pass uses. CheckpointError when the model has no masks."""
        with self._lock:
            masks = self._masks_after(())
        return sum(sizes(masks, masks.passes.index(pass_)))

    def patch(self, name: str, revisions: Sequence[Revision], note: str = "", author: str = "") -> Patch:
        """Revisions, each made after those before it, as a patch of this checkpoint, made now.

        InputError when a text is too long, the name is blank, or the revisions do not fit the masks.
        """
        patch = Patch.now(name, note, author, self.checkpoint.hash, tuple(revisions))
        self.check_patch(patch)
        return patch

    def open_patch(self, source: Path | bytes) -> Patch:
        """A patch from its file or bytes. InputError unless it is sound and was made for this checkpoint."""
        patch = read_patch(source) if isinstance(source, bytes) else load_patch(source)
        self.check_patch(patch)
        return patch

    def check_patch(self, patch: Patch) -> None:
        """InputError unless a patch was made for this checkpoint and fits its masks."""
        with self._lock:
            check_patch(patch, self.checkpoint.hash, self._masks_after(()))

    def _result(
        self, revision: Revision, before: Prediction, after: Prediction, steps: tuple[RevisionStep, ...], active: int,
        residual: bool, started: float,
    ) -> RevisionResult:
        if not residual:
            before, after = map(self.without_residual, (before, after))
        receipt = replace(after.receipt, method="mask revision", milliseconds=1000 * (time.perf_counter() - started))
        return RevisionResult(revision, before, after, steps, active, receipt)
