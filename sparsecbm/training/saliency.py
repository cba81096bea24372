"""How much each weight matters to each pass: oBERT, magnitude or random."""

from collections.abc import Callable
from dataclasses import dataclass

import torch
from jaxtyping import Float
from torch import Tensor

from sparsecbm.config import TrainConfig
from sparsecbm.model.encoding import Encoder
from sparsecbm.model.masks import ConceptMasks
from sparsecbm.model.network import SparseCBM
from sparsecbm.training.losses import training_loss
from sparsecbm.training.rows import TrainingRows
from sparsecbm.training.unit_saliency import squared_gradients, squared_weights


class BlockFisher:
    """Running `F = (1/m) sum_i g_i g_i^T` of one matrix, in blocks of consecutive weights of one output row.

    Kurtic et al., "The Optimal BERT Surgeon", EMNLP 2022 (arXiv 2203.07259), section 3. A row whose length is no
    multiple of the block is padded with weights that never receive a gradient.
    """

    def __init__(self, rows: int, columns: int, block: int, device: torch.device | str = "cpu") -> None:
        self.rows, self.columns, self.block = rows, columns, min(block, columns)
        self.per_row = -(-columns // self.block)
        self.sum = torch.zeros(rows * self.per_row, self.block, self.block, device=device)
        self.count = 0

    def add(self, gradients: Float[Tensor, "review row column"]) -> None:
        """Accumulate the outer products of some reviews' gradients."""
        padded = torch.nn.functional.pad(gradients, (0, self.per_row * self.block - self.columns))
        blocks = padded.reshape(len(gradients), -1, self.block).permute(1, 2, 0).contiguous()  # [block, weight, review]
        self.sum.baddbmm_(blocks, blocks.mT)
        self.count += len(gradients)

    def damping(self, share: float) -> float:
        """Absolute damping for a share of the mean diagonal; a matrix without any gradient gets `share` itself."""
        total = float(self.sum.diagonal(dim1=-2, dim2=-1).sum())  # padding adds nothing
        mean = total / (self.rows * self.columns * max(self.count, 1))
        return share * (mean if mean > 0 else 1.0)

    def inverse_diagonal(self, damp: float) -> Float[Tensor, "row column"]:
        """The diagonal of `(damp * I + F)^-1`, in the layout of the matrix, by batched Cholesky."""
        matrix = self.sum / max(self.count, 1)
        matrix.diagonal(dim1=-2, dim2=-1).add_(damp)
        inverse = torch.cholesky_inverse(torch.linalg.cholesky(matrix))
        diagonal = inverse.diagonal(dim1=-2, dim2=-1).reshape(self.rows, -1)
        return diagonal[:, : self.columns].contiguous()


#: Reviews whose gradients are held at once while the Fisher blocks are summed.
CHUNK = 8


@dataclass(frozen=True, eq=False)
class Saliency:
    """`scores[matrix]` is [pass_, row, column], larger means more worth keeping.

    Of structured masks, `scores["head"]` and `scores["neuron"]` are [pass_, layer, unit], per weight of the unit.

    `damping_ratio[pass_]` is the mean of `damp * [F^-1]_jj` over the weights still active, 0..1: at 1 the Fisher blocks
    are isotropic and oBERT is magnitude pruning in disguise. Empty for the other kinds.
    """

    scores: dict[str, Float[Tensor, "pass_ row column"]]
    damping_ratio: dict[str, float]


def saliency(
    model: SparseCBM,
    encoder: Encoder,
    masks: ConceptMasks,
    rows: TrainingRows,
    config: TrainConfig,
    seed: int,
    progress: Callable[[str], None],
) -> Saliency:
    """Score every masked weight, or every unit, for every pass; `progress` hears which pass is being worked on."""
    structured = masks.layout is not None
    if config.prune.saliency == "obert":
        if structured:
            return Saliency(squared_gradients(model, encoder, masks, rows, config, seed, progress), {})
        return _obert(model, encoder, masks, _weights(model, masks), rows, config, seed, progress)
    squares = (squared_weights(model, len(masks.passes)) if structured else
               {name: weight.square().expand(len(masks.passes), -1, -1)
                for name, weight in _weights(model, masks).items()})
    generator = torch.Generator().manual_seed(seed)
    noise = {name: torch.rand(each.shape, generator=generator).to(each.device) for name, each in squares.items()}
    if config.prune.saliency == "random":
        return Saliency(noise, {})
    # Magnitude cannot tell passes apart; the jitter decides who gets what all want equally.
    return Saliency({name: each * (1 + 1e-3 * noise[name]) for name, each in squares.items()}, {})


def _weights(model: SparseCBM, masks: ConceptMasks) -> dict[str, Tensor]:
    parameters = dict(model.backbone.named_parameters())
    return {name: parameters[name].detach() for name in masks.matrices}


def _obert(
    model: SparseCBM, encoder: Encoder, masks: ConceptMasks, weights: dict[str, Tensor], rows: TrainingRows,
    config: TrainConfig, seed: int, progress: Callable[[str], None],
) -> Saliency:
    """What removing a weight costs each pass's own loss: Kurtic et al. 2022, eq. 5."""
    scores: dict[str, list[Tensor]] = {name: [] for name in weights}
    ratios = {}
    for k, name_of_pass in enumerate(masks.passes):
        progress(name_of_pass)
        labelled = rows.labels >= 0 if name_of_pass == "residual" else rows.known[:, k]
        sample = rows.select(labelled.nonzero().squeeze(1).tolist()).sample(config.prune.gradients, seed)
        active = {name: masks.unpack(name)[k] for name in weights}
        fishers = _fisher_blocks(model, encoder, active, k, sample, config)
        ratio, kept = 0.0, sum(int(on.sum()) for on in active.values())
        for name, weight in weights.items():
            fisher = fishers.pop(name)
            damp = fisher.damping(config.prune.damp)
            inverse = fisher.inverse_diagonal(damp)
            inverse = inverse.T if model.sites[name].input_first else inverse
            ratio += float((damp * inverse)[active[name]].sum()) / kept
            scores[name].append(weight.square() / (2 * inverse))  # Kurtic et al. 2022, eq. 5
        ratios[name_of_pass] = ratio
    return Saliency({name: torch.stack(each) for name, each in scores.items()}, ratios)


def _fisher_blocks(
    model: SparseCBM, encoder: Encoder, mask: dict[str, Tensor], k: int, rows: TrainingRows, config: TrainConfig
) -> dict[str, BlockFisher]:
    """Fisher blocks of pass k's own loss, from one gradient per review, without dropout."""
    parameters = dict(model.backbone.named_parameters())
    sites = [model.sites[name] for name in mask]
    fishers = {s.name: BlockFisher(*(s.shape[::-1] if s.input_first else s.shape), config.prune.block, model.device)
               for s in sites}
    was_training = model.training
    model.eval()
    for start in range(0, len(rows), CHUNK):
        chunk = []
        for row in range(start, min(start + CHUNK, len(rows))):
            review = rows.select([row])
            encoded = encoder.encode(review.texts).to(model.device)
            weights = {name: (parameters[name].detach() * on).requires_grad_() for name, on in mask.items()}
            pooled = model.run_pass(weights, model.embed(encoded.input_ids).detach(), encoded.attention_mask)
            loss = training_loss(model, config, pooled.unsqueeze(1), [k], review.to(model.device))
            chunk.append(torch.autograd.grad(loss, list(weights.values())))
        for site, gradients in zip(sites, zip(*chunk, strict=True), strict=True):
            masked = torch.stack(gradients) * mask[site.name]
            fishers[site.name].add(masked.mT if site.input_first else masked)
    model.train(was_training)
    return fishers
