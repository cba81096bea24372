"""One review to one prediction: exact, detached, and reproduced bit for bit from its own concepts."""

import pickle
from dataclasses import fields
from typing import Any

import numpy as np
import pytest

from sparsecbm.errors import InputError
from sparsecbm.model import prediction as predicting
from sparsecbm.model.network import SparseCBM
from sparsecbm.model.prediction import predict, predict_many, relabel
from sparsecbm.types import Prediction
from tests.helpers import random_masks, tiny_encoder, tiny_model, untouched

TEXT = "The soup was tasty. The room felt shabby."


def prediction(model: SparseCBM | None = None, text: str = TEXT, **config: Any) -> Prediction:
    model = model or tiny_model(**config)
    weights = model.masked_weights(random_masks(model)) if model.config.kind == "sparse" else None
    return predict(model, tiny_encoder(), weights, text, "hash")


def arrays(made: Prediction) -> dict[str, np.ndarray]:
    values = {field.name: getattr(made, field.name) for field in fields(made)}
    return {name: value for name, value in values.items() if isinstance(value, np.ndarray)}


@pytest.mark.parametrize("config", [{}, {"bottleneck": "logits"}, {"residual": False}, {"kind": "dense"},
                                    {"kind": "black_box"}], ids=str)
def test_the_ledger_sums_to_the_logits(config: dict[str, Any]) -> None:
    made = prediction(**config)
    total = made.label_bias + made.contributions.sum(0) + made.residual
    np.testing.assert_allclose(total, made.label_logits, atol=1e-5)
    odds = np.exp(made.label_logits - made.label_logits.max())
    np.testing.assert_allclose(made.label_probabilities, odds / odds.sum(), atol=1e-6)
    np.testing.assert_allclose(made.concept_probabilities.sum(1), 1, atol=1e-6)
    assert made.label == made.schema.labels[made.label_logits.argmax()]
    assert made.value("room") == made.schema.values[made.concept_probabilities[1].argmax()]
    assert (made.residual != 0).any() == (config.get("residual", True))


def test_the_bottleneck_is_what_the_label_reads() -> None:
    made, published = prediction(), prediction(bottleneck="logits")
    np.testing.assert_array_equal(made.bottleneck, made.concept_probabilities)
    odds = np.exp(published.bottleneck)
    np.testing.assert_allclose(odds / odds.sum(1, keepdims=True), published.concept_probabilities, atol=1e-6)


def test_a_prediction_shares_no_memory_with_the_model() -> None:
    model = tiny_model(kind="dense")
    made = prediction(model)
    with untouched(model):
        for array in arrays(made).values():
            array += 1


def test_a_prediction_travels() -> None:
    made = prediction()
    again = pickle.loads(pickle.dumps(made))
    assert (again.text, again.schema, again.receipt) == (made.text, made.schema, made.receipt)
    for name, array in arrays(made).items():
        np.testing.assert_array_equal(getattr(again, name), array)


@pytest.mark.parametrize("config", [{}, {"bottleneck": "logits"}, {"residual": False}, {"kind": "dense"}], ids=str)
def test_relabelling_reproduces_a_prediction_bit_for_bit(config: dict[str, Any]) -> None:
    model = tiny_model(**config)
    made = prediction(model)
    with untouched(model):
        again = relabel(model, made)
    for name, array in arrays(made).items():
        np.testing.assert_array_equal(getattr(again, name), array)


def test_a_long_review_says_how_much_was_read() -> None:
    made = prediction(text="soup " * 10_000)
    assert (made.tokens_read, made.tokens_total, made.truncated) == (64, 10_002, True)
    short = prediction()
    assert short.tokens_read == short.tokens_total == 12 and not short.truncated


def test_the_receipt_says_where_it_came_from() -> None:
    receipt = prediction().receipt
    assert (receipt.checkpoint, receipt.method) == ("hash", "prediction")
    assert (receipt.device, receipt.dtype) == ("cpu", "float32")
    assert receipt.milliseconds > 0


# -- many at a time ------------------------------------------------------------------------------------------------

LONG = "soup " * 200
MANY = [LONG, TEXT, "Tasty.", "The soup was bland.", TEXT, "It rained all day long and we stayed.", "Shabby."]


@pytest.mark.parametrize("config", [{}, {"bottleneck": "logits"}, {"residual": False}, {"kind": "dense"},
                                    {"kind": "black_box"}], ids=str)
@pytest.mark.parametrize("most", [1, 30, 512])
def test_many_give_what_each_gives_alone(config: dict[str, Any], most: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(predicting, "BATCH_TOKENS", most)
    model = tiny_model(**config)
    weights = model.masked_weights(random_masks(model)) if model.config.kind == "sparse" else None
    with untouched(model):
        together = predict_many(model, tiny_encoder(), weights, MANY, "hash")
    for made, text in zip(together, MANY, strict=True):
        alone = prediction(model, text)
        assert (made.text, made.tokens_read, made.tokens_total) == (text, alone.tokens_read, alone.tokens_total)
        for name, array in arrays(alone).items():
            np.testing.assert_allclose(getattr(made, name), array, atol=1e-5, err_msg=name)
        assert {name: array.shape for name, array in arrays(made).items()} == {
            name: array.shape for name, array in arrays(alone).items()}
        for name, array in arrays(relabel(model, made)).items():
            np.testing.assert_array_equal(getattr(made, name), array)


def test_many_run_in_bounded_batches(monkeypatch: pytest.MonkeyPatch) -> None:
    """Six texts of up to 12 tokens fit into 100 together; the one that is cut at 64 runs alone."""
    monkeypatch.setattr(predicting, "BATCH_TOKENS", 100)
    model, sizes, shares = tiny_model(kind="dense"), [], []
    pool = model.pool
    monkeypatch.setattr(model, "pool", lambda encoded, weights: sizes.append(encoded.input_ids.numel())
                        or pool(encoded, weights))
    made = predict_many(model, tiny_encoder(), None, MANY, "hash", shares.append)
    assert len(sizes) == len(shares) == 2 and max(sizes) <= 100 and sizes[-1] == 64
    assert shares == [6 / 7, 1] and made[0].truncated and made[0].receipt.milliseconds > 0
    assert predict_many(model, tiny_encoder(), None, [], "hash") == []


def test_a_blank_text_among_many_is_refused() -> None:
    with pytest.raises(InputError, match="empty"):
        predict_many(tiny_model(kind="dense"), tiny_encoder(), None, [TEXT, " "], "hash")
