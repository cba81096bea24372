"""What is said of structured masks equals what is said of the same masks as single weights."""

from pathlib import Path

import numpy as np
import pytest
import torch

from sparsecbm.model.checkpoint import save_checkpoint
from sparsecbm.model.kept_units import KeptUnits
from sparsecbm.model.subnetwork_masks import Subnetworks
from sparsecbm.service import Explainer
from sparsecbm.subnetworks.compute_knockout import knock_out
from sparsecbm.subnetworks.compute_overlap import mask_overlap
from sparsecbm.subnetworks.compute_unit_attribution import attribute_unit_words, attribute_units
from sparsecbm.subnetworks.compute_variants import complement, own, random_units, sparser_units
from sparsecbm.subnetworks.knockout import KnockOut
from sparsecbm.subnetworks.panel_pair import modules_of
from sparsecbm.subnetworks.unit_attribution import Unit
from sparsecbm.types import Target
from sparsecbm.words.compute_faithfulness import shuffled_weights
from tests.helpers import ARCHITECTURES, TOY, as_single_weights, structured_masks, tiny_encoder, tiny_model

TEXT = "The soup was bland and cold."
KNOCK_OUTS = [KnockOut("soup", layer=0), KnockOut("room", exclusive=True), KnockOut(within="room", layer=0, head=0),
              KnockOut(within="residual", layer=0, neurons=tuple(range(20)))]


@pytest.mark.parametrize("kind", ARCHITECTURES)
def test_knock_outs_and_unit_scores_are_the_same(kind: str) -> None:
    model, encoder = tiny_model(kind), tiny_encoder()
    masks = structured_masks(model)
    small, whole = model.masked_weights(masks), model.masked_weights(as_single_weights(masks))
    subnetworks, encoded = Subnetworks(masks, model.sites, TOY.concepts, 2), encoder.encode([TEXT])
    for one in KNOCK_OUTS:
        (cut, lost), (wanted, also) = (knock_out(weights, subnetworks, [one]) for weights in (small, whole))
        assert lost == also and sum(lost.values()) > 0
        assert torch.allclose(model.pool(encoded, cut), model.pool(encoded, wanted), atol=1e-6)
        assert not torch.allclose(model.pool(encoded, cut), model.pool(encoded, small), atol=1e-4)

    target = Target("soup", "Positive")
    found, same = (attribute_units(model, encoder, weights, TEXT, target) for weights in (small, whole))
    for unit in ("head", "neuron"):
        assert np.allclose(found.of(unit).scores, same.of(unit).scores, atol=1e-6)
    head = Unit("head", 0, int(np.abs(found.heads.scores[0]).argmax()))
    words, others = (attribute_unit_words(model, encoder, weights, TEXT, scores, head)
                     for weights, scores in ((small, found), (whole, same)))
    assert np.abs(words.scores).max() > 0 and np.allclose(words.scores, others.scores, atol=1e-6)


def test_controls_consist_of_whole_units() -> None:
    model = tiny_model()
    masks = structured_masks(model)
    kept, drawn = KeptUnits.of(masks), KeptUnits.of(random_units(masks, 1, np.random.default_rng(0)))
    for unit in ("head", "neuron"):
        assert torch.equal(drawn.of_kind(unit)[0].sum(-1), kept.of_kind(unit)[1].sum(-1))
    assert not torch.equal(drawn.neurons[0], kept.neurons[1])
    rest = KeptUnits.of(complement(masks, 1))
    assert torch.equal(rest.heads[0], ~kept.heads[1]) and torch.equal(rest.neurons[0], ~kept.neurons[1])
    assert torch.equal(KeptUnits.of(own(masks, 2)).neurons[0], kept.neurons[2])


def test_sparser_masks_lose_the_smallest_units() -> None:
    model = tiny_model()
    with torch.no_grad():
        for name in ("intermediate.dense.weight", "output.dense.weight"):
            model.backbone.get_parameter(f"encoder.layer.1.{name}").mul_(0.01)
    masks = structured_masks(model, density=0.9)
    sparser = sparser_units(masks, dict(model.backbone.named_parameters()), 0.5)
    assert sparser.is_nested_in(masks)
    before, after = KeptUnits.of(masks).neurons, KeptUnits.of(sparser).neurons
    for k in range(3):
        assert not after[k, 1].any() or torch.equal(after[k, 0], before[k, 0])
    assert after.sum() < before.sum()


def test_shuffled_small_matrices_keep_their_entries() -> None:
    model = tiny_model()
    weights = model.masked_weights(structured_masks(model))
    shuffled = shuffled_weights(model, weights)
    for one, other in zip(weights.small, shuffled.small, strict=True):
        for name, tensor in one.tensors.items():
            assert torch.equal(tensor.flatten().sort().values, other.tensors[name].flatten().sort().values)
    encoded = tiny_encoder().encode([TEXT])
    assert not torch.allclose(model.pool(encoded, weights), model.pool(encoded, shuffled), atol=1e-2)


def test_the_explainer_serves_a_structured_checkpoint(tmp_path: Path) -> None:
    """Predict, explain, override, revise, revise again, knock out, compare: one text through all of it."""
    model = tiny_model(mask_kind="structured")
    save_checkpoint(tmp_path, model, tiny_encoder(), structured_masks(model), "float32")
    explainer = Explainer.load(tmp_path, "cpu")
    before = explainer.predict(TEXT)
    wanted = next(value for value in TOY.values if value != before.value("soup"))
    result = explainer.revise(TEXT, "soup", wanted, portion=0.1)
    assert result.revision.change.dropped_count > 0
    again = explainer.predict_changed(TEXT, [result.revision.change])
    assert np.allclose(again.label_probabilities, result.after.label_probabilities, atol=1e-5)
    both = explainer.predict_texts([TEXT], (result.revision.change,))
    assert np.allclose(both.label_probabilities[0], again.label_probabilities, atol=1e-5)
    patch = explainer.patch("p", [result.revision])
    explainer.check_patch(patch)
    random = explainer.random_edit(TEXT, result.revision)
    assert random.revision.change.dropped_count == result.revision.change.dropped_count
    assert explainer.explain(TEXT, [Target(None, "good")]).attributions[0].relative_gap < 0.05
    assert explainer.knock_out(TEXT, [KnockOut("soup")]).removed["soup"] > 0
    assert explainer.predict_sparser(TEXT, 0.8).removed["room"] > 0
    assert explainer.compare(0.8).across is not None
    assert explainer.overlap().total.jaccard.shape == (1, 3, 3)
    assert np.array_equal(explainer.predict(TEXT).label_probabilities, before.label_probabilities)


def test_chance_draws_whole_units() -> None:
    """Of 32 neurons two concepts keep 8 each, 4 of them in common: by chance 2, whatever weights a neuron has."""
    model = tiny_model()
    heads, neurons = torch.zeros(3, 2, 2, dtype=torch.bool), torch.zeros(3, 2, 32, dtype=torch.bool)
    neurons[0, 0, :8] = neurons[1, 0, 4:12] = True
    heads[:, 1, 0] = True
    masks = KeptUnits(model.layout, heads, neurons).masks(model.config.passes)
    overlap = mask_overlap(Subnetworks(masks, model.sites, TOY.concepts, 2))
    z = (4 - 2) / (2 * 24 / 32 * 24 / 31) ** 0.5
    assert overlap.layers.z[0, 0, 1] == pytest.approx(z)
    assert overlap.modules.z[overlap.modules.units.index("feed_forward_in"), 0, 1] == pytest.approx(z)
    by_head = 1 / 2 * 1 / 2  # one of two heads each: in common by chance in half of the cases
    weights = overlap.layers.both[1, 0, 1] - overlap.layers.expected[1, 0, 1]
    assert overlap.layers.z[1, 0, 1] == pytest.approx(weights / (by_head**0.5 * 4 * 16 * 8)) == pytest.approx(1)
    for parts in (modules_of(overlap, None), modules_of(overlap, "0")):
        assert parts.units == ("attention heads", "neurons") and parts.z[1, 0, 1] == pytest.approx(z)
    assert modules_of(overlap, None).both.sum() == overlap.total.both.sum()
    assert overlap.total.variance[0, 0, 1] == pytest.approx(overlap.layers.variance[:, 0, 1].sum())
