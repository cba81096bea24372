"""The training loop: dense warm-up, gradual pruning, fine-tuning at the final sparsity."""

import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import torch
from accelerate import Accelerator
from sklearn.metrics import f1_score

from sparsecbm.config import TrainConfig
from sparsecbm.model.encoding import Encoder
from sparsecbm.model.masks import ConceptMasks
from sparsecbm.model.network import PassWeights, SparseCBM
from sparsecbm.model.prediction import pool_texts
from sparsecbm.model.small_pass import SmallPass
from sparsecbm.training.distillation import distillation_loss
from sparsecbm.training.losses import leakage_loss, training_loss
from sparsecbm.training.noisy_concepts import drawn_mix, mixup_loss
from sparsecbm.training.precision import autocast, chosen_precision
from sparsecbm.training.progress import TrainingDisplay
from sparsecbm.training.pruning import cubic_sparsity, learning_rate_factor, prune
from sparsecbm.training.rows import TrainingRows
from sparsecbm.training.saliency import Saliency, saliency
from sparsecbm.training.state import Progress, load_state, save_state

#: What a masked epoch runs on: the masks of single weights by matrix, or a small pass each.
MaskedPasses = Mapping[str, torch.Tensor] | tuple[SmallPass, ...]


class Trainer:
    """Trains the backbone and the concept heads; the label head of concept-first models is fitted afterwards.

    All randomness of an epoch derives from (seed, epoch), so a resumed run goes the same way as an unbroken one.
    """

    def __init__(
        self, model: SparseCBM, encoder: Encoder, rows: TrainingRows, eval_rows: Mapping[str, TrainingRows],
        config: TrainConfig, output: Path, accelerator: Accelerator,
    ) -> None:
        self.model, self.encoder, self.rows, self.config, self.output = model, encoder, rows, config, output
        self.selection = {name: own.sample(config.selection_rows, config.seed) for name, own in eval_rows.items()}
        self.accelerator = accelerator
        model.backbone.get_input_embeddings().requires_grad_(not config.freeze_embeddings)
        heads = [p for name, p in model.named_parameters() if not name.startswith("backbone.")]
        body = [p for p in model.backbone.parameters() if p.requires_grad]
        self.optimizer = torch.optim.AdamW(
            [{"params": body, "lr": config.learning_rate}, {"params": heads, "lr": config.head_learning_rate}],
            weight_decay=config.weight_decay, fused=True)
        self.peak = [group["lr"] for group in self.optimizer.param_groups]
        shapes = {name: site.shape for name, site in model.sites.items()}
        masks = ConceptMasks.ones(config.model.passes, shapes, model.mask_layout)
        self.progress = Progress(masks.to(model.device))
        self.lengths = [len(tokens) for tokens in encoder.encode_unpadded(rows.texts)[0]]
        #: Steps of every epoch, which differ by a few: batches have as many texts as fit.
        self.steps = [len(rows.plan(self.lengths, config.batch_size, config.batch_tokens, self._generator(epoch)))
                      for epoch in range(config.epochs)]
        self._scores: Saliency | None = None

    @property
    def sparse(self) -> bool:
        """Whether masks are in use at all."""
        return self.config.model.kind == "sparse"

    def begin_with(self, masks: ConceptMasks) -> None:
        """Start with these masks, at the final sparsity."""
        self.progress.masks, self.progress.prune_step = masks.to(self.model.device), self.config.prune.steps

    def resume(self) -> None:
        """Go on from the last finished epoch of the run in the output folder."""
        self.progress = load_state(self.output, self.config, self.model, self.optimizer, self.config.model.passes)

    def run(self, display: TrainingDisplay) -> Progress:
        """Train to the end and leave the best epoch's weights in the model."""
        if self.progress.epoch == 0:
            self.progress.precision = chosen_precision(self.config.precision, self.model, self.encoder, self.rows.texts)
        while self.progress.epoch < self.config.epochs:
            self._epoch(display)
            save_state(self.output, self.config, self.model, self.optimizer, self.progress)
        self.model.load_state_dict(self.progress.best)
        return self.progress

    def _epoch(self, display: TrainingDisplay) -> None:
        epoch, started = self.progress.epoch, time.perf_counter()
        generator = self._generator(epoch)
        torch.manual_seed(self.config.seed * 1000 + epoch)
        self._scores = None
        self.model.train()
        losses = []
        masked = self.sparse and epoch >= self.config.epochs_dense
        pruning = masked and epoch < self.config.epochs_dense + self.config.epochs_prune
        passes = self._passes() if masked else None
        for batch in self.rows.batches(self.lengths, self.config.batch_size, self.config.batch_tokens, generator):
            while pruning and self._due():
                self._prune(display)
                passes = self._passes()
            losses.append(self._step(batch.to(self.model.device), passes, generator))
            display.step(epoch, losses[-1], self._sparsity())
        note: dict[str, Any] = {"epoch": epoch, "loss": float(np.mean(losses)), "sparsity": self._sparsity()}
        if not self.sparse or self._sparsity() >= self.config.prune.sparsity - 1e-9:
            note |= self._select(epoch)
        self.progress.epoch += 1
        note["seconds"] = time.perf_counter() - started
        self.progress.seconds += note["seconds"]
        self.progress.epochs.append(note)
        display.epoch(note)

    def _generator(self, epoch: int) -> torch.Generator:
        return torch.Generator().manual_seed(self.config.seed * 1000 + epoch)

    def _step(self, batch: TrainingRows, masked: MaskedPasses | None, generator: torch.Generator) -> float:
        for group, peak in zip(self.optimizer.param_groups, self.peak, strict=True):
            group["lr"] = peak * learning_rate_factor(self.progress.step, sum(self.steps))
        encoded = self.encoder.encode(batch.texts).to(self.model.device)
        passes = len(self.config.model.passes)
        chosen, parameters = list(range(passes)), dict(self.model.backbone.named_parameters())
        runs: list[PassWeights] = []
        if masked is not None:
            if self.config.passes_per_step is not None:
                chosen = sorted(torch.randperm(passes, generator=generator)[: self.config.passes_per_step].tolist())
            runs = [_trainable(masked, k, parameters) for k in chosen]
        with autocast(self.model.device, self.progress.precision):
            embedded = self.model.embed(encoded.input_ids)
            # One pass at a time: on large batches a loop is as fast as vmap and needs a K-th of its memory.
            pooled = torch.stack([self.model.run_pass(run, embedded, encoded.attention_mask) for run in runs or [{}]],
                                 dim=1).float()
        pooled = pooled.expand(-1, len(chosen), -1)  # without masks all passes are one
        if self.config.mixup:
            share, partners = drawn_mix(self.config.mixup, len(batch), generator)
            loss = mixup_loss(lambda mixed, rows: self._loss(mixed, chosen, rows), pooled, batch, share, partners)
        else:
            loss = self._loss(pooled, chosen, batch)
        if masked is not None and self.config.foreign_penalty:
            loss = loss + self.config.foreign_penalty * leakage_loss(self.model, pooled, chosen, batch)
        self.optimizer.zero_grad(set_to_none=True)
        self.accelerator.backward(loss)
        for run in runs:
            if isinstance(run, SmallPass):
                run.add_gradients(parameters)
        self.accelerator.clip_grad_norm_(self.model.parameters(), 1.0)
        self.optimizer.step()
        self.progress.step += 1
        return float(loss.detach())

    def _loss(self, pooled: torch.Tensor, chosen: list[int], rows: TrainingRows) -> torch.Tensor:
        """Of what the annotators say of the rows and, where there is a teacher, of what it says."""
        loss = training_loss(self.model, self.config, pooled, chosen, rows)
        if self.config.teacher is None:
            return loss
        lesson = distillation_loss(self.model, self.config, pooled, chosen, rows)
        return (1 - self.config.teacher_weight) * loss + self.config.teacher_weight * lesson

    def _due(self) -> bool:
        """Pruning steps are spread evenly over the pruning epochs, the first at their beginning; all fall into them."""
        dense, pruned = self.config.epochs_dense, self.config.epochs_dense + self.config.epochs_prune
        done, span = self.progress.step - sum(self.steps[:dense]), sum(self.steps[dense:pruned])
        steps, made = self.config.prune.steps, self.progress.prune_step
        return made < steps and (done * steps >= made * span or done == span - 1)

    def _prune(self, display: TrainingDisplay) -> None:
        settings, step = self.config.prune, self.progress.prune_step
        if self._scores is None or step % settings.refresh == 0:
            self._scores = saliency(self.model, self.encoder, self.progress.masks, self.rows, self.config,
                                    self.config.seed * 1000 + step, display.saliency)
            self.progress.damping_ratio = self._scores.damping_ratio
            display.damping(self._scores.damping_ratio)
        target = cubic_sparsity(step + 1, settings.steps, settings.start, settings.sparsity)
        self.progress.masks = prune(self.progress.masks, self._scores, target, settings)
        self.progress.prune_step += 1

    def _passes(self) -> MaskedPasses:
        masks = self.progress.masks
        if masks.layout is not None:
            return self.model.masked_weights(masks).small
        return {name: masks.unpack(name) for name in masks.matrices}

    def _sparsity(self) -> float:
        if not self.sparse or self.progress.prune_step == 0:
            return 0.0
        return cubic_sparsity(self.progress.prune_step, self.config.prune.steps, self.config.prune.start,
                              self.config.prune.sparsity)

    def _select(self, epoch: int) -> dict[str, float]:
        """Score an epoch that may be shipped, and keep its weights when it is the best so far.

        The best has the highest mean over the evaluation sources of what each can score.
        """
        masks = self.progress.masks if self.sparse else None
        scores = {}
        for name, rows in self.selection.items():
            pooled = pool_texts(self.model, self.encoder, masks, rows.texts).to(self.model.device)
            scores[name] = selection_scores(self.model, self.config, pooled, rows.to(self.model.device))
        score = float(np.mean([np.mean(list(own.values())) for own in scores.values() if own]))
        if score > self.progress.best_score:
            self.progress.best_score, self.progress.best_epoch = score, epoch
            self.progress.best = {name: tensor.detach().clone() for name, tensor in self.model.state_dict().items()}
        return summary(scores)


def summary(scores: Mapping[str, Mapping[str, float]]) -> dict[str, float]:
    """Each score's mean over the sources that have it and, of several sources, each source's own under its name."""
    names = dict.fromkeys(name for own in scores.values() for name in own)
    means = {name: float(np.mean([own[name] for own in scores.values() if name in own])) for name in names}
    apart = {f"{source} {name}": value for source, own in scores.items() for name, value in own.items()}
    return means | (apart if len(scores) > 1 else {})


def _trainable(masked: MaskedPasses, k: int, parameters: Mapping[str, torch.Tensor]) -> PassWeights:
    """The matrices of pass k, through which gradients reach the parameters."""
    if isinstance(masked, tuple):
        return masked[k].leaves(parameters)
    return {name: parameters[name] * stack[k] for name, stack in masked.items()}


@torch.no_grad()
def selection_scores(
    model: SparseCBM, config: TrainConfig, pooled: torch.Tensor, rows: TrainingRows
) -> dict[str, float]:
    """Macro F1 of the concepts (mean) and of the label, as far as the backbone's loss has trained them.

    What no row tells of is left out.
    """
    scores: dict[str, float] = {}
    if config.model.kind != "black_box" and bool(rows.known.any()):
        guess, truth = model.concept_logits(pooled).argmax(-1), rows.targets.argmax(-1)
        scores["concept_macro_f1"] = float(np.mean([
            f1_score(truth[known, k].cpu(), guess[known, k].cpu(), average="macro")
            for k, known in enumerate(rows.known.T) if bool(known.any())]))
    labelled = rows.labels >= 0
    if not bool(labelled.any()):
        return scores
    if config.regime == "joint" and config.model.kind != "black_box":
        logits = model.label(model.bottleneck(model.concept_logits(pooled)), model.residual_logits(pooled)).logits
    else:
        logits = model.residual_logits(pooled)
    if config.model.residual or config.regime == "joint":
        guess = logits[labelled].argmax(-1)
        scores["label_macro_f1"] = float(f1_score(rows.labels[labelled].cpu(), guess.cpu(), average="macro"))
    return scores
