"""Two checkpoints answer the corrected texts and whole splits, and their answers are compared."""

import time
from collections.abc import Mapping

from sparsecbm.concepts.compute_override import require_concepts
from sparsecbm.corrections.correction_split import CORRECTIONS, parts_after
from sparsecbm.corrections.learning_impact import LearningImpact
from sparsecbm.data.split import Split, normalised
from sparsecbm.errors import InputError
from sparsecbm.impact.impact import Impact, ImpactSettings, impact_between
from sparsecbm.model.batch_prediction import predict_texts
from sparsecbm.model.checkpoint import Checkpoint
from sparsecbm.types import Predictions, Progress, Receipt


def learning_impact(
    before: Checkpoint, after: Checkpoint, corrected: Split, sources: Mapping[str, Split],
    progress: Progress = lambda _: None,
) -> LearningImpact:
    """What `after` answers otherwise than `before`, on the corrected texts and on splits by their names.

    A corrected text is held out unless either of them, or one that they went on from, learned from it. The splits are
    taken without the corrected texts. `progress` gets the share done, 0..1. InputError for models of different
    concepts, DataError for splits of others, or where nothing but corrected texts is in one.
    """
    if before.model.config.schema.axes != after.model.config.schema.axes:
        raise InputError(f"{before.path} and {after.path} have different concepts, values or labels; allowed: a "
                         "checkpoint and one that went on from it. Name two such.")
    texts = frozenset(map(normalised, corrected.texts))
    parts = parts_after(corrected, *(one.metrics.get("training", {}) for one in (before, after)))
    splits = {f"{CORRECTIONS}/{name}": part for name, part in parts.items()}
    splits |= {name: split.without(texts, "corrected since") for name, split in sources.items()}
    for one in (before, after):
        require_concepts(one.model)
        for split in splits.values():
            split.require_schema(one.model.config.schema)
    weights = {one.hash: None if one.masks is None else one.model.masked_weights(one.masks) for one in (before, after)}
    most, done, impacts = 2 * sum(map(len, splits.values())), 0, dict[str, Impact]()

    def answers(one: Checkpoint, split: Split) -> Predictions:
        nonlocal done
        found = predict_texts(one.model, one.encoder, weights[one.hash], split.texts,
                              lambda share: progress((done + share * len(split)) / most))
        done += len(split)
        return found

    for name, split in splits.items():
        started = time.perf_counter()
        old, new = answers(before, split), answers(after, split)
        settings = ImpactSettings(before.hash, name, split.data_hash, len(split), 0, True,
                                  (f"checkpoint {after.hash}",))
        receipt = Receipt(before.hash, "two checkpoints", str(before.model.device),
                          str(before.model.label_bias.dtype).removeprefix("torch."),
                          1000 * (time.perf_counter() - started))
        impacts[name] = impact_between(old, new, split, settings, receipt)
    return LearningImpact(before.hash, after.hash, impacts, splits)
