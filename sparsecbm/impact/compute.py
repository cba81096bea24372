"""The impact of edits on a split. Only the passes whose masks differ run again; rules run none."""

import time
from collections.abc import Callable, Hashable, MutableMapping, Sequence

import numpy as np
import torch
from jaxtyping import Float, Int
from torch import Tensor

from sparsecbm.concepts.compute_override import require_concepts
from sparsecbm.data.split import Split
from sparsecbm.errors import CheckpointError, InputError
from sparsecbm.impact.impact import Effect, Impact, ImpactSettings
from sparsecbm.model.checkpoint import Checkpoint
from sparsecbm.model.masks import ConceptMasks
from sparsecbm.model.network import MaskedWeights, SparseCBM
from sparsecbm.model.prediction import pool_texts
from sparsecbm.revision.compute_masks import changed_masks, concept_logits
from sparsecbm.revision.compute_rules import PassOutputs, check_rule, predictions_after_rules
from sparsecbm.revision.edit import MaskChange, Revision
from sparsecbm.revision.rule import LastingEdit, edit_key
from sparsecbm.types import LABEL_TARGET, Receipt

#: Rows at once on a CPU, where few are no slower than many, and whoever waits for the model gets it sooner.
CPU_BATCH = 8
BATCH = 64

Progress = Callable[[float], None]
Kept = MutableMapping[Hashable, PassOutputs]


def impact_of_edits(
    checkpoint: Checkpoint,
    edits: Sequence[LastingEdit],
    split: Split,
    sample: int | None = None,
    seed: int = 0,
    residual: bool = True,
    progress: Progress = lambda _: None,
    weights: MaskedWeights | None = None,
    kept: Kept | None = None,
) -> Impact:
    """The impact of edits, in their order, on the rows of a split or on a random sample of them.

    `progress` gets the share done, 0..1, and may raise Cancelled. `weights` are the masked weights where they are at
    hand; `kept` holds the answers before any edit for the next time. InputError when an edit does not fit the model,
    CheckpointError when the model has nothing that an edit could change, DataError when the split has other concepts.
    """
    started = time.perf_counter()
    model, passes = checkpoint.model, checkpoint.model.config.passes
    rules = [edit for edit in edits if not isinstance(edit, Revision)]
    _check(checkpoint, split, sample, seed)
    for rule in rules:
        check_rule(rule, split.schema)
    revised = _revised(checkpoint, [edit.change for edit in edits if isinstance(edit, Revision)])
    rows = np.sort(split.draw(len(split) if sample is None else sample, seed))
    texts = [split.texts[row] for row in rows]
    kept, key = {} if kept is None else kept, (checkpoint.hash, split.data_hash, rows.tobytes())
    base, done = kept.get(key), 0
    again = () if revised is None else revised.passes
    todo = len(rows) * (len(again) + (len(passes) if base is None else 0))

    def pooled(masks: ConceptMasks | MaskedWeights | None, count: int) -> Float[Tensor, "row pass_ hidden"]:
        def report(batch: int) -> None:
            nonlocal done
            done += batch * count
            progress(done / todo)

        batch_size = CPU_BATCH if model.device.type == "cpu" else BATCH
        return pool_texts(model, checkpoint.encoder, masks, texts, batch_size, report)

    if base is None:
        base = _answers(model, pooled(checkpoint.masks if weights is None else weights, len(passes)))
        kept[key] = base
    after = base if revised is None else _merged(model, base, again, pooled(revised, len(again)))
    before, _ = predictions_after_rules(model, base, texts, residual=residual)
    edited, matched = predictions_after_rules(model, after, texts, rules, residual)
    truth, set_ = split.concepts[rows], {one.concept for rule in rules for one in rule.overrides}
    effects = [Effect(LABEL_TARGET, bool(again or rules), before.labels, edited.labels, split.labels[rows])]
    effects += [Effect(concept, concept in set_ | set(again), before.values[:, k], edited.values[:, k], truth[:, k])
                for k, concept in enumerate(split.schema.concepts)]
    return Impact(
        settings=ImpactSettings(checkpoint.hash, split.name, split.data_hash, len(rows), seed, residual,
                               tuple(edit_key(edit) for edit in edits)),
        schema=split.schema, rows=rows, ids=tuple(split.dataset[rows.tolist()]["id"]), effects=tuple(effects),
        passes=again, matched=tuple(rows[some] for some in matched),
        receipt=Receipt(checkpoint.hash, "impact", str(model.device),
                        str(model.label_bias.dtype).removeprefix("torch."), 1000 * (time.perf_counter() - started)))


def _check(checkpoint: Checkpoint, split: Split, sample: int | None, seed: int) -> None:
    require_concepts(checkpoint.model)
    split.require_schema(checkpoint.model.config.schema)
    for name, number, least in (("sample", sample, 1), ("seed", seed, 0)):
        if number is not None and number < least:
            raise InputError(f"A {name} of {number} came; allowed: {least} or more. Give another number.")


def _revised(checkpoint: Checkpoint, changes: Sequence[MaskChange]) -> ConceptMasks | None:
    """The masks of those passes that some changes leave different, and of no others; None where none is."""
    masks = checkpoint.masks
    if not changes:
        return None
    if masks is None:
        raise CheckpointError(f"The checkpoint {checkpoint.path} is of kind {checkpoint.model.config.kind} and has no "
                              "masks to revise; allowed: kind sparse. Name a sparse checkpoint, such as the one that "
                              "ships.")
    after = changed_masks(masks, changes)
    differ = torch.stack([(masks.bits[name] != after.bits[name]).any(1) for name in masks.matrices]).any(0)
    chosen: Int[np.ndarray, " changed"] = np.flatnonzero(differ.cpu().numpy())
    if not len(chosen):
        return None
    return ConceptMasks(tuple(masks.passes[k] for k in chosen), masks.shapes,
                        {name: after.bits[name][chosen.tolist()] for name in masks.matrices}, after.layout)


@torch.inference_mode()
def _answers(model: SparseCBM, pooled: Float[Tensor, "row pass_ hidden"]) -> PassOutputs:
    pooled = pooled.to(model.device)
    return PassOutputs(model.concept_logits(pooled).cpu().numpy(), model.residual_logits(pooled).cpu().numpy())


@torch.inference_mode()
def _merged(
    model: SparseCBM, base: PassOutputs, again: Sequence[str], pooled: Float[Tensor, "row again hidden"]
) -> PassOutputs:
    """The answers with those of some passes read anew."""
    concepts, pooled = model.config.schema.concepts, pooled.to(model.device)
    logits, residual = base.concept_logits.copy(), base.residual
    for place, name in enumerate(again):
        if name in concepts:
            k = concepts.index(name)
            logits[:, k] = concept_logits(model, k, pooled[:, place]).cpu().numpy()
        else:
            residual = model.residual_logits(pooled[:, place : place + 1]).cpu().numpy()
    return PassOutputs(logits, residual)
