"""A training run from splits to a checkpoint that has been measured."""

import logging
import random
import shutil
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import torch
from accelerate import Accelerator

from sparsecbm.config import TrainConfig, to_json
from sparsecbm.data.split import Split
from sparsecbm.errors import ConfigError, DataError
from sparsecbm.evaluation.compute import evaluate_pooled
from sparsecbm.model.backbone import available_device, max_positions, pretrained_backbone
from sparsecbm.model.checkpoint import METRICS_FILE, Checkpoint, load_checkpoint, save_checkpoint, write_notes
from sparsecbm.model.encoding import Encoder
from sparsecbm.model.network import SparseCBM
from sparsecbm.model.prediction import pool_texts
from sparsecbm.subnetworks.compute_specificity import measure_specificity
from sparsecbm.training.card import model_card
from sparsecbm.training.heads import fit_label_head, fit_residual
from sparsecbm.training.loop import Trainer
from sparsecbm.training.progress import TrainingDisplay
from sparsecbm.training.rows import TrainingRows
from sparsecbm.training.state import FOLDER

log = logging.getLogger(__name__)

#: How far the masks that a run starts with may be from the sparsity of its settings: rounding.
SPARSITY_TOLERANCE = 0.005


def train(
    config: TrainConfig,
    train_split: Split,
    eval_split: Split,
    output: Path,
    device: str | None = None,
    resume: bool = False,
) -> Path:
    """Train a model, write it with `metrics.json` and a model card to `output`, and return that folder.

    `resume` goes on after the last finished epoch of an interrupted run with the same settings. ConfigError when
    the splits do not fit the schema or there is nothing to resume.
    """
    for split in (train_split, eval_split):
        if split.schema != config.model.schema:
            raise ConfigError(f"Split {split.name} speaks of {split.schema.name}, the model of "
                              f"{config.model.schema.name}; use one data set for both.")
    available_device(device)
    _seed(config.seed)
    accelerator = Accelerator(cpu=device == "cpu")
    before = None if config.start is None else _started(config, config.start)
    model, encoder = _untrained(config) if before is None else (before.model, before.encoder)
    model.to(accelerator.device)
    rows, eval_rows = (TrainingRows.of(split, config.concept_targets) for split in (train_split, eval_split))
    trainer = Trainer(model, encoder, rows, eval_rows, config, output, accelerator)
    if before is not None and before.masks is not None:
        trainer.begin_with(before.masks)
    if resume:
        trainer.resume()
    elif (output / FOLDER).exists():
        raise ConfigError(f"{output} holds an unfinished run; go on with --resume, or choose another output folder.")
    with TrainingDisplay(trainer.steps_per_epoch * config.epochs, trainer.progress.step) as display:
        progress = trainer.run(display)
    started = time.perf_counter()
    report, penalties = _fit_heads(trainer, rows, eval_rows, eval_split)
    save_checkpoint(output, model, encoder, progress.masks if trainer.sparse else None)
    training = {
        "config": to_json(config), "split": train_split.name, "rows": len(rows), "data_hash": train_split.data_hash,
        "read": train_split.report.read, "dropped": dict(train_split.report.dropped),
        "notes": dict(train_split.report.notes), "epochs": progress.epochs, "best_epoch": progress.best_epoch,
        "damping_ratio": progress.damping_ratio, "residual": penalties,
        "seconds": progress.seconds + time.perf_counter() - started,
    }
    if before is not None:
        training["before"] = {"hash": before.hash, **before.metrics.get("training", {})}
    metrics = {"dev": report, "baselines": {}, "training": training}
    _write(output, metrics)
    if trainer.sparse and config.probe_rows:
        log.info("probing the subnetworks")
        _write(output, metrics | _probed(load_checkpoint(output, accelerator.device), eval_split, config))
    shutil.rmtree(output / FOLDER)
    return output


def _untrained(config: TrainConfig) -> tuple[SparseCBM, Encoder]:
    backbone = pretrained_backbone(config.backbone)
    if config.model.max_tokens > max_positions(backbone):
        raise ConfigError(f"max_tokens is {config.model.max_tokens}, but {config.backbone} reads at most "
                          f"{max_positions(backbone)} tokens; set max_tokens to that or less.")
    return SparseCBM(config.model, backbone), Encoder.load(config.backbone, config.model.max_tokens)


def _started(config: TrainConfig, start: str) -> Checkpoint:
    """A trained model to go on with; ConfigError when it is another than the settings speak of."""
    found = load_checkpoint(start, "cpu")
    if found.model.config != config.model:
        raise ConfigError(f"The checkpoint {start} has other model settings than this run; repeat those of its "
                          "config.json, or start from a backbone.")
    sparsity = [1 - density for density in (found.masks.density() if found.masks else {}).values()]
    if any(abs(one - config.prune.sparsity) > SPARSITY_TOLERANCE for one in sparsity):
        raise ConfigError(f"The checkpoint {start} is {100 * min(sparsity):.1f} to {100 * max(sparsity):.1f} % sparse, "
                          f"but prune.sparsity is {config.prune.sparsity}; set that to what the checkpoint has.")
    found.model.requires_grad_(True)
    return found


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
    trainer: Trainer, rows: TrainingRows, eval_rows: TrainingRows, eval_split: Split
) -> tuple[dict[str, Any], dict[str, float]]:
    model, config = trainer.model, trainer.config
    masks = trainer.progress.masks if trainer.sparse else None
    penalties: dict[str, float] = {}
    _as_stored(model)
    log.info("pooling the evaluation split")
    eval_pooled = pool_texts(model, trainer.encoder, masks, eval_rows.texts)
    if config.model.kind != "black_box":
        log.info("pooling the training split to fit the label head")
        sample = rows.sample(config.head_rows, config.seed)
        pooled = pool_texts(model, trainer.encoder, masks, sample.texts)
        model.to("cpu")
        fit_label_head(model, config, pooled, sample)
        if config.model.residual:
            penalties = fit_residual(model, config, pooled, sample, eval_pooled, eval_rows)
        _as_stored(model)
    report = evaluate_pooled(model.to("cpu"), masks, eval_pooled, eval_split, seed=config.seed)
    return report.to_json(), penalties


def _seed(seed: int) -> None:
    random.seed(seed)
    np.random.seed(seed)
    torch.manual_seed(seed)
