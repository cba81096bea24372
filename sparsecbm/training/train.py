"""A training run from sources to a checkpoint that has been measured."""

import logging
import random
import shutil
import time
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import torch
from accelerate import Accelerator

from sparsecbm.config import TrainConfig, to_json
from sparsecbm.data.split import Split
from sparsecbm.errors import ConfigError, DataError
from sparsecbm.evaluation.compute import evaluate_pooled
from sparsecbm.familiarity.compute import add_familiarity
from sparsecbm.model.backbone import max_positions, pretrained_backbone
from sparsecbm.model.checkpoint import METRICS_FILE, Checkpoint, load_checkpoint, save_checkpoint, write_notes
from sparsecbm.model.device import available_device
from sparsecbm.model.encoding import Encoder
from sparsecbm.model.masks import ConceptMasks
from sparsecbm.model.network import SparseCBM
from sparsecbm.model.prediction import pool_texts
from sparsecbm.subnetworks.compute_specificity import measure_specificity
from sparsecbm.training.card import model_card
from sparsecbm.training.distillation import taught
from sparsecbm.training.heads import fit_label_head, fit_residual
from sparsecbm.training.loop import Trainer
from sparsecbm.training.noisy_concepts import check_concept_weights, corrupted, trust_of
from sparsecbm.training.progress import TrainingDisplay
from sparsecbm.training.rows import TrainingRows, evenly
from sparsecbm.training.state import FOLDER
from sparsecbm.training.training_sources import Source, prepared, read_notes

log = logging.getLogger(__name__)

#: How far the masks that a run starts with may be from the sparsity of its settings: rounding.
SPARSITY_TOLERANCE = 0.005


def train(
    config: TrainConfig,
    training: Split | Sequence[Source],
    evaluation: Split | Sequence[Source],
    output: Path,
    device: str | None = None,
    resume: bool = False,
    more_notes: Mapping[str, Any] | None = None,
) -> Path:
    """Train a model, write it with `metrics.json` and a model card to `output`, and return that folder.

    Every row of the training sources comes once an epoch, and its loss counts by the weight of its source. The best
    epoch is chosen on all evaluation sources; the first one's report is the checkpoint's. `resume` goes on after the
    last finished epoch of an interrupted run with the same settings and sources. `more_notes` are kept with what is
    said of the training. ConfigError when the sources do not fit the model or there is nothing to resume.
    """
    learned, scored = prepared(training, evaluation, config.model)
    check_concept_weights(config, learned)
    config = replace(config, sources=tuple(source.config for source in learned),
                     evaluation=tuple(source.config for source in scored))
    place = available_device(device)
    _seed(config.seed)
    accelerator = Accelerator()  # which device it would choose does not matter: it is given nothing to place
    before = None if config.start is None else _started(config, config.start)
    model, encoder = _untrained(config) if before is None else (before.model, before.encoder)
    model.to(place)
    parts, noise = _training_rows(config, learned)
    eval_rows = {source.name: TrainingRows.of(source.split, config.concept_targets) for source in scored}
    rows = TrainingRows.joined(parts)
    if config.teacher is not None:
        log.info("asking the teacher")
        rows = taught(rows, load_checkpoint(config.teacher, place), config)
    trainer = Trainer(model, encoder, rows, eval_rows, config, output, accelerator)
    if before is not None and before.masks is not None:
        trainer.begin_with(before.masks)
    if resume:
        trainer.resume()
    elif (output / FOLDER).exists():
        raise ConfigError(f"{output} holds an unfinished run; go on with --resume, or choose another output folder.")
    with TrainingDisplay(sum(trainer.steps), trainer.progress.step) as display:
        progress = trainer.run(display)
    started = time.perf_counter()
    reports, penalties = _fit_heads(trainer, parts, eval_rows, scored)
    save_checkpoint(output, model, encoder, progress.masks if trainer.sparse else None)
    notes = {
        "config": to_json(config), **read_notes(learned), "epochs": progress.epochs, "best_epoch": progress.best_epoch,
        "damping_ratio": progress.damping_ratio, "precision": progress.precision, "residual": penalties,
        "seconds": progress.seconds + time.perf_counter() - started, **(more_notes or {}),
    }
    if noise:
        notes["concept_noise"] = noise
    if before is not None:
        notes["before"] = {"hash": before.hash, **before.metrics.get("training", {})}
    metrics = {"dev": reports[scored[0].name], "sources": reports, "baselines": {}, "training": notes}
    _write(output, metrics)
    if trainer.sparse and config.probe_rows:
        log.info("probing the subnetworks")
        _write(output, metrics | _probed(load_checkpoint(output, place), scored[0].split, config))
    log.info("measuring how unlike the training texts a text is")
    try:
        sample = rows.sample(config.head_rows, config.seed)
        add_familiarity(load_checkpoint(output, place), sample.texts, eval_rows[scored[0].name].texts)
    except DataError as error:  # too few texts, or all alike: the model is trained all the same
        log.warning("%s", error)
    shutil.rmtree(output / FOLDER)
    return output


def _training_rows(
    config: TrainConfig, sources: Sequence[Source]
) -> tuple[list[TrainingRows], dict[str, int]]:
    """The rows of each source and, where concept labels are to be wrong, how many are."""
    parts = [TrainingRows.of(source.split, config.concept_targets, source.weight, trust_of(source, config))
             for source in sources]
    if not config.concept_noise:
        return parts, {}
    made = [corrupted(part, config.model.schema, config.concept_noise, config.seed * 1000 + place)
            for place, part in enumerate(parts)]
    return [part for part, _ in made], {key: sum(counts[key] for _, counts in made) for key in ("rows", "labels")}


def _untrained(config: TrainConfig) -> tuple[SparseCBM, Encoder]:
    backbone = pretrained_backbone(config.backbone)
    if config.model.max_tokens > max_positions(backbone):
        raise ConfigError(f"max_tokens is {config.model.max_tokens}, but {config.backbone} reads at most "
                          f"{max_positions(backbone)} tokens; set max_tokens to that or less.")
    return SparseCBM(config.model, backbone), Encoder.load(config.backbone, config.model.max_tokens)


def _started(config: TrainConfig, start: str) -> Checkpoint:
    """A trained model to go on with; ConfigError when it is another than the settings speak of.

    It keeps its own words for the same concepts, values and labels. A dense one may become sparse. Masks that are there
    stay, and ask for fine-tuning epochs only.
    """
    found = load_checkpoint(start, "cpu")
    if found.model.config.kind == "dense" and config.model.kind == "sparse":
        model = SparseCBM(replace(found.model.config, kind="sparse", mask_kind=config.model.mask_kind),
                          found.model.backbone)
        model.load_state_dict(found.model.state_dict())
        found = replace(found, model=model)
    own = found.model.config.schema
    wanted = replace(config.model, schema=own) if own.axes == config.model.schema.axes else config.model
    if found.model.config != wanted:
        raise ConfigError(f"The checkpoint {start} has other model settings than this run; repeat those of its "
                          "config.json, or start from a backbone.")
    if found.masks is not None:
        _check_masks(found.masks, config, start)
    elif config.model.kind == "sparse" and not config.epochs_prune:
        raise ConfigError(f"The checkpoint {start} has no masks, and no pruning epoch came that would find them; set "
                          "epochs_prune to 1 or more.")
    found.model.requires_grad_(True)
    return found


def _check_masks(masks: ConceptMasks, config: TrainConfig, start: str) -> None:
    if config.epochs_dense or config.epochs_prune:
        raise ConfigError(f"The checkpoint {start} has its masks already, but {config.epochs_dense} dense and "
                          f"{config.epochs_prune} pruning epochs came; set both to 0.")
    sparsity = [1 - density for density in masks.density().values()]
    if any(abs(one - config.prune.sparsity) > SPARSITY_TOLERANCE for one in sparsity):
        raise ConfigError(f"The checkpoint {start} is {100 * min(sparsity):.1f} to {100 * max(sparsity):.1f} % sparse, "
                          f"but prune.sparsity is {config.prune.sparsity}; set that to what the checkpoint has.")


def add_baselines(folder: Path, others: Mapping[str, Path]) -> None:
    """Put the dev reports of other checkpoints beside this one's, for the screen and the card; all else stays."""
    metrics = load_checkpoint(folder, "cpu").metrics
    if "dev" not in metrics:
        raise ConfigError(f"{folder} has no {METRICS_FILE} with a report; train or evaluate it first.")
    reports = {name: load_checkpoint(other, "cpu").metrics["dev"] for name, other in others.items()}
    _write(folder, metrics | {"baselines": metrics["baselines"] | reports})


def _write(folder: Path, metrics: dict[str, Any]) -> None:
    write_notes(folder, metrics, model_card(metrics))


def _probed(checkpoint: Checkpoint, split: Split, config: TrainConfig) -> dict[str, Any]:
    """What the subnetworks carry; nothing where the rows do not say, for the model is trained all the same."""
    try:
        return measure_specificity(checkpoint, split, config.probe_rows, seed=config.seed).to_json()
    except DataError as error:
        log.warning("%s", error)
        return {}


@torch.no_grad()
def _as_stored(model: SparseCBM) -> None:
    """Round the weights to what the checkpoint will hold, so that what is measured is what ships."""
    for tensor in model.state_dict().values():
        if tensor.is_floating_point():
            tensor.copy_(tensor.half().float())


def _fit_heads(
    trainer: Trainer, parts: Sequence[TrainingRows], eval_rows: Mapping[str, TrainingRows], scored: Sequence[Source]
) -> tuple[dict[str, Any], dict[str, float]]:
    """Fit the label's heads on the sources that have labels; returns each evaluation source's report by its name."""
    model, config = trainer.model, trainer.config
    masks = trainer.progress.masks if trainer.sparse else None
    penalties: dict[str, float] = {}
    _as_stored(model)
    log.info("pooling the evaluation texts")
    pooled = {name: pool_texts(model, trainer.encoder, masks, rows.texts) for name, rows in eval_rows.items()}
    if config.model.kind != "black_box":
        log.info("pooling training texts to fit the label head")
        sample = evenly([part for part in parts if bool((part.labels >= 0).any())], config.head_rows, config.seed)
        learned = pool_texts(model, trainer.encoder, masks, sample.texts)
        model.to("cpu")
        fit_label_head(model, config, learned, sample)
        if config.model.residual:
            penalties = fit_residual(model, config, learned, sample,
                                     [(pooled[name], rows) for name, rows in eval_rows.items()])
        _as_stored(model)
    model.to("cpu")
    return {source.name: evaluate_pooled(model, masks, pooled[source.name], source.split, seed=config.seed).to_json()
            for source in scored}, penalties


def _seed(seed: int) -> None:
    random.seed(seed)
    np.random.seed(seed)
    torch.manual_seed(seed)
