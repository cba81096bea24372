"""`explain` from the command line, on a tiny trained model."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from sparsecbm.__main__ import main

REVIEW = "The soup was tasty. The waiter was rude."


@pytest.fixture
def base(tiny_checkpoint: Path) -> list[str]:
    return ["explain", "--device", "cpu", "--checkpoint", str(tiny_checkpoint)]


@pytest.fixture
def explain(measure: Any) -> Any:
    """The values of a text."""
    return lambda *arguments, text=REVIEW: measure(*arguments, "--", text)


def logits(values: dict[str, Any]) -> dict[str, float]:
    """The ledger summed up by hand."""
    return {label: bias + values["residual"][label] + sum(c["contributions"][label] for c in values["concepts"])
            for label, bias in values["label_bias"].items()}


def probabilities(sums: dict[str, float]) -> dict[str, float]:
    exponentials = np.exp(list(sums.values()))
    return dict(zip(sums, exponentials / exponentials.sum(), strict=True))


def test_the_parts_add_up_to_the_printed_prediction(explain: Any) -> None:
    values = explain()
    assert values["text"] == REVIEW and values["truncated"] is False
    assert values["label"]["logits"] == pytest.approx(logits(values), abs=1e-5)
    assert values["label"]["probabilities"] == pytest.approx(probabilities(logits(values)), abs=1e-5)
    assert any(abs(x) > 1e-6 for x in values["residual"].values())
    assert "intervention" not in values


def test_without_residual_the_concepts_stand_alone(explain: Any) -> None:
    with_, without = explain(), explain("--no-residual")
    assert set(without["residual"].values()) == {0.0}
    assert without["label"]["probabilities"] == pytest.approx(probabilities(logits(without)), abs=1e-5)
    assert without["concepts"] == with_["concepts"]


def test_targets_default_to_each_concept_and_the_label_and_can_be_chosen(explain: Any) -> None:
    values = explain()
    subjects = [attribution["target"].partition("=")[0] for attribution in values["attributions"]]
    assert subjects == ["food", "ambiance", "service", "noise", "label"]
    assert values["attributions"][-1]["target"] == f"label={values['label']['name']}"
    chosen = explain("--target", "food=Negative", "--target", "label=2")["attributions"]
    assert [attribution["target"] for attribution in chosen] == ["food=Negative", "label=2"]
    assert [word["word"] for word in chosen[0]["words"]] == REVIEW.replace(".", " .").split()


@pytest.mark.parametrize(("method", "steps"), [
    ("integrated-gradients", 32), ("gradient-x-input", None), ("occlusion", None), ("shapley", 25)])
def test_methods_differ_and_tell_what_they_miss(method: str, steps: int | None, explain: Any) -> None:
    made = explain("--target", "label=2:4", "--target", "food=Positive", "--method", method)
    assert made["receipt"]["method"] == method
    for attribution in made["attributions"]:
        assert (attribution["method"], attribution["steps"]) == (method, steps)
        total = sum(word["score"] for word in attribution["words"])
        assert attribution["completeness_gap"] == pytest.approx(abs(total - attribution["difference"]), abs=1e-4)
    rather, food = made["attributions"]
    assert (rather["target"], food["target"], food["parts"]) == ("label=2:4", "food=Positive", {})
    assert list(rather["parts"]) == ["food", "ambiance", "service", "noise", "residual"]
    for index, word in enumerate(rather["words"]):
        assert word["score"] == pytest.approx(sum(part[index] for part in rather["parts"].values()), abs=1e-5)
    bare = explain("--target", "label=2:4", "--no-residual", "--method", method)["attributions"][0]
    assert "residual" not in bare["parts"]


def test_more_steps_leave_a_smaller_gap(explain: Any) -> None:
    few, many = (explain("--target", "label=4", "--steps", steps)["attributions"][0] for steps in ("1", "64"))
    assert (few["steps"], many["steps"]) == (1, 64)
    assert many["completeness_gap"] < few["completeness_gap"]


def test_overrides_change_only_what_they_set(explain: Any) -> None:
    values = explain("--override", "food=Negative", "--override", "noise=0.2,0.3,0.5")
    before, after = values["intervention"]["before"], values["intervention"]["after"]
    assert before["label"] == values["label"] and before["concepts"] == values["concepts"]
    food, ambiance, service, noise = after["concepts"]
    assert food["probabilities"] == {"Negative": 1.0, "unknown": 0.0, "Positive": 0.0}
    assert noise["probabilities"] == pytest.approx({"Negative": 0.2, "unknown": 0.3, "Positive": 0.5})
    assert [ambiance, service] == before["concepts"][1:3]
    assert after["residual"] == before["residual"]
    assert after["label"]["probabilities"] == pytest.approx(probabilities(logits(after)), abs=1e-5)
    assert after["label"]["probabilities"] != before["label"]["probabilities"]


def test_ten_thousand_words_are_cut_and_said_to_be(explain: Any, tiny_checkpoint: Path, capsys: Any) -> None:
    text = "tasty " * 10_000
    values = explain("--target", "food=Positive", text=text)
    assert values["truncated"] is True
    assert (values["tokens_read"], values["tokens_total"]) == (256, 10_002)
    assert main(["explain", text, "--checkpoint", str(tiny_checkpoint), "--device", "cpu"]) == 0
    assert "256 of 10002 tokens" in capsys.readouterr().out


@pytest.mark.parametrize("text", [
    "\U0001f35c great \U0001f468‍\U0001f469‍\U0001f467", "<script>alert(1)</script> <b>soup</b>",
    "a\x00b\x1b[31m soup \x07",
    "המרק היה מצוין", "[bold]soup[/bold] :smiley: [/]",
])
def test_unusual_characters_come_back_as_they_were(text: str, explain: Any, tiny_checkpoint: Path, capsys: Any) -> None:
    assert explain(text=text)["text"] == text
    assert main(["explain", "--checkpoint", str(tiny_checkpoint), "--device", "cpu", "--", text]) == 0
    out = capsys.readouterr().out
    assert "\x1b[31m" not in out and "\x07" not in out


def test_the_text_form_names_label_concepts_residual_and_words(tiny_checkpoint: Path, capsys: Any) -> None:
    assert main(["explain", REVIEW, "--checkpoint", str(tiny_checkpoint), "--override", "food=Negative"]) == 0
    out, err = capsys.readouterr()
    assert err == ""
    for part in ("Before: label", "After: label", "food set to Negative\n", "residual", "ambiance", "tasty"):
        assert part in out


@pytest.mark.parametrize("command", [["explain"], ["intervene", "--override", "food=Positive"]])
def test_what_the_model_does_not_read_is_named(command: list[str], tiny_checkpoint: Path, capsys: Any) -> None:
    texts = {"The soup \U0001f92e": "\U0001f92e", "The soup": "", "\u0e14\u0e35": "no word of this text"}
    for text, part in texts.items():
        assert main([*command, "--checkpoint", str(tiny_checkpoint), "--", text]) == 0
        out = capsys.readouterr().out
        notes = [line for line in out.splitlines() if line.startswith("Note: ") and "training" not in line]
        assert len(notes) == bool(part) and all(part in note for note in notes)
        assert "[unread]" not in out or (part and command == ["explain"])


def test_json_says_of_every_word_whether_it_is_read(explain: Any) -> None:
    words = explain(text="The soup \U0001f92e \ufffd !")["attributions"][0]["words"]
    assert {word["word"]: word["unread"] for word in words} == {
        "The": "", "soup": "", "\U0001f92e": "unread", "\ufffd": "unseen", "!": ""}


@pytest.mark.parametrize(("arguments", "parts"), [
    ([" \t\n"], ["empty"]),
    (["x", "--target", "food"], ["'food'", "food=Positive"]),
    (["x", "--target", "taste=Positive"], ["'taste'", "food, ambiance"]),
    (["x", "--override", "food=Great"], ["'Great'", "Negative, unknown, Positive"]),
    (["x", "--override", "taste=Positive"], ["'taste'", "food, ambiance"]),
    (["x", "--override", "food=0.5,0.5,0.5"], ["food", "1"]),
    (["x", "--override", "food=0.5,0.5"], ["food", "3"]),
    (["x", "--override", "food=nan,0,1"], ["'nan,0,1'", "Negative, unknown, Positive"]),
    (["x", "--override", "food"], ["food"]),
    (["x", "--override", "food=Positive", "--override", "food=Negative"], ["food", "second time"]),
    (["x", "--target", "label=2:9"], ["'9'", "1, 2, 3, 4, 5"]),
    (["x", "--target", "label=2:2"], ["'label=2:2'", "itself", "two different"]),
    (["x", "--method", "guess"], ["'guess'", "integrated-gradients, gradient-x-input, occlusion, shapley"]),
    (["x", "--steps", "0"], ["0 is", "1 or more", "32"]),
    (["x", "--steps", "many"], ["'many'", "whole number"]),
    (["x", "--method", "occlusion", "--steps", "4"], ["occlusion takes no ", "shapley"]),
    (["soup " * 250, "--steps", "100000"], ["tokens", "3,000,000", "fewer steps"]),
])
def test_wrong_requests(arguments: list[str], parts: list[str], tiny_checkpoint: Path, capsys: Any) -> None:
    """One line on standard error, nothing on standard output."""
    assert main(["explain", *arguments, "--json", "--checkpoint", str(tiny_checkpoint), "--device", "cpu"]) == 2
    out, err = capsys.readouterr()
    assert out == "" and err.count("\n") == 1
    assert [part for part in parts if part not in err] == []
