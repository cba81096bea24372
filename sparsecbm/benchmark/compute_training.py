"""One training step with structured masks, against the published procedure's step on the same texts."""

import copy
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import torch
from accelerate import Accelerator

from sparsecbm.benchmark.compute_clock import in_turns
from sparsecbm.benchmark.compute_subject import STRUCTURED, DenseBackbone, Subject
from sparsecbm.benchmark.ratio import Ratio
from sparsecbm.config import PruneConfig, TrainConfig
from sparsecbm.data.samples import load_samples
from sparsecbm.model.network import SparseCBM
from sparsecbm.training.loop import Trainer
from sparsecbm.training.losses import training_loss
from sparsecbm.training.rows import TrainingRows

BOUND = 1 / 15
#: Texts of a step: few, because the published step takes seconds for each.
TEXTS = 4


def training_ratio(subject: Subject, rounds: int) -> Iterator[Ratio]:
    """Encoding, all passes forward and backward, and the optimiser's step; nothing where units are not known."""
    if STRUCTURED not in subject.kinds:
        return
    masks = subject.kinds[STRUCTURED].masks
    rows = training_rows(subject)
    ours, theirs = trainer_of(subject, rows), trainer_of(subject, rows)
    ours.begin_with(masks)
    passes, generator = ours._passes(), torch.Generator()
    published = PublishedStep(theirs, subject, rows)
    taken, reference = in_turns([lambda: ours._step(rows, passes, generator), published], rounds, subject.device,
                                warm_up=1)
    yield Ratio.of("training_step_over_published",
                   f"train one step on {TEXTS} texts, structured masks / the published procedure", taken, reference,
                   BOUND)


def training_rows(subject: Subject) -> TrainingRows:
    """The samples' first texts; what they are labelled with does not change the speed."""
    schema, texts = subject.model.config.schema, tuple(sample.text for sample in load_samples()[:TEXTS])
    shape = len(texts), len(schema.concepts)
    targets = torch.full((*shape, len(schema.values)), 1 / len(schema.values))
    return TrainingRows(texts, targets, torch.ones(shape, dtype=torch.bool), torch.zeros(len(texts), dtype=torch.long),
                        torch.ones(len(texts))).to(subject.device)


def trainer_of(subject: Subject, rows: TrainingRows) -> Trainer:
    """A trainer on a copy of the model, in training mode."""
    config = replace(subject.model.config, kind="sparse", mask_kind="structured")
    model = SparseCBM(config, copy.deepcopy(subject.model.backbone)).to(subject.device)
    model.load_state_dict(subject.model.state_dict())
    model.requires_grad_(True).train()
    settings = TrainConfig(backbone="", model=config, prune=PruneConfig(scheme="contrastive"))
    return Trainer(model, subject.checkpoint.encoder, rows, {}, settings, Path(), Accelerator())


class PublishedStep:
    """Texts padded to 512 tokens, every pass over matrices multiplied with their masks anew, one pass at a time."""

    def __init__(self, trainer: Trainer, subject: Subject, rows: TrainingRows) -> None:
        self.trainer, self.rows = trainer, rows
        self.dense = DenseBackbone(trainer.model)
        masks = subject.kinds[STRUCTURED].masks
        self.passes = range(len(masks.passes))
        self.stacks = {name: masks.unpack(name).float() for name in masks.matrices}
        self.encoded = subject.padded(subject.encoded(*rows.texts))
        heads = [p for name, p in trainer.model.named_parameters() if not name.startswith("backbone.")]
        body = [p for p in self.dense.parameters.values() if p.requires_grad]
        self.optimizer = torch.optim.AdamW([*body, *heads], lr=0.0, fused=True)
        self.trained = [*body, *heads]

    def __call__(self) -> float:
        """One step; the loss."""
        model, total = self.trainer.model, 0.0
        self.optimizer.zero_grad(set_to_none=True)
        for k in self.passes:
            masked = {name: self.dense.parameters[name] * stack[k] for name, stack in self.stacks.items()}
            pooled = self.dense.pass_over(self.encoded, masked).unsqueeze(1)
            loss = training_loss(model, self.trainer.config, pooled, [k], self.rows) / len(self.passes)
            loss.backward()
            total += float(loss.detach())
        torch.nn.utils.clip_grad_norm_(self.trained, 1.0)
        self.optimizer.step()
        return total
