"""Overrides: the label follows the concepts exactly, without a backbone pass; nonsense is refused."""

from collections.abc import Sequence
from dataclasses import fields, replace
from typing import Any

import numpy as np
import pytest
import torch

from sparsecbm.concepts.compute_override import override
from sparsecbm.concepts.contributions import check_distribution, format_override, parse_override
from sparsecbm.errors import InputError
from sparsecbm.model.network import SparseCBM
from sparsecbm.model.prediction import predict
from sparsecbm.types import Prediction
from tests.helpers import TOY, random_masks, tiny_encoder, tiny_model, untouched

CONFIGS = pytest.mark.parametrize(
    "config", [{}, {"bottleneck": "logits"}, {"residual": False}, {"kind": "dense"}], ids=str)
POSITIVE = (0.0, 0.0, 1.0)


def predicted(model: SparseCBM) -> Prediction:
    weights = model.masked_weights(random_masks(model)) if model.config.kind == "sparse" else None
    return predict(model, tiny_encoder(), weights, "The soup was tasty.", "hash")


def arrays(made: Prediction) -> dict[str, np.ndarray]:
    values = {field.name: getattr(made, field.name) for field in fields(made)}
    return {name: value for name, value in values.items() if isinstance(value, np.ndarray)}


# -- what an override does -----------------------------------------------------------------------------------------


@CONFIGS
def test_no_override_reproduces_the_prediction_bit_for_bit(config: dict[str, Any]) -> None:
    model = tiny_model(**config)
    before = predicted(model)
    result = override(model, before, {})
    assert result.before is before and not result.label_changed and result.overrides == {}
    assert len(arrays(before)) == 7
    for name, array in arrays(before).items():
        assert np.array_equal(getattr(result.after, name), array), name


def test_an_override_runs_no_backbone_pass(monkeypatch: pytest.MonkeyPatch) -> None:
    model = tiny_model()
    before = predicted(model)
    for holder, name in ((model, "run_pass"), (model, "pool"), (model.backbone, "forward")):
        monkeypatch.setattr(holder, name, lambda *_, **__: pytest.fail("a backbone pass was run"))
    monkeypatch.setattr(type(model.backbone), "__call__", lambda *_, **__: pytest.fail("a backbone pass was run"))
    after = override(model, before, {"soup": POSITIVE}, residual=False).after
    assert not np.array_equal(after.label_logits, before.label_logits)


@CONFIGS
@pytest.mark.parametrize("concept", TOY.concepts)
def test_the_label_follows_exactly(config: dict[str, Any], concept: str) -> None:
    """logits = b + sum_k B_k . s_k + r, where s is the distribution set, or its mix of typical logits."""
    model = tiny_model(**config)
    before, k = predicted(model), TOY.concept_index(concept)
    shares = (0.2, 0.3, 0.5)
    after = override(model, before, {concept: shares}).after
    entering = np.array(shares) if config.get("bottleneck") != "logits" else shares @ model.typical_logits[k].numpy()
    bottleneck = before.bottleneck.copy()
    bottleneck[k] = entering
    contributions = np.einsum("kv,kvy->y", bottleneck, model.label_weight.numpy())
    expected = model.label_bias.numpy() + contributions + before.residual
    np.testing.assert_allclose(after.label_logits, expected, atol=1e-5)
    np.testing.assert_allclose(after.bottleneck, bottleneck, atol=1e-6)
    np.testing.assert_allclose(after.concept_probabilities[k], shares, atol=1e-7)
    np.testing.assert_allclose(after.label_bias + after.contributions.sum(0) + after.residual, after.label_logits,
                               atol=1e-5)
    np.testing.assert_allclose(after.label_probabilities.sum(), 1, atol=1e-6)


@CONFIGS
@pytest.mark.parametrize("concept", TOY.concepts)
def test_only_what_was_set_changes(config: dict[str, Any], concept: str) -> None:
    model = tiny_model(**config)
    before, k = predicted(model), TOY.concept_index(concept)
    after = override(model, before, {concept: POSITIVE}).after
    assert np.array_equal(after.residual, before.residual) and np.array_equal(after.label_bias, before.label_bias)
    for name in ("concept_probabilities", "bottleneck", "contributions"):
        old, new = getattr(before, name), getattr(after, name)
        assert np.array_equal(new[1 - k], old[1 - k]) and not np.array_equal(new[k], old[k])
    assert not np.array_equal(after.label_logits, before.label_logits)  # every concept reaches the label
    assert (after.text, after.tokens_read) == (before.text, before.tokens_read)


def test_a_distribution_is_the_mean_of_its_values() -> None:
    model = tiny_model()
    before = predicted(model)
    pure = [override(model, before, {"soup": row}).after.label_logits for row in np.eye(3).tolist()]
    mixed = override(model, before, {"soup": (0.2, 0.3, 0.5)}).after.label_logits
    np.testing.assert_allclose(mixed, 0.2 * pure[0] + 0.3 * pure[1] + 0.5 * pure[2], atol=1e-5)


def test_several_overrides_act_together_whatever_their_order() -> None:
    model = tiny_model()
    before = predicted(model)
    both = {"soup": POSITIVE, "room": (1.0, 0.0, 0.0)}
    one = override(model, before, both).after
    step = override(model, override(model, before, {"room": both["room"]}).after, {"soup": both["soup"]}).after
    other = override(model, before, dict(reversed(both.items()))).after
    assert np.array_equal(one.label_logits, other.label_logits) and np.array_equal(one.label_logits, step.label_logits)


def test_setting_a_concept_to_what_it_is_changes_nothing_to_speak_of() -> None:
    model = tiny_model()
    before = predicted(model)
    after = override(model, before, {"soup": [float(p) for p in before.concept_probabilities[0]]}).after
    np.testing.assert_allclose(after.label_logits, before.label_logits, atol=1e-5)


@CONFIGS
def test_the_residual_can_be_switched_off(config: dict[str, Any]) -> None:
    model = tiny_model(**config)
    before = predicted(model)
    after = override(model, before, {}, residual=False).after
    assert not after.residual.any()
    np.testing.assert_allclose(after.label_logits, before.label_logits - before.residual, atol=1e-5)
    assert np.array_equal(after.contributions, before.contributions)


def test_the_result_says_what_was_done() -> None:
    model = tiny_model()
    before = predicted(model)
    result = override(model, before, {"soup": [0.0, 0.0, 1.0]})
    assert result.overrides == {"soup": POSITIVE} and result.receipt is result.after.receipt
    assert (result.receipt.method, result.receipt.checkpoint) == ("override", "hash")
    assert before.receipt.method == "prediction"


def test_a_changed_label_is_noticed() -> None:
    """A label that follows the soup alone."""
    model = tiny_model(residual=False)
    model.label_weight.zero_()
    model.label_weight[0] = 20 * torch.eye(3)
    before = predicted(model)
    for value, label in enumerate(TOY.labels):
        result = override(model, before, {"soup": np.eye(3)[value].tolist()})
        assert result.after.label == label
        assert result.label_changed == (label != before.label)


def test_model_and_prediction_stay_as_they_were() -> None:
    model = tiny_model()
    masks, before = random_masks(model), predicted(model)
    copies = {name: array.copy() for name, array in arrays(before).items()}
    with untouched(model, masks):
        after = override(model, before, {"soup": POSITIVE}, residual=False).after
        with pytest.raises(InputError):
            override(model, before, {"soup": POSITIVE, "decor": POSITIVE})
        for array in (after.label_bias, after.label_logits, after.bottleneck, after.contributions):
            array += 1
    assert all(np.array_equal(getattr(before, name), array) for name, array in copies.items())


# -- reading and writing -------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("text", "expected"), [
    ("soup=Positive", ("soup", (0.0, 0.0, 1.0))),
    ("soup=Negative", ("soup", (1.0, 0.0, 0.0))),
    ("room=unknown", ("room", (0.0, 1.0, 0.0))),
    ("room=0.2,0.3,0.5", ("room", (0.2, 0.3, 0.5))),
    ("room=.25, .25 ,0.5", ("room", (0.25, 0.25, 0.5))),
    ("room=0,0,1", ("room", (0.0, 0.0, 1.0))),
    ("room=1e-3,0.999,0", ("room", (0.001, 0.999, 0.0))),
])
def test_an_override_is_read(text: str, expected: tuple[str, tuple[float, ...]]) -> None:
    concept, shares = parse_override(text, TOY)
    assert concept == expected[0] and shares == pytest.approx(expected[1])
    assert sum(shares) == pytest.approx(1, abs=1e-12)


def test_a_value_whose_name_is_a_number_is_read_as_its_name() -> None:
    assert parse_override("soup=1", replace(TOY, values=("0", "1", "2"))) == ("soup", (0.0, 1.0, 0.0))


@pytest.mark.parametrize(("text", "parts"), [
    ("soup", ["'soup'", "concept=value", "soup=Positive"]),
    ("", ["''", "concept=value"]),
    ("decor=Positive", ["'decor'", "soup, room"]),
    ("label=good", ["'label'", "soup, room"]),
    ("Soup=Positive", ["'Soup'", "soup, room"]),
    ("soup=positive", ["'positive'", "Negative, unknown, Positive"]),
    ("soup=", ["''", "Negative, unknown, Positive"]),
    ("soup=Positive=1", ["Positive=1", "Negative, unknown, Positive"]),
    ("soup=0.5,0.5", ["soup=0.5,0.5", "2 probabilities", "3", "Negative, unknown, Positive"]),
    ("soup=0.5", ["1 probabilities"]),
    ("soup=0.2,0.2,0.2,0.4", ["4 probabilities"]),
    ("soup=0.5,0.5,0.5", ["sums to 1.5", "0..1"]),
    ("soup=0,0,0", ["sums to 0"]),
    ("soup=2,0,0", ["sums to 2"]),
    ("soup=-0.5,0.5,1", ["-0.5,0.5,1"]),
    ("soup=nan,0,1", ["nan,0,1"]),
    ("soup=inf,0,1", ["inf,0,1"]),
    ("soup=1e999,0,1", ["sums to inf"]),
    ("soup=0.2,,0.8", ["0.2,,0.8"]),
    ("soup=0.2;0.3;0.5", ["0.2;0.3;0.5"]),
])
def test_what_is_no_override_is_refused(text: str, parts: list[str]) -> None:
    with pytest.raises(InputError) as error:
        parse_override(text, TOY)
    assert [part for part in parts if part not in str(error.value)] == [] and "\n" not in str(error.value)


NAN, INF = float("nan"), float("inf")


@pytest.mark.parametrize("shares", [
    (NAN, 0.0, 1.0), (NAN, NAN, NAN), (INF, 0.0, 0.0), (-INF, INF, 1.0), (1.5, -0.5, 0.0), (0.5, 0.4, 0.0), (0.5, 0.5),
    (0.25, 0.25, 0.25, 0.25), (),
], ids=str)
def test_what_is_no_distribution_is_refused_and_changes_nothing(shares: Sequence[float]) -> None:
    model = tiny_model()
    before = predicted(model)
    with untouched(model), pytest.raises(InputError, match="soup="):
        override(model, before, {"room": POSITIVE, "soup": shares})


def test_a_sum_that_is_nearly_one_is_brought_to_one() -> None:
    shares = check_distribution("soup", (0.3333, 0.3333, 0.3333), TOY)
    assert sum(shares) == pytest.approx(1, abs=1e-12) and shares[0] == pytest.approx(1 / 3)
    with pytest.raises(InputError):
        check_distribution("soup", (0.33, 0.33, 0.33), TOY)


@pytest.mark.parametrize("shares", [(1.0, 0.0, 0.0), (0.0, 0.0, 1.0), (0.2, 0.3, 0.5), (1 / 3, 1 / 3, 1 / 3),
                                    (0.99996, 0.00004, 0.0), (1e-9, 0.5, 0.5 - 1e-9), (0.0, 0.123456789, 0.876543211)],
                         ids=str)
def test_what_is_written_is_read_back(shares: tuple[float, ...]) -> None:
    text = format_override("room", shares, TOY)
    concept, again = parse_override(text, TOY)
    assert concept == "room" and again == pytest.approx(shares, abs=2e-4)
    assert format_override("room", again, TOY) == text  # and stays as it is from then on


@pytest.mark.parametrize("text", ["soup=Positive", "room=unknown", "soup=0.2,0.3,0.5", "room=0.125,0.25,0.625"])
def test_what_is_read_is_written_back(text: str) -> None:
    assert format_override(*parse_override(text, TOY), TOY) == text


def test_a_certain_value_is_written_by_name() -> None:
    assert format_override("soup", (0.0, 1.0, 0.0), TOY) == "soup=unknown"
    assert format_override("soup", (0.2, 0.3, 0.5), TOY) == "soup=0.2,0.3,0.5"
