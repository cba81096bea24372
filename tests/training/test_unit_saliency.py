"""The saliency of heads and neurons, against gradients taken one document and unit at a time."""

import pytest
import torch

from sparsecbm.model.gates import gated
from sparsecbm.model.kept_units import KeptUnits
from sparsecbm.training.losses import training_loss
from sparsecbm.training.rows import TrainingRows
from sparsecbm.training.unit_saliency import squared_gradients, squared_weights
from tests.helpers import ARCHITECTURES, structured_masks, tiny_encoder, tiny_model, toy_split, train_config


@pytest.mark.parametrize("kind", ARCHITECTURES)
def test_squared_gradients_are_those_of_single_documents(kind: str) -> None:
    model, encoder = tiny_model(kind), tiny_encoder()
    masks, rows = structured_masks(model), TrainingRows.of(toy_split(), "majority")
    config = train_config(model={"mask_kind": "structured"}, prune={"scheme": "contrastive", "gradients": 20})
    found = squared_gradients(model, encoder, masks, rows, config, 0, lambda _: None)
    kept = KeptUnits.of(masks)
    assert not found["head"][~kept.heads].any() and not found["neuron"][~kept.neurons].any()

    sample = rows.select(rows.known[:, 1].nonzero().squeeze(1).tolist()).sample(20, 0)
    total = torch.zeros(32)
    for row in range(len(sample)):
        one = sample.select([row])
        encoded = encoder.encode(one.texts)
        gate = kept.neurons[1, 0].float().unsqueeze(0).requires_grad_()
        gates = {(unit, layer): kept.of_kind(unit)[1, layer].float().unsqueeze(0)
                 for unit in ("head", "neuron") for layer in range(2)} | {("neuron", 0): gate}
        with gated(model.backbone, model.layout, gates):
            pooled = model.run_pass({}, model.embed(encoded.input_ids), encoded.attention_mask)
        loss = training_loss(model, config, pooled.unsqueeze(1), [1], one)
        total += torch.autograd.grad(loss, gate)[0][0].square()
    wanted = total / len(sample) / 32 * kept.neurons[1, 0]
    assert torch.allclose(found["neuron"][1, 0], wanted, rtol=1e-3, atol=1e-9)


def test_squared_weights_are_means_over_the_unit() -> None:
    model = tiny_model()
    parameters = dict(model.backbone.named_parameters())
    into, out = (parameters[f"encoder.layer.1.{name}.dense.weight"] for name in ("intermediate", "output"))
    wanted = (into[3].square().sum() + out[:, 3].square().sum()) / 32
    found = squared_weights(model, 3)
    assert found["neuron"].shape == (3, 2, 32) and torch.allclose(found["neuron"][:, 1, 3], wanted)
    attention = [parameters[f"encoder.layer.0.attention.self.{name}.weight"][8:] for name in ("query", "key", "value")]
    head = sum(part.square().sum() for part in attention) + parameters[
        "encoder.layer.0.attention.output.dense.weight"][:, 8:].square().sum()
    assert torch.allclose(found["head"][0, 0, 1], head / 512)
