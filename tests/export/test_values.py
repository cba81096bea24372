"""The JSON form of results: nothing rounded, every part of the sum there."""

import json

import numpy as np
import pytest

from sparsecbm.export import explanation_json
from sparsecbm.schema import CEBAB
from sparsecbm.types import Attribution, Explanation, InterventionResult, Prediction, Receipt, Target, Word

RECEIPT = Receipt("abc123", "gradient-x-input", "cpu", "float32", 12.5)


def softmax(logits: np.ndarray) -> np.ndarray:
    exponential = np.exp(logits - logits.max(-1, keepdims=True))
    return (exponential / exponential.sum(-1, keepdims=True)).astype(np.float32)


def prediction(seed: int = 0, **changes: object) -> Prediction:
    """A prediction with random parts that add up in float32."""
    random = np.random.default_rng(seed)
    contributions = random.normal(size=(4, 5)).astype(np.float32)
    bias, residual = random.normal(size=(2, 5)).astype(np.float32)
    logits = bias + contributions.sum(0) + residual
    concepts = softmax(random.normal(size=(4, 3)))
    fields = {
        "schema": CEBAB, "text": "Great soup 🍜, <b>slow</b> service.", "concept_probabilities": concepts,
        "bottleneck": concepts, "contributions": contributions, "label_bias": bias, "residual": residual,
        "label_logits": logits, "label_probabilities": softmax(logits), "tokens_read": 9, "tokens_total": 9,
        "receipt": RECEIPT,
    }
    return Prediction(**(fields | changes))  # type: ignore[arg-type]


def explanation(**changes: object) -> Explanation:
    words = (Word("Great", 0, 5), Word("soup", 6, 10))
    of_food = Attribution(Target("food", "Positive"), "gradient-x-input", None, words, np.array([0.1, -0.2]), {},
                          difference=-0.05, completeness_gap=0.05, milliseconds=3.5)
    of_label = Attribution(Target(None, "2", "4"), "integrated-gradients", 32, words, np.array([1.0, 2.0]),
                           {"food": np.array([0.25, 2.5]), "residual": np.array([0.75, -0.5])},
                           difference=3.0, completeness_gap=0.0, milliseconds=4.5)
    return Explanation(prediction(**changes), (of_food, of_label), RECEIPT)


def test_the_printed_numbers_add_up_to_the_logits_and_to_the_probabilities() -> None:
    """Read back from text, as a script does: bias + contributions + residual, softmax of it, the label's name."""
    printed = json.loads(json.dumps(explanation_json(explanation())))
    sums = {
        label: printed["label_bias"][label] + printed["residual"][label]
        + sum(concept["contributions"][label] for concept in printed["concepts"])
        for label in CEBAB.labels
    }
    assert sums == pytest.approx(printed["label"]["logits"], abs=1e-5)
    exponentials = {label: np.exp(logit) for label, logit in sums.items()}
    shares = {label: value / sum(exponentials.values()) for label, value in exponentials.items()}
    assert shares == pytest.approx(printed["label"]["probabilities"], abs=1e-5)
    assert printed["label"]["name"] == max(sums, key=sums.__getitem__)


def test_the_keys_are_those_that_scripts_rely_on() -> None:
    plain = explanation_json(explanation())
    assert set(plain) == {"text", "tokens_read", "tokens_total", "truncated", "unlike", "unlike_flag", "label",
                          "concepts", "label_bias", "residual", "attributions", "receipt"}
    assert [set(concept) for concept in plain["concepts"]] == [{"name", "probabilities", "contributions"}] * 4
    assert [concept["name"] for concept in plain["concepts"]] == list(CEBAB.concepts)
    assert list(plain["concepts"][0]["probabilities"]) == ["Negative", "unknown", "Positive"]
    assert set(plain["receipt"]) == {"checkpoint", "method", "device", "dtype", "milliseconds"}
    assert plain["attributions"] == [
        {
            "target": "food=Positive", "method": "gradient-x-input", "steps": None,
            "words": [{"word": "Great", "score": 0.1, "unread": ""}, {"word": "soup", "score": -0.2, "unread": ""}],
            "parts": {},
            "completeness_gap": 0.05, "difference": -0.05, "milliseconds": 3.5,
        },
        {
            "target": "label=2:4", "method": "integrated-gradients", "steps": 32,
            "words": [{"word": "Great", "score": 1.0, "unread": ""}, {"word": "soup", "score": 2.0, "unread": ""}],
            "parts": {"food": [0.25, 2.5], "residual": [0.75, -0.5]},
            "completeness_gap": 0.0, "difference": 3.0, "milliseconds": 4.5,
        },
    ]


def test_numbers_keep_their_whole_precision() -> None:
    result = explanation()
    exact = [float(x) for x in result.prediction.label_probabilities]
    assert list(explanation_json(result)["label"]["probabilities"].values()) == exact


def test_each_number_stands_under_its_own_name() -> None:
    """Swapped axes or a shifted label would move these."""
    result = explanation()
    plain = explanation_json(result)
    assert plain["concepts"][2]["contributions"]["4"] == float(result.prediction.contributions[2, 3])
    assert plain["concepts"][1]["probabilities"]["Positive"] == float(result.prediction.concept_probabilities[1, 2])
    assert plain["label_bias"]["5"] == float(result.prediction.label_bias[4])
    assert plain["residual"]["1"] == float(result.prediction.residual[0])


def test_truncation_is_told() -> None:
    plain = explanation_json(explanation(tokens_read=256, tokens_total=13_000))
    assert (plain["tokens_read"], plain["tokens_total"], plain["truncated"]) == (256, 13_000, True)
    assert explanation_json(explanation())["truncated"] is False


@pytest.mark.parametrize(("unlike", "flag"), [(None, False), (0.95, False), (0.96, True)])
def test_how_unlike_the_training_texts_a_text_is_stands_in_it(unlike: float | None, flag: bool) -> None:
    plain = explanation_json(explanation(unlike=unlike))
    assert (plain["unlike"], plain["unlike_flag"]) == (unlike, flag)


def test_an_intervention_shows_both_predictions_and_what_was_set() -> None:
    before, after = prediction(seed=1), prediction(seed=2)
    result = InterventionResult(before, after, {"food": (0.2, 0.3, 0.5)}, RECEIPT)
    plain = explanation_json(explanation(), result)["intervention"]
    assert plain["overrides"] == {"food": {"Negative": 0.2, "unknown": 0.3, "Positive": 0.5}}
    for part, expected in (("before", before), ("after", after)):
        assert set(plain[part]) == {"label", "concepts", "label_bias", "residual"}
        assert plain[part]["label"]["name"] == expected.label
        assert list(plain[part]["label"]["logits"].values()) == [float(x) for x in expected.label_logits]
