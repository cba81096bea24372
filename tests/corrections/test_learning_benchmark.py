"""The benchmark of corrections: what is chosen, what is learned from it, and how gains are compared."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from benchmarks import learning
from sparsecbm.corrections.correction_split import correction_split
from sparsecbm.data.split import Review, normalised
from sparsecbm.model.batch_prediction import predict_texts
from sparsecbm.model.checkpoint import load_checkpoint
from tests.helpers import TOY, tiny_checkpoint_of, toy_reviews, toy_split


@pytest.mark.parametrize("way", learning.WAYS)
@pytest.mark.parametrize("asked", learning.ASKED)
def test_only_what_is_known_is_asked_and_answered_by_gold(way: str, asked: str, tmp_path: Path) -> None:
    reviews = toy_reviews()
    reviews[3] = Review("003", reviews[3].text, -1, (-1, 1), reviews[3].shares)
    reviews[4] = Review("004", reviews[4].text, -1, (-1, -1), reviews[4].shares)
    split, start = toy_split(reviews=reviews), tiny_checkpoint_of(tmp_path / "tiny", kind="dense")
    before = predict_texts(start.model, start.encoder, None, split.texts)
    known = learning.known_fields(split)
    every = learning.chosen(way, split, start, before, 99, asked, 0)
    assert sorted(every) == list(map(tuple, np.argwhere(known).tolist()))
    some = learning.chosen(way, split, start, before, 5, asked, 0)
    assert some == every[:len(some)]  # fewer are the first of more
    assert len({row for row, _ in some} if asked == "texts" else some) == 5
    assert asked == "answers" or len(some) == sum(int(known[row].sum()) for row, _ in dict(some).items())
    other = learning.chosen(way, split, start, before, 5, asked, 1)
    assert (other == some) == (way == "queue")
    made = correction_split(learning.history_of(every, split, before, start), TOY, "x")
    truth = {text: (label, *values) for text, label, values in zip(
        split.texts, split.labels.tolist(), split.concepts.tolist(), strict=True)}
    assert len(made) == 17 and all(truth[text] == (label, *values) for text, label, values in zip(
        made.texts, made.labels.tolist(), made.concepts.tolist(), strict=True))


def test_gains_are_averaged_by_text_and_compared_where_neither_was_corrected() -> None:
    """Text a gains in one of two seeds; b was corrected in the second, c by the queue."""
    home = {"home": {"h": {"x": {"label": 0.0, "concepts": -0.5}}}}
    queue = [{"gains": {"a": {"label": 1.0, "concepts": 0.5}, "b": {"label": -1.0}}, **home},
             {"gains": {"a": {"label": 0.0, "concepts": 0.0}}, **home}]
    random = [{"gains": {"a": {"label": 0.0, "concepts": 0.25}, "c": {"label": 1.0}}, **home}]
    made = learning.compared({"queue": queue, "random": random})
    label = made["queue"]["others"]["label"]
    assert (label["n"], label["gain"], label["seeds"]) == (2, pytest.approx(-25), pytest.approx([0, 0]))
    assert made["queue"]["others"]["concepts"]["seeds"] == pytest.approx([0, 50])
    assert made["queue"]["h"]["concepts"]["gain"] == -50 and made["queue"]["h"]["concepts"]["interval"] is None
    between = made["queue less random"]["others"]
    assert (between["label"]["n"], between["label"]["gain"]) == (1, pytest.approx(50))
    assert between["concepts"]["gain"] == pytest.approx(0)
    assert learning.table(made).count("\n") == 1 + 5


@pytest.mark.slow
def test_the_benchmark_of_a_tiny_model(
    tiny_checkpoint: Path, tiny_data: Path, tmp_path: Path, capsys: Any
) -> None:
    arguments = ["--start", str(tiny_checkpoint), "--texts", f"cebab:{tiny_data}:test", "--replay",
                 f"cebab:{tiny_data}:train_exclusive", "--home", f"cebab:{tiny_data}:train_exclusive", "--output",
                 str(tmp_path), "--count", "4", "--seeds", "0", "--device", "cpu", "--", "--epochs-finetune", "1",
                 "--probe-rows", "0", "--precision", "float32", "--device", "cpu"]
    assert learning.main(arguments) == 0
    table = [line for line in capsys.readouterr().out.splitlines() if line.startswith("| ")]
    assert [line.split(" | ")[0] for line in table[1:]] == [
        "| queue", "| queue", "| random", "| random", "| queue less random"]
    for way in learning.WAYS:
        found = json.loads((tmp_path / f"{way}-seed-0" / "result.json").read_text(encoding="utf-8"))
        assert (found["texts"], found["corrections"], len(found["gains"])) == (4, 20, 12)
        made = load_checkpoint(tmp_path / f"{way}-seed-0" / "checkpoint", "cpu")
        assert made.metrics["training"]["corrections"]["texts"]["held-out"] == []
        assert made.metrics["training"]["before"]["hash"] == load_checkpoint(tiny_checkpoint, "cpu").hash
    first = (tmp_path / "learning.json").read_bytes()
    before = {path: path.stat().st_mtime_ns for path in tmp_path.rglob("*.safetensors")}
    assert learning.main(arguments) == 0  # nothing is left to train
    assert {path: path.stat().st_mtime_ns for path in tmp_path.rglob("*.safetensors")} == before
    assert (tmp_path / "learning.json").read_bytes() == first
    with pytest.raises(SystemExit, match="other settings"):
        learning.main(["5" if one == "4" else one for one in arguments])
    (tmp_path / "queue-seed-0" / "result.json").unlink()  # stopped after the training
    assert learning.main(arguments) == 0
    assert {path: path.stat().st_mtime_ns for path in tmp_path.rglob("*.safetensors")} == before


def test_what_was_corrected_is_not_scored(tmp_path: Path) -> None:
    from sparsecbm.corrections.compute_learning_impact import learning_impact

    split, start = toy_split(), tiny_checkpoint_of(tmp_path / "tiny", kind="dense")
    before = predict_texts(start.model, start.encoder, None, split.texts)
    places = learning.chosen("queue", split, start, before, 6, "texts", 0)
    corrected = correction_split(learning.history_of(places, split, before, start), TOY, "x")
    found = learning_impact(start, start, corrected, {"toy": split})
    gains = learning.gains_of(found, "toy")
    assert len(gains) == 12
    assert not {*map(normalised, corrected.texts)} & {*map(normalised, found.splits["toy"].texts)}
    assert all(one == {"label": 0, "concepts": 0} for one in gains.values())  # a model against itself
