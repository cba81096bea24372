"""Scores of heads and neurons for a logit: by hand, by finite differences, and without a trace."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from sparsecbm.errors import CheckpointError, InputError
from sparsecbm.model.network import MaskedWeights, SparseCBM
from sparsecbm.model.units import HEAD_INPUTS, NEURON_INPUTS
from sparsecbm.service import Explainer, subnetworks
from sparsecbm.subnetworks.compute_unit_attribution import attribute_unit_words, attribute_units
from sparsecbm.subnetworks.knockout import KnockOut
from sparsecbm.subnetworks.unit_attribution import Unit, UnitAttribution
from sparsecbm.types import Target
from tests.helpers import (
    ARCHITECTURES,
    HOSTILE,
    random_masks,
    saved_checkpoint,
    tiny_backbone,
    tiny_encoder,
    tiny_model,
    untouched,
    vocabulary,
)

TEXT = "The soup was zesty!"
SOUP, GOOD = Target("soup", "Positive"), Target(None, "good")
#: What is asked, through which pass, and that pass's number.
ASKED = [(SOUP, None, 0), (Target("room", "Negative", "Positive"), "room", 1), (GOOD, "room", 1), (GOOD, "residual", 2)]


def masked(model: SparseCBM) -> MaskedWeights:
    return model.masked_weights(random_masks(model))


def attribute(model: SparseCBM, target: Target = SOUP, through: str | None = None, text: str = TEXT,
         weights: Any = "own") -> UnitAttribution:
    own = masked(model) if isinstance(weights, str) else weights
    return attribute_units(model, tiny_encoder(), own, text, target, through)


def term(model: SparseCBM, weights: MaskedWeights | None, target: Target, k: int, text: str = TEXT) -> float:
    """The number that is explained, by the plain forward pass over all passes; without the bias of its head."""
    concepts, residual = model(tiny_encoder().encode([text]), weights)
    schema = model.config.schema
    index, against = target.indices(schema)
    if target.concept is not None:
        logits = concepts[0, k] - model.concept_bias[k]
    elif k < len(schema.concepts):
        logits = model.label(model.bottleneck(concepts), residual).contributions[0, k]
    else:
        logits = residual[0] - model.residual_bias
    return float(logits[index]) - (0.0 if against is None else float(logits[against]))


def scaled(model: SparseCBM, weights: MaskedWeights, unit: Unit, factor: float) -> MaskedWeights:
    """The weights with all that is read of a unit times a factor, by plain indexing; head 1 of 2 has places 8 to 15."""
    roles = HEAD_INPUTS if unit.kind == "head" else NEURON_INPUTS
    site = next(site for site in model.sites.values() if site.layer == unit.layer and site.role in roles)
    stacks = dict(weights.stacks)
    stack = stacks[site.name] = stacks[site.name].clone()
    turned = stack if site.input_first else stack.transpose(1, 2)  # writes through: [pass, input, output]
    places = slice(8 * unit.number, 8 * unit.number + 8) if unit.kind == "head" else unit.number
    turned[:, places] *= factor
    return MaskedWeights(stacks)


# -- right ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", ARCHITECTURES)
@pytest.mark.parametrize(("target", "through", "k"), ASKED, ids=lambda value: str(value))
def test_scores_are_what_a_little_less_of_the_unit_would_cost(
    kind: str, target: Target, through: str | None, k: int
) -> None:
    """The slope of the logit as the matrix behind the units reads more or less of one: it knows of no hook."""
    model = tiny_model(kind).double()
    weights = MaskedWeights({name: stack.double() for name, stack in masked(model).stacks.items()})
    made = attribute(model, target, through, weights=weights)
    assert made.logit == pytest.approx(term(model, weights, target, k))
    assert made.heads.layers == made.neurons.layers == (0, 1)
    assert made.heads.scores.shape == (2, 2) and made.neurons.scores.shape == (2, 32)
    for unit in (*made.strongest("head"), *made.strongest("neuron", 6), Unit("neuron", 1, 31)):
        more, less = (term(model, scaled(model, weights, unit, factor), target, k) for factor in (1.001, 0.999))
        assert made.score(unit) == pytest.approx((more - less) / 0.002, rel=1e-3, abs=1e-5), unit


def test_a_linear_step_is_added_up_by_hand(monkeypatch: pytest.MonkeyPatch) -> None:
    """Token t has the embedding t * (1, 2, .., 16), and both layers' attention outputs read it, side by side.

    Their weights are 1 and 10, by layer; six times the mean of their first output is the logit. So token t of ten gives
    the heads of the first layer 6 * t * 36 / 10 and 6 * t * 100 / 10, and those of the second ten times as much.
    """
    model = tiny_model()
    weights = masked(model)
    names = [site.name for site in model.sites.values() if site.role in HEAD_INPUTS]
    for name, value in zip(names, (1.0, 10.0), strict=True):
        weights.stacks[name].zero_()
        weights.stacks[name][0, 0] = value
    model.concept_weight.zero_()
    model.concept_weight[0, 2, 0] = 6.0
    monkeypatch.setattr(model, "embed", lambda ids: torch.arange(1.0, ids.shape[1] + 1).view(1, -1, 1)
                        * torch.arange(1.0, 17.0))
    layers = [layer.attention.output.dense for layer in model.backbone.encoder.layer]
    for layer in layers:
        layer.bias.zero_()
    rest = [layer.output.dense for layer in model.backbone.encoder.layer]

    def run(own: dict[str, torch.Tensor], embedded: torch.Tensor, mask: torch.Tensor) -> torch.Tensor:
        def forward() -> torch.Tensor:
            read = sum(layer(embedded.clone()) for layer in layers)
            return (read + 0 * sum(one(embedded.repeat(1, 1, 2)) for one in rest)).mean(1)

        with monkeypatch.context() as patch:
            patch.setattr(model.backbone, "forward", forward)
            return torch.func.functional_call(model.backbone, own)

    monkeypatch.setattr(model, "run_pass", run)
    made = attribute_units(model, tiny_encoder(), weights, "The soup was zesty", SOUP)
    tokens = np.arange(1.0, 11)  # [CLS] the soup was z ##e ##s ##t ##y [SEP]
    sums = np.array([[36.0, 100.0], [360.0, 1000.0]])
    assert made.heads.scores == pytest.approx(6 * sums * tokens.mean())
    by_word = np.array([2.0, 3.0, 4.0, 5 + 6 + 7 + 8 + 9])
    assert made.heads.words == pytest.approx(6 * sums[..., None] * by_word / 10)
    assert [word.text for word in made.words] == ["The", "soup", "was", "zesty"]
    assert not made.neurons.scores.any() and not made.neurons.words.any()


@pytest.mark.parametrize("kind", ARCHITECTURES)
def test_a_layers_units_are_the_whole_of_what_its_matrix_reads(kind: str) -> None:
    """And of each token: sub-words are added up, and what is of no word is in the total alone."""
    model, encoder = tiny_model(kind), tiny_encoder()
    weights, made = masked(model), attribute(model)
    ids, (_, token_words) = encoder.encode([TEXT]), encoder.words(TEXT)
    for units, roles in ((made.heads, HEAD_INPUTS), (made.neurons, NEURON_INPUTS)):
        for row, layer in enumerate(units.layers):
            site = next(site for site in model.sites.values() if site.layer == layer and site.role in roles)
            caught: list[torch.Tensor] = []
            module = model.backbone.get_submodule(site.name.removesuffix(".weight"))
            hook = module.register_forward_pre_hook(lambda _, given, caught=caught: caught.append(given[0]))
            embedded = model.embed(ids.input_ids).requires_grad_()
            pooled = model.run_pass(weights.of(0), embedded, ids.attention_mask)
            hook.remove()
            gradient = torch.autograd.grad((pooled @ model.concept_weight[0, 2]).sum(), caught)[0]
            product = (gradient * caught[0]).detach().reshape(len(token_words), -1).sum(-1).numpy()
            assert units.scores[row].sum() == pytest.approx(product.sum(), abs=1e-5)
            by_word = [sum(product[t] for t, word in enumerate(token_words) if word == w) for w in range(5)]
            assert units.words[row].sum(axis=0) == pytest.approx(np.array(by_word), abs=1e-5)
            assert len(made.words) == 5 and abs(units.words[row].sum() - product.sum()) > 1e-4


def test_a_head_that_nothing_of_its_pass_reads_scores_exactly_nothing() -> None:
    """Its columns are masked in soup's pass alone; room still uses it."""
    model, weights = tiny_model(), None
    weights = masked(model)
    name = next(site.name for site in model.sites.values() if site.role in HEAD_INPUTS and site.layer == 1)
    weights.stacks[name][0, :, :8] = 0
    assert attribute(model, weights=weights).score(Unit("head", 1, 0)) == 0.0
    assert not attribute(model, weights=weights).word_scores(Unit("head", 1, 0)).any()
    assert attribute(model, weights=weights).score(Unit("head", 1, 1)) != 0.0
    assert attribute(model, Target("room", "Positive"), weights=weights).score(Unit("head", 1, 0)) != 0.0


@pytest.mark.parametrize("k", range(3))
def test_only_the_pass_that_is_read_counts(k: int) -> None:
    model = tiny_model()
    weights, other = masked(model), {}
    for name, stack in weights.stacks.items():
        other[name] = stack.clone()
        other[name][k] = stack[k].flip(-1)
    for target, through, read in ASKED:
        before, after = (attribute(model, target, through, weights=some) for some in (weights, MaskedWeights(other)))
        assert np.array_equal(before.heads.scores, after.heads.scores) == (read != k)


@pytest.mark.parametrize("kind", ARCHITECTURES)
def test_padding_beside_a_longer_neighbour_carries_nothing(kind: str) -> None:
    """The slope of the short text's logit, read in one batch with a long one, is what is scored of it alone."""
    model, unit = tiny_model(kind).double(), Unit("head", 0, 1)
    weights = MaskedWeights({name: stack.double() for name, stack in masked(model).stacks.items()})
    batch = tiny_encoder().encode([TEXT, "The room felt warm, and it rained all day long. " * 2])
    logits = [float(model(batch, scaled(model, weights, unit, factor))[0][0, 0, 2]) for factor in (1.001, 0.999)]
    assert batch.attention_mask[0].sum() < batch.attention_mask.shape[1]
    slope = (logits[0] - logits[1]) / 0.002
    assert attribute(model, weights=weights).score(unit) == pytest.approx(slope, rel=1e-3, abs=1e-5)


@pytest.mark.parametrize("kind", ["dense", "black_box"])
def test_a_model_without_masks_leans_on_all_its_weights(kind: str) -> None:
    model = tiny_model(kind=kind)
    target, through = (SOUP, None) if kind == "dense" else (GOOD, "residual")
    made = attribute(model, target, through, weights=None)
    whole = attribute(model, target, through, weights=MaskedWeights(
        {name: model.backbone.get_parameter(name).expand(3, -1, -1) for name in model.sites}))
    assert made.heads.scores == pytest.approx(whole.heads.scores, abs=1e-6) and made.heads.scores.any()


def test_the_strongest_come_first_whatever_their_sign() -> None:
    made = attribute(tiny_model())
    units = made.strongest("neuron", 64)
    assert {(unit.layer, unit.number) for unit in units} == {(layer, n) for layer in (0, 1) for n in range(32)}
    sizes = [abs(made.score(unit)) for unit in units]
    assert sizes == sorted(sizes, reverse=True) and min(made.neurons.scores.flat) < 0 < max(made.neurons.scores.flat)
    assert made.strongest("neuron", 3) == units[:3] and len(made.strongest("head")) == 4


# -- the words that a unit reads -----------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", ARCHITECTURES)
@pytest.mark.parametrize("unit", [Unit("head", 1, 1), Unit("neuron", 0, 5)], ids=str)
def test_the_words_of_a_unit_add_up_to_its_score(kind: str, unit: Unit) -> None:
    """Less what the unit does of the empty review; and the score itself is the unit's, not another's."""
    model, encoder = tiny_model(kind), tiny_encoder()
    weights, made = masked(model), attribute(model)
    words = attribute_unit_words(model, encoder, weights, TEXT, made, unit)
    assert words.completeness_gap < 0.02 * np.abs(words.scores).max() + 1e-5 and words.target == SOUP
    assert words.words == made.words and words.steps == 16 and np.abs(words.scores).max() > 1e-4
    index, table = vocabulary(), model.backbone.get_input_embeddings().weight
    for token in set(index) - {"[CLS]", "[SEP]"}:
        table[index[token]] = table[index["[PAD]"]]  # every word says what no word says
    empty = attribute_unit_words(model, encoder, weights, TEXT, attribute(model), unit)
    assert not empty.scores.any() and empty.difference == pytest.approx(0, abs=1e-6)


def test_a_word_that_says_nothing_adds_nothing() -> None:
    """Without attention each place reads its own word, so what "soup" says reaches no other place."""
    model, encoder = tiny_model(), tiny_encoder()
    weights = masked(model)
    for site in model.sites.values():
        if site.role in HEAD_INPUTS:
            weights.stacks[site.name].zero_()
    table = model.backbone.get_input_embeddings().weight
    table[vocabulary()["soup"]] = table[vocabulary()["[PAD]"]]
    found = attribute(model, weights=weights)
    read = attribute_unit_words(model, encoder, weights, TEXT, found, Unit("neuron", 0, 7)).scores
    assert read[1] == 0 and np.count_nonzero(read) == 4


# -- in bounds and without a trace ---------------------------------------------------------------------------------


@pytest.mark.parametrize(("target", "through", "message"), [
    (GOOD, None, "allowed: soup, room, residual"), (SOUP, "room", "Unknown pass of soup=Positive 'room'"),
    (Target("decor", "Positive"), None, "Unknown concept"), (Target("soup", "Fine"), None, "Unknown value"),
])
def test_what_there_is_not_is_refused(target: Target, through: str | None, message: str) -> None:
    with pytest.raises(InputError, match=message):
        attribute(tiny_model(), target, through)
    with pytest.raises(InputError, match="empty"):
        attribute(tiny_model(), text=" ")


@pytest.mark.parametrize("text", [*HOSTILE.values(), "soup"], ids=[*HOSTILE, "one short word"])
def test_hostile_text_is_scored(text: str) -> None:
    model = tiny_model()
    made = attribute(model, text=text)
    assert np.isfinite(made.heads.scores).all() and made.heads.words.shape == (2, 2, len(made.words))
    words = attribute_unit_words(model, tiny_encoder(), masked(model), text, made, Unit("head", 0, 0))
    assert words.scores.shape == (len(made.words),) and np.isfinite(words.scores).all()


def test_a_backbone_with_unknown_names_has_no_units() -> None:
    model = tiny_model()
    for name, site in model.sites.items():
        model.sites[name] = type(site)(name, site.layer, f"odd.{site.role}", site.shape, site.input_first)
    made = attribute(model)
    assert made.heads.layers == made.neurons.layers == () and made.strongest("head") == made.strongest("neuron") == ()
    assert made.logit == pytest.approx(term(model, masked(model), SOUP, 0), abs=1e-6)


def test_nothing_is_left_behind_even_after_an_exception(monkeypatch: pytest.MonkeyPatch) -> None:
    model = tiny_model()
    masks, encoder = random_masks(model), tiny_encoder()
    weights = model.masked_weights(masks)
    stacks = {name: stack.clone() for name, stack in weights.stacks.items()}
    expected, unit = attribute(model, weights=weights), Unit("head", 1, 0)

    def fail(*_: Any, **__: Any) -> None:
        raise RuntimeError("in the middle")

    with untouched(model, masks):
        with monkeypatch.context() as patch:
            patch.setattr(model.backbone.encoder.layer[1].output, "forward", fail)
            with pytest.raises(RuntimeError, match="in the middle"):
                attribute(model, weights=weights)
            with pytest.raises(RuntimeError, match="in the middle"):
                attribute_unit_words(model, encoder, weights, TEXT, expected, unit)
        np.testing.assert_array_equal(attribute(model, weights=weights).heads.scores, expected.heads.scores)
        attribute_unit_words(model, encoder, weights, TEXT, expected, unit)
    assert all(torch.equal(stack, stacks[name]) and not stack.requires_grad for name, stack in weights.stacks.items())


# -- through the explainer -----------------------------------------------------------------------------------------


@pytest.fixture
def explainer(tmp_path: Path) -> Explainer:
    return Explainer.load(saved_checkpoint(tmp_path), "cpu")


@pytest.mark.parametrize("kind", ARCHITECTURES)
def test_what_is_measured_is_the_knock_out(kind: str, tmp_path: Path) -> None:
    """The target's logit with and without the unit; a difference of two values is one of log probabilities, too."""
    explainer, target = Explainer.load(saved_checkpoint(tmp_path, kind), "cpu"), Target("soup", "Positive", "Negative")
    found = explainer.attribute_units(TEXT, target)
    for unit in (*found.strongest("head"), *found.strongest("neuron", 2)):
        result = explainer.knock_out(TEXT, [unit.knock_out("soup")])
        odds = [np.log(side.concept_probabilities[0, [0, 2]]) @ [-1, 1] for side in (result.before, result.after)]
        assert explainer.unit_effect(found, TEXT, unit) == pytest.approx(odds[0] - odds[1], abs=1e-4)
        assert result.removed["soup"] > 0 == result.removed["room"]


def test_the_head_with_the_largest_score_costs_more_than_the_one_with_the_smallest(explainer: Explainer) -> None:
    """One head of the last layer is read a hundredfold, another a hundredth."""
    weights = explainer._weights
    assert weights is not None
    name = next(site.name for site in explainer._model.sites.values() if site.role in HEAD_INPUTS and site.layer == 1)
    weights.stacks[name][0, :, :8] *= 20
    weights.stacks[name][0, :, 8:] /= 100
    found = explainer.attribute_units(TEXT, SOUP)
    last = [unit for unit in found.strongest("head") if unit.layer == 1]
    assert [unit.number for unit in last] == [0, 1]
    cost = [abs(explainer.unit_effect(found, TEXT, unit)) for unit in last]
    assert cost[0] > 10 * cost[1] > 0
    little = explainer.unit_effect(found, TEXT, last[1])
    assert little == pytest.approx(found.score(last[1]), rel=0.05), "a small effect is linear"


def test_units_are_taken_out_of_one_pass_only() -> None:
    assert Unit("head", 3, 2).knock_out("soup") == KnockOut(layer=3, head=2, within="soup")
    assert Unit("neuron", 3, 2).knock_out("soup") == KnockOut(layer=3, neurons=(2,), within="soup")
    assert str(Unit("neuron", 3, 2)) == "neuron 2 of layer 3"


def test_what_was_worked_out_is_kept_in_bounds(explainer: Explainer, monkeypatch: pytest.MonkeyPatch) -> None:
    first = explainer.attribute_units(TEXT, SOUP)
    assert explainer.attribute_units(TEXT, SOUP, "soup") is first
    others = [explainer.attribute_units(*asked) for asked in (
        ("The soup.", SOUP), (TEXT, Target("soup", "Negative")), (TEXT, GOOD, "soup"), (TEXT, GOOD, "room"))]
    assert len({id(one) for one in (first, *others)}) == 5 and explainer.attribute_units(TEXT, SOUP) is first
    monkeypatch.setattr(subnetworks, "ATTRIBUTION_BYTES", first.nbytes + 1)
    small = Explainer(explainer._loaded)
    kept = small.attribute_units(TEXT, SOUP)
    small.attribute_units("soup", SOUP)
    assert small._unit_attributions.currsize <= first.nbytes + 1 and small.attribute_units(TEXT, SOUP) is not kept
    monkeypatch.setattr(subnetworks, "ATTRIBUTION_BYTES", 1)
    none = Explainer(explainer._loaded)
    assert np.array_equal(none.attribute_units(TEXT, SOUP).heads.scores, first.heads.scores)
    assert none._unit_attributions.currsize == 0


def test_a_shared_result_cannot_be_scribbled_over(explainer: Explainer) -> None:
    found = explainer.attribute_units(TEXT, SOUP)
    for array in (found.heads.scores, found.neurons.words, found.word_scores(Unit("head", 0, 0)),
                  explainer.unit_words(found, TEXT, Unit("head", 0, 0)).scores):
        with pytest.raises(ValueError, match="read-only"):
            array[...] = 7


def test_the_lock_is_held_while_hooks_are_set(explainer: Explainer, monkeypatch: pytest.MonkeyPatch) -> None:
    found, held, run = explainer.attribute_units(TEXT, SOUP), [], explainer._model.run_pass
    monkeypatch.setattr(explainer._model, "run_pass",
                        lambda *parts: held.append(explainer._lock.locked()) or run(*parts))
    explainer.attribute_units("The soup.", SOUP)
    explainer.unit_words(found, TEXT, Unit("head", 0, 0))
    explainer.unit_effect(found, TEXT, Unit("head", 0, 0))
    assert held and all(held) and not explainer._lock.locked()


def test_without_masks_there_is_nothing_to_take_out(tmp_path: Path) -> None:
    dense = Explainer.load(saved_checkpoint(tmp_path, kind="dense"), "cpu")
    found = dense.attribute_units(TEXT, SOUP)
    with pytest.raises(CheckpointError, match="has no masks"):
        dense.unit_effect(found, TEXT, Unit("head", 0, 0))
    assert found.heads.scores.any() and tiny_backbone().config.num_attention_heads == 2
