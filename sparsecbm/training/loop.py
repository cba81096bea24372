"""The training loop: dense warm-up, gradual pruning, fine-tuning at the final sparsity."""

import time
from pathlib import Path
from typing import Any

import numpy as np
import torch
from accelerate import Accelerator
from sklearn.metrics import f1_score

from sparsecbm.config import TrainConfig
from sparsecbm.model.encoding import Encoder
from sparsecbm.model.masks import ConceptMasks
from sparsecbm.model.network import SparseCBM
from sparsecbm.model.prediction import pool_texts
from sparsecbm.training.losses import leakage_loss, training_loss
from sparsecbm.training.progress import TrainingDisplay
from sparsecbm.training.pruning import cubic_sparsity, learning_rate_factor, prune
from sparsecbm.training.rows import TrainingRows
from sparsecbm.training.saliency import Saliency, saliency
from sparsecbm.training.state import Progress, load_state, save_state


class Trainer:
    """Trains the backbone and the concept heads; the label head of concept-first models is fitted afterwards.

    All randomness of an epoch derives from (seed, epoch), so a resumed run goes the same way as an unbroken one.
    """

    def __init__(
        self, model: SparseCBM, encoder: Encoder, rows: TrainingRows, eval_rows: TrainingRows, config: TrainConfig,
        output: Path, accelerator: Accelerator,
    ) -> None:
        self.model, self.encoder, self.rows, self.config, self.output = model, encoder, rows, config, output
        self.selection = eval_rows.sample(config.selection_rows, config.seed)
        self.accelerator = accelerator
        model.backbone.get_input_embeddings().requires_grad_(not config.freeze_embeddings)
        heads = [p for name, p in model.named_parameters() if not name.startswith("backbone.")]
        body = [p for p in model.backbone.parameters() if p.requires_grad]
        self.optimizer = torch.optim.AdamW(
            [{"params": body, "lr": config.learning_rate}, {"params": heads, "lr": config.head_learning_rate}],
            weight_decay=config.weight_decay, fused=True)
        self.peak = [group["lr"] for group in self.optimizer.param_groups]
        shapes = {name: site.shape for name, site in model.sites.items()}
        self.progress = Progress(ConceptMasks.ones(config.model.passes, shapes).to(model.device))
        self.steps_per_epoch = -(-len(rows) // config.batch_size)
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
        while self.progress.epoch < self.config.epochs:
            self._epoch(display)
            save_state(self.output, self.config, self.model, self.optimizer, self.progress)
        self.model.load_state_dict(self.progress.best)
        return self.progress

    def _epoch(self, display: TrainingDisplay) -> None:
        epoch, started = self.progress.epoch, time.perf_counter()
        generator = torch.Generator().manual_seed(self.config.seed * 1000 + epoch)
        torch.manual_seed(self.config.seed * 1000 + epoch)
        self._scores = None
        self.model.train()
        losses = []
        masked = self.sparse and epoch >= self.config.epochs_dense
        pruning = masked and epoch < self.config.epochs_dense + self.config.epochs_prune
        stacks = self._unpacked() if masked else None
        for batch in self.rows.batches(self.config.batch_size, generator):
            while pruning and self._due():
                self._prune(display)
                stacks = self._unpacked()
            losses.append(self._step(batch.to(self.model.device), stacks, generator))
            display.step(epoch, losses[-1], self._sparsity())
        note: dict[str, Any] = {"epoch": epoch, "loss": float(np.mean(losses)), "sparsity": self._sparsity()}
        if not self.sparse or self._sparsity() >= self.config.prune.sparsity - 1e-9:
            note |= self._select(epoch)
        self.progress.epoch += 1
        note["seconds"] = time.perf_counter() - started
        self.progress.seconds += note["seconds"]
        self.progress.epochs.append(note)
        display.epoch(note)

    def _step(self, batch: TrainingRows, stacks: dict[str, torch.Tensor] | None, generator: torch.Generator) -> float:
        for group, peak in zip(self.optimizer.param_groups, self.peak, strict=True):
            group["lr"] = peak * learning_rate_factor(self.progress.step, self.steps_per_epoch * self.config.epochs)
        encoded = self.encoder.encode(batch.texts).to(self.model.device)
        embedded = self.model.embed(encoded.input_ids)
        passes = len(self.config.model.passes)
        chosen = list(range(passes))
        if stacks is None:
            pooled = self.model.run_pass({}, embedded, encoded.attention_mask).unsqueeze(1).expand(-1, passes, -1)
        else:
            if self.config.passes_per_step is not None:
                chosen = sorted(torch.randperm(passes, generator=generator)[: self.config.passes_per_step].tolist())
            parameters = dict(self.model.backbone.named_parameters())
            # One pass at a time: on large batches a loop is as fast as vmap and needs a K-th of its memory.
            pooled = torch.stack([
                self.model.run_pass({name: parameters[name] * stack[k] for name, stack in stacks.items()},
                                    embedded, encoded.attention_mask) for k in chosen], dim=1)
        loss = training_loss(self.model, self.config, pooled, chosen, batch)
        if stacks is not None and self.config.foreign_penalty:
            loss = loss + self.config.foreign_penalty * leakage_loss(self.model, pooled, chosen, batch)
        self.optimizer.zero_grad(set_to_none=True)
        self.accelerator.backward(loss)
        self.accelerator.clip_grad_norm_(self.model.parameters(), 1.0)
        self.optimizer.step()
        self.progress.step += 1
        return float(loss.detach())

    def _due(self) -> bool:
        """Pruning steps are spread evenly over the pruning epochs, the first at their beginning; all fall into them."""
        done = self.progress.step - self.config.epochs_dense * self.steps_per_epoch
        span = self.config.epochs_prune * self.steps_per_epoch
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

    def _unpacked(self) -> dict[str, torch.Tensor]:
        return {name: self.progress.masks.unpack(name) for name in self.progress.masks.matrices}

    def _sparsity(self) -> float:
        if not self.sparse or self.progress.prune_step == 0:
            return 0.0
        return cubic_sparsity(self.progress.prune_step, self.config.prune.steps, self.config.prune.start,
                              self.config.prune.sparsity)

    def _select(self, epoch: int) -> dict[str, float]:
        """Score an epoch that may be shipped, and keep its weights when it is the best so far."""
        masks = self.progress.masks if self.sparse else None
        pooled = pool_texts(self.model, self.encoder, masks, self.selection.texts).to(self.model.device)
        scores = selection_scores(self.model, self.config, pooled, self.selection.to(self.model.device))
        score = float(np.mean(list(scores.values())))
        if score > self.progress.best_score:
            self.progress.best_score, self.progress.best_epoch = score, epoch
            self.progress.best = {name: tensor.detach().clone() for name, tensor in self.model.state_dict().items()}
        return scores


@torch.no_grad()
def selection_scores(
    model: SparseCBM, config: TrainConfig, pooled: torch.Tensor, rows: TrainingRows
) -> dict[str, float]:
    """Macro F1 of the concepts (mean) and of the label, as far as the backbone's loss has trained them."""
    scores: dict[str, float] = {}
    if config.model.kind != "black_box":
        guess, truth = model.concept_logits(pooled).argmax(-1), rows.targets.argmax(-1)
        scores["concept_macro_f1"] = float(np.mean([
            f1_score(truth[known, k].cpu(), guess[known, k].cpu(), average="macro")
            for k, known in enumerate(rows.known.T)]))
    labelled = rows.labels >= 0
    if config.regime == "joint" and config.model.kind != "black_box":
        logits = model.label(model.bottleneck(model.concept_logits(pooled)), model.residual_logits(pooled)).logits
    else:
        logits = model.residual_logits(pooled)
    if config.model.residual or config.regime == "joint":
        guess = logits[labelled].argmax(-1)
        scores["label_macro_f1"] = float(f1_score(rows.labels[labelled].cpu(), guess.cpu(), average="macro"))
    return scores
