"""How much each attention head and feed-forward neuron matters to each pass."""

from collections.abc import Callable

import torch
from jaxtyping import Float
from torch import Tensor

from sparsecbm.config import TrainConfig
from sparsecbm.model.encoding import Encoder
from sparsecbm.model.gates import gated
from sparsecbm.model.kept_units import KeptUnits
from sparsecbm.model.masks import ConceptMasks
from sparsecbm.model.network import SparseCBM
from sparsecbm.model.units import KINDS, mean_squares
from sparsecbm.training.losses import training_loss
from sparsecbm.training.rows import TrainingRows

#: Documents whose gradients are taken at once.
CHUNK = 16

def squared_gradients(
    model: SparseCBM,
    encoder: Encoder,
    masks: ConceptMasks,
    rows: TrainingRows,
    config: TrainConfig,
    seed: int,
    progress: Callable[[str], None],
) -> dict[str, Float[Tensor, "pass_ layer unit"]]:
    """The mean of (d loss / d gate)^2 over documents, per weight of the unit; 0 for units that a pass has dropped.

    A gate of 1 multiplies the output of a unit; the loss is the pass's own, without dropout. To second order, taking
    the unit out costs half of this: Michel et al. 2019 (arXiv 1905.10650) and Kurtic et al. 2023 (arXiv 2302.04089).
    """
    layout, kept = model.layout, KeptUnits.of(masks)
    sums = {kind: torch.zeros(kept.of_kind(kind).shape) for kind in KINDS}
    was_training, small = model.training, model.eval().masked_weights(masks).small
    for k, name in enumerate(masks.passes):
        progress(name)
        labelled = rows.labels >= 0 if name == "residual" else rows.known[:, k]
        sample = rows.select(labelled.nonzero().squeeze(1).tolist()).sample(config.prune.gradients, seed)
        for start in range(0, len(sample), CHUNK):
            chunk = sample.select(list(range(start, min(start + CHUNK, len(sample)))))
            gates = {(kind, layer): torch.ones(len(chunk), int(own[k].sum()), device=model.device, requires_grad=True)
                     for kind in KINDS for layer, own in enumerate(kept.of_kind(kind).unbind(1)) if own[k].any()}
            encoded = encoder.encode(chunk.texts).to(model.device)
            with gated(small[k].backbone, layout, gates):
                pooled = model.run_pass(small[k], model.embed(encoded.input_ids).detach(), encoded.attention_mask)
            loss = training_loss(model, config, pooled.unsqueeze(1), [k], chunk.to(model.device))
            # The loss is a mean over documents, and each has gates of its own.
            for (kind, layer), gradient in zip(gates, torch.autograd.grad(loss, list(gates.values())), strict=True):
                used = kept.of_kind(kind)[k, layer]
                sums[kind][k, layer, used] += (gradient * len(chunk)).square().sum(0).cpu() / len(sample)
    model.train(was_training)
    return {kind: sums[kind] / cost for kind, cost in zip(KINDS, layout.costs, strict=True)}


def squared_weights(model: SparseCBM, passes: int) -> dict[str, Float[Tensor, "pass_ layer unit"]]:
    """The mean square of each unit's weights, the same for every pass."""
    layout, heads = model.layout, len(model.layout.layers) * model.layout.heads
    squares = mean_squares(layout, dict(model.backbone.named_parameters()))
    return {kind: part.reshape(1, len(layout.layers), -1).expand(passes, -1, -1)
            for kind, part in zip(KINDS, (squares[:heads], squares[heads:]), strict=True)}
