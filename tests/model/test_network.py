"""The masked passes: each mask counts in its own pass only, padding counts nowhere, the module stays as it was."""

import copy
from collections.abc import Callable
from typing import Any

import pytest
import torch

from sparsecbm.model import network
from sparsecbm.model.encoding import Encoded
from sparsecbm.model.masks import ConceptMasks
from sparsecbm.model.network import SparseCBM
from sparsecbm.model.side_by_side import side_by_side
from tests.helpers import (
    ARCHITECTURES,
    changed_mask,
    random_masks,
    structured_masks,
    tiny_backbone,
    tiny_model,
    untouched,
)

KINDS = list(ARCHITECTURES)
LABEL = 2  # of toy label "good"


@pytest.fixture(params=["side by side", "one by one"])
def path(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> str:
    """Both ways to run the passes."""
    if request.param == "one by one":
        monkeypatch.setattr(network, "side_by_side", lambda _: None)
    return str(request.param)


def batch(*lengths: int, pad_to: int | None = None, fill: int = 0) -> Encoded:
    """Random token ids of these lengths, padded on the right with `fill`."""
    generator = torch.Generator().manual_seed(3)
    width = pad_to or max(lengths)
    ids, mask = torch.full((len(lengths), width), fill), torch.zeros(len(lengths), width, dtype=torch.int64)
    for row, length in enumerate(lengths):
        ids[row, :length] = torch.randint(4, 60, (length,), generator=generator)
        mask[row, :length] = 1
    return Encoded(ids, mask)


def answer(model: SparseCBM, encoded: Encoded, masks: ConceptMasks | None) -> tuple[torch.Tensor, torch.Tensor]:
    """Concept logits and label logits."""
    concept_logits, residual = model(encoded, masks)
    return concept_logits, model.label(model.bottleneck(concept_logits), residual).logits


# -- masks ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", KINDS)
def test_a_mask_changes_its_own_pass_and_no_other(kind: str, path: str) -> None:
    model = tiny_model(kind)
    masks, encoded = random_masks(model), batch(7, 4)
    before = model.pool(encoded, masks)
    for k in range(3):
        after = model.pool(encoded, changed_mask(masks, k))
        for other in range(3):
            difference = (after[:, other] - before[:, other]).abs().max()
            assert difference > 1e-2 if other == k else difference < 1e-6


@pytest.mark.parametrize("kind", KINDS)
def test_different_masks_on_one_text_give_different_features(kind: str, path: str) -> None:
    model = tiny_model(kind)
    pooled = model.pool(batch(6), random_masks(model))[0]
    assert all((pooled[i] - pooled[j]).abs().max() > 1e-2 for i in range(3) for j in range(i))


@pytest.mark.parametrize("kind", KINDS)
def test_a_masked_pass_equals_a_backbone_whose_weights_are_zeroed(kind: str, path: str) -> None:
    model = tiny_model(kind)
    masks, encoded = random_masks(model), batch(7, 4)
    pooled = model.pool(encoded, masks)
    for k in range(3):
        zeroed = copy.deepcopy(model.backbone)
        for name in masks.matrices:
            zeroed.get_parameter(name).mul_(masks.unpack(name)[k])
        for row, length in enumerate((7, 4)):
            ids = encoded.input_ids[row : row + 1, :length]
            states = zeroed(input_ids=ids, attention_mask=torch.ones_like(ids)).last_hidden_state
            torch.testing.assert_close(pooled[row, k], states[0].mean(0), atol=1e-5, rtol=1e-5)


@pytest.mark.parametrize("kind", KINDS)
def test_all_ones_equal_no_masks(kind: str, path: str) -> None:
    model = tiny_model(kind)
    ones = ConceptMasks.ones(model.config.passes, {name: site.shape for name, site in model.sites.items()})
    torch.testing.assert_close(model.pool(batch(7, 4), ones), model.pool(batch(7, 4)), atol=1e-5, rtol=1e-5)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("masks_of", [random_masks, structured_masks])
def test_passes_side_by_side_are_those_one_by_one(masks_of: Callable[[SparseCBM], ConceptMasks], kind: str) -> None:
    """Each on rows of its own, with their gradients; only decoders run one pass after the other."""
    model = tiny_model(kind)
    weights, encoded = model.masked_weights(masks_of(model)), batch(9, 3, 5)
    own = [weights.of(k) for k in (2, 0)]
    embedded = (model.embed(encoded.input_ids).repeat(2, 1, 1) + torch.randn(6, 9, 16)).requires_grad_()
    together = model.run_passes(own, embedded, encoded.attention_mask)
    each = [model.run_pass(one, rows, encoded.attention_mask) for one, rows in zip(own, embedded.split(3), strict=True)]
    torch.testing.assert_close(together, torch.stack(each), atol=1e-5, rtol=1e-5)
    torch.testing.assert_close(*(torch.autograd.grad(some.square().sum(), embedded)[0]
                                 for some in (together, torch.stack(each))), atol=1e-4, rtol=1e-4)
    assert (side_by_side(model.backbone) is None) == (kind in ("gpt2", "opt"))


def test_dropout_is_on_while_training() -> None:
    model = tiny_model().train()
    masks = random_masks(model)
    one, other = (model.pool(batch(6), masks) for _ in range(2))
    assert not torch.allclose(one, other)


def test_unpacked_weights_serve_as_well_as_masks() -> None:
    model = tiny_model()
    masks, encoded = random_masks(model), batch(6)
    weights = model.masked_weights(masks)
    assert torch.equal(model.pool(encoded, weights), model.pool(encoded, masks))
    alone = model.run_pass(weights.of(1), model.embed(encoded.input_ids), encoded.attention_mask)
    torch.testing.assert_close(alone, model.pool(encoded, masks)[:, 1])
    for name, stack in weights.stacks.items():
        assert torch.equal(stack, model.backbone.get_parameter(name) * masks.unpack(name))


def test_only_kept_weights_learn(path: str) -> None:
    model = tiny_model().requires_grad_(True)
    masks = random_masks(model)
    model.pool(batch(6), masks)[:, 1].sum().backward()
    for name in masks.matrices:
        gradient = model.backbone.get_parameter(name).grad
        assert gradient is not None
        assert (gradient[~masks.unpack(name)[1]] == 0).all()
        assert (gradient[masks.unpack(name)[1]] != 0).any()


# -- padding -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("length", [64, 128])
@pytest.mark.parametrize("kind", KINDS)
def test_padding_changes_nothing(kind: str, length: int, path: str) -> None:
    """For any contents of the padding."""
    model = tiny_model(kind)
    for masks in (None, random_masks(model)):
        concepts, labels = answer(model, batch(5), masks)
        for fill in (0, 17):
            padded = answer(model, batch(5, pad_to=length, fill=fill), masks)
            torch.testing.assert_close(padded[0], concepts, atol=1e-5, rtol=1e-5)
            torch.testing.assert_close(padded[1], labels, atol=1e-5, rtol=1e-5)


@pytest.mark.parametrize("kind", KINDS)
def test_other_rows_of_a_batch_change_nothing(kind: str) -> None:
    model = tiny_model(kind)
    masks, together = random_masks(model), batch(9, 3, 6)
    all_concepts, all_labels = answer(model, together, masks)
    for row, length in enumerate((9, 3, 6)):
        alone = Encoded(together.input_ids[row : row + 1, :length], together.attention_mask[row : row + 1, :length])
        concepts, labels = answer(model, alone, masks)
        torch.testing.assert_close(concepts[0], all_concepts[row], atol=1e-5, rtol=1e-5)
        torch.testing.assert_close(labels[0], all_labels[row], atol=1e-5, rtol=1e-5)


# -- heads ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("bottleneck", ["probabilities", "logits"])
@pytest.mark.parametrize("concept", range(2))
def test_every_concept_reaches_the_label(concept: int, bottleneck: str) -> None:
    model = tiny_model(bottleneck=bottleneck)
    masks, encoded = random_masks(model), batch(6)
    concept_logits, residual = model(encoded, masks)
    before = model.bottleneck(concept_logits)
    after = before.clone()
    after[:, concept] = after[:, concept].flip(-1)
    assert (model.label(after, residual).logits - model.label(before, residual).logits).abs().max() > 1e-3
    changed = model(encoded, changed_mask(masks, concept))  # the same through the whole network
    assert torch.equal(changed[1], residual)
    assert (model.label(model.bottleneck(changed[0]), residual).logits - model.label(before, residual).logits
            ).abs().max() > 1e-4


def test_the_ledger_is_the_label() -> None:
    """logits = B concat(p) + b + r, and contribution (k, y) = B_k,y . p_k."""
    model = tiny_model()
    bottleneck, residual = torch.rand(4, 2, 3).softmax(-1), torch.randn(4, 3)
    ledger = model.label(bottleneck, residual)
    matrix = model.label_weight.flatten(0, 1)  # [concept * value, label]
    torch.testing.assert_close(ledger.logits, bottleneck.flatten(1) @ matrix + model.label_bias + residual)
    torch.testing.assert_close(ledger.logits, ledger.bias + ledger.contributions.sum(1) + ledger.residual)
    torch.testing.assert_close(ledger.contributions[3, 1, LABEL], bottleneck[3, 1] @ model.label_weight[1, :, LABEL])


def test_heads_compute_their_formulas() -> None:
    """Concept k reads pass k by a plain affine map, the residual reads the last pass; nothing bends the logits."""
    model = tiny_model()
    pooled = 50 * torch.randn(4, 3, 16)
    logits = model.concept_logits(pooled)
    for k in range(2):
        expected = pooled[:, k] @ model.concept_weight[k].T + model.concept_bias[k]
        torch.testing.assert_close(logits[:, k], expected, atol=1e-3, rtol=1e-5)
    assert logits.abs().max() > 10  # a sigmoid would keep them in 0..1
    residual = pooled[:, 2] @ model.residual_weight.T + model.residual_bias
    torch.testing.assert_close(model.residual_logits(pooled), residual)
    cross = model.cross_logits(pooled)
    assert cross.shape == (4, 2, 2, 3)
    torch.testing.assert_close(cross[:, 0, 1], pooled[:, 0] @ model.concept_weight[1].T + model.concept_bias[1],
                               atol=1e-3, rtol=1e-5)
    torch.testing.assert_close(torch.stack([cross[:, k, k] for k in range(2)], 1), logits, atol=1e-3, rtol=1e-5)


def test_the_bottleneck_is_probabilities_or_logits() -> None:
    logits = torch.tensor([[[0.0, 0.0, 0.0], [2.0, -1.0, 700.0]]])
    assert torch.equal(tiny_model(bottleneck="logits").bottleneck(logits), logits)
    probabilities = tiny_model().bottleneck(logits)
    torch.testing.assert_close(probabilities, torch.tensor([[[1 / 3, 1 / 3, 1 / 3], [0.0, 0.0, 1.0]]]))


def test_an_override_enters_as_itself_or_as_typical_logits() -> None:
    share = torch.tensor([0.25, 0.0, 0.75])
    assert torch.equal(tiny_model().override_bottleneck(share, 1), share)
    model = tiny_model(bottleneck="logits")
    typical = model.typical_logits[1]
    torch.testing.assert_close(model.override_bottleneck(share, 1), 0.25 * typical[0] + 0.75 * typical[2])


def test_without_residual_there_is_no_residual_pass() -> None:
    model = tiny_model(residual=False)
    assert model.config.passes == ("soup", "room")
    pooled = model.pool(batch(5), random_masks(model))
    assert pooled.shape == (1, 2, 16)
    assert torch.equal(model.residual_logits(pooled), torch.zeros(1, 3))


@pytest.mark.parametrize(("kind", "changes", "width"), [
    ("bert", {"hidden_size": 24}, 24), ("distilbert", {"dim": 8}, 8), ("opt", {"word_embed_proj_dim": 8}, 8),
])
def test_heads_take_the_width_of_the_backbone(kind: str, changes: dict[str, Any], width: int) -> None:
    model = tiny_model(tiny_backbone(kind, **changes))
    assert model.pool(batch(5), random_masks(model)).shape == (1, 3, width)
    assert model(batch(5))[0].shape == (1, 2, 3)


# -- the module stays as it was ------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", KINDS)
def test_passes_leave_the_module_as_it_was(kind: str, path: str) -> None:
    model = tiny_model(kind)
    masks = random_masks(model)
    with untouched(model, masks), torch.no_grad():
        model(batch(5, 3), masks)


@pytest.mark.parametrize("kind", KINDS)
def test_an_exception_within_a_pass_leaves_the_module_as_it_was(
    kind: str, path: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    model = tiny_model(kind)
    masks = random_masks(model)
    expected = model(batch(5), masks)[0]
    last = [module for module in model.backbone.modules() if isinstance(module, torch.nn.LayerNorm)][-1]

    def fail(*_: Any, **__: Any) -> None:
        raise RuntimeError("in the middle")

    with untouched(model, masks):
        with monkeypatch.context() as patch, pytest.raises(RuntimeError, match="in the middle"):
            patch.setattr(last, "forward", fail)
            model(batch(5), masks)
        assert torch.equal(model(batch(5), masks)[0], expected)
