"""A person's override: read strictly, applied to the label head alone, and undone without a trace."""

from dataclasses import fields
from typing import Any

import numpy as np
import pytest

from sparsecbm.errors import InputError
from sparsecbm.intervene.override import format_override, override, parse_override
from sparsecbm.model.network import SparseCBM
from sparsecbm.model.prediction import predict
from sparsecbm.schema import CEBAB
from sparsecbm.types import Prediction
from tests.helpers import TOY, random_masks, tiny_encoder, tiny_model, untouched


def predicted(model: SparseCBM) -> Prediction:
    weights = model.masked_weights(random_masks(model)) if model.config.kind == "sparse" else None
    return predict(model, tiny_encoder(), weights, "The soup was tasty. The room felt shabby.", "hash")


# -- reading -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("text", "expected"), [
    ("food=Positive", ("food", (0.0, 0.0, 1.0))),
    ("noise=unknown", ("noise", (0.0, 1.0, 0.0))),
    ("food=0.2,0.3,0.5", ("food", (0.2, 0.3, 0.5))),
    ("food=1,0,0", ("food", (1.0, 0.0, 0.0))),
    ("food= .25, 5e-1 ,0.25", ("food", (0.25, 0.5, 0.25))),
])
def test_an_override_is_a_value_or_a_distribution(text: str, expected: tuple[str, tuple[float, ...]]) -> None:
    assert parse_override(text, CEBAB) == expected


def test_a_distribution_that_is_rounded_is_scaled_to_one() -> None:
    _, shares = parse_override("food=0.333,0.333,0.3335", CEBAB)
    assert sum(shares) == pytest.approx(1, abs=1e-12)
    assert shares[0] == pytest.approx(0.333 / 0.9995)


@pytest.mark.parametrize(("text", "said"), [
    ("food", "food=Positive"),                      # the form is shown
    ("decor=Positive", "food, ambiance, service, noise"),
    ("food=good", "Negative, unknown, Positive"),
    ("food=", "Negative, unknown, Positive"),
    ("food=0.5,0.5", "2 probabilities; give 3"),
    ("food=0.5,0.5,0.5", "sums to 1.5"),
    ("food=2,-1,0", "unknown value"),
    ("food=nan,0,1", "unknown value"),
    ("food=inf,0,0", "unknown value"),
    ("food=0,0,0", "sums to 0"),
    ("food=1e999,0,0", "must lie in 0..1"),
])
def test_what_cannot_be_an_override_is_refused_by_name(text: str, said: str) -> None:
    with pytest.raises(InputError) as error:
        parse_override(text, CEBAB)
    assert said.lower() in str(error.value).lower()


@pytest.mark.parametrize("text", ["food=Positive", "noise=unknown", "service=0.2,0.3,0.5", "ambiance=0.125,0.25,0.625"])
def test_formatting_is_the_inverse_of_reading(text: str) -> None:
    concept, shares = parse_override(text, CEBAB)
    assert format_override(concept, shares, CEBAB) == text


# -- applying ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("config", [{}, {"bottleneck": "logits"}, {"residual": False}, {"kind": "dense"}], ids=str)
def test_no_override_reproduces_the_prediction_bit_for_bit(config: dict[str, Any]) -> None:
    model = tiny_model(**config)
    before = predicted(model)
    after = override(model, before, {}).after
    for field in fields(Prediction):
        if isinstance(value := getattr(before, field.name), np.ndarray):
            assert np.array_equal(value, getattr(after, field.name)), field.name


def test_an_override_runs_no_backbone_pass(monkeypatch: pytest.MonkeyPatch) -> None:
    model = tiny_model()
    before, calls = predicted(model), []
    for part in (model.backbone, model.backbone.encoder):
        part.register_forward_pre_hook(lambda *_: calls.append(1))
    monkeypatch.setattr(SparseCBM, "run_pass", lambda *_: calls.append(1))
    override(model, before, {"soup": (1.0, 0.0, 0.0), "room": (0.0, 0.5, 0.5)}, residual=False)
    assert calls == []


@pytest.mark.parametrize("concept", TOY.concepts)
def test_every_concept_reaches_the_label_and_only_its_own_part_moves(concept: str) -> None:
    model = tiny_model()
    before = predicted(model)
    result = override(model, before, {concept: (1.0, 0.0, 0.0)})
    k = TOY.concept_index(concept)
    moved = np.abs(result.after.contributions - before.contributions).sum(1) > 0
    assert moved.tolist() == [index == k for index in range(len(TOY.concepts))]
    # one-hot on the first value: the contribution is that value's row of B
    np.testing.assert_allclose(result.after.contributions[k], model.label_weight[k, 0].detach().numpy(), rtol=1e-6)
    np.testing.assert_array_equal(result.after.residual, before.residual)
    np.testing.assert_array_equal(result.after.concept_probabilities[k], [1, 0, 0])
    total = result.after.label_bias + result.after.contributions.sum(0) + result.after.residual
    np.testing.assert_allclose(result.after.label_logits, total, atol=1e-5)


def test_a_distribution_is_the_mean_of_its_values() -> None:
    model = tiny_model()
    before = predicted(model)
    pure = [override(model, before, {"soup": tuple(np.eye(3)[value].tolist())}).after.label_logits for value in range(3)]
    mixed = override(model, before, {"soup": (0.2, 0.3, 0.5)}).after.label_logits
    np.testing.assert_allclose(mixed, 0.2 * pure[0] + 0.3 * pure[1] + 0.5 * pure[2], atol=1e-5)


def test_a_logit_bottleneck_gets_the_values_typical_logits() -> None:
    model = tiny_model(bottleneck="logits")
    model.typical_logits.copy_(model.typical_logits.new_tensor(np.arange(18).reshape(2, 3, 3)))
    result = override(model, predicted(model), {"room": (0.0, 1.0, 0.0)})
    np.testing.assert_array_equal(result.after.bottleneck[1], [12, 13, 14])
    np.testing.assert_array_equal(result.after.concept_probabilities[1], [0, 1, 0])


def test_the_residual_can_be_left_out() -> None:
    model = tiny_model()
    before = predicted(model)
    after = override(model, before, {}, residual=False).after
    assert np.abs(before.residual).max() > 0
    assert not after.residual.any()
    np.testing.assert_allclose(after.label_logits, before.label_logits - before.residual, atol=1e-5)


def test_neither_model_nor_prediction_is_written_to() -> None:
    model = tiny_model()
    before = predicted(model)
    copies = {f.name: np.copy(v) for f in fields(Prediction) if isinstance(v := getattr(before, f.name), np.ndarray)}
    with untouched(model):
        override(model, before, {"soup": (1.0, 0.0, 0.0)})
        with pytest.raises(InputError):
            override(model, before, {"soup": (1.0, 0.0, 0.0), "room": (2.0, 0.0, 0.0)})
        with pytest.raises(InputError):
            override(model, before, {"decor": (1.0, 0.0, 0.0)})
    for name, copy in copies.items():
        np.testing.assert_array_equal(copy, getattr(before, name))
