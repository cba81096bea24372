"""The command: its JSON, its exit code, and the page that it writes into."""

import json
from pathlib import Path
from typing import Any

import pytest

from sparsecbm.__main__ import main
from sparsecbm.benchmark import compute, compute_requests
from sparsecbm.benchmark.ratio import Ratio, SpeedReport
from sparsecbm.benchmark.speed_page import write_part
from sparsecbm.errors import InputError
from tests.helpers import saved_checkpoint

#: Each ratio that is measured on every machine, and its bound.
BOUNDS = {
    "predict_structured_over_dense": 1.8, "predict_weights_over_dense": 3.0, "batch_structured_over_dense": 1.8,
    "batch_weights_over_dense": 4.0, "word_scores_structured_over_dense": 1.8, "word_scores_weights_over_dense": None,
    "word_scores_structured_over_dense_batch": None, "word_scores_weights_over_dense_batch": None,
    "override_over_dense": None, "revise_structured_over_dense": None, "revise_weights_over_dense": None,
    "predict_structured_over_published": 1 / 12, "predict_weights_over_published": 1 / 12, "load_over_backbone": 1.5,
    "training_step_over_published": 1 / 15,
}


@pytest.mark.slow
def test_a_checkpoint_is_measured(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(compute_requests, "PORTION", 0.1)  # a hundredth of so few neurons is none
    folder = saved_checkpoint(tmp_path / "tiny")
    code = main(["benchmark", "--checkpoint", str(folder), "--device", "cpu", "--repeats", "1", "--threads", "1",
                 "--json"])
    made = json.loads(capsys.readouterr().out)
    assert {name: one["bound"] for name, one in made["ratios"].items()} == BOUNDS
    assert all(set(one) == {"median", "low", "high", "bound"} and 0 < one["low"] <= one["median"] <= one["high"]
               for one in made["ratios"].values())
    assert {"processor", "cores", "threads", "torch", "device", "date"} <= set(made["machine"])
    assert made["machine"]["threads"] == 1 and made["machine"]["device"] == "cpu"
    assert code == int(not made["within_bounds"])


@pytest.fixture
def measured(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> tuple[list[str], list[Any]]:
    """A command line whose measurement is made up, by a median that is passed on."""
    asked: list[Any] = []

    def made_up(checkpoint: Any, rounds: int, threads: int | None, progress: Any) -> SpeedReport:
        asked.append((rounds, threads))
        ratios = Ratio.of("one", "ours | theirs", [asked[0]], [1.0], 1.8), Ratio.of("two", "c / d", [1.0], [3.0])
        return SpeedReport({"processor": "toy"}, ratios, ("A note.",), {"weights": 3 * 2**20})

    monkeypatch.setattr(compute, "benchmark", made_up)
    return ["benchmark", "--checkpoint", str(saved_checkpoint(tmp_path / "tiny")), "--device", "cpu"], asked


@pytest.mark.parametrize(("median", "code"), [(1.8, 0), (1.9, 1)])
def test_a_bound_that_is_exceeded_is_named_and_makes_the_exit_code(
    median: float, code: int, measured: tuple[list[str], list[Any]], capsys: pytest.CaptureFixture[str]
) -> None:
    command, asked = measured
    asked.append(median)
    assert main([*command, "--repeats", "4", "--threads", "2"]) == code
    assert asked[1] == (4, 2)
    out = capsys.readouterr().out
    assert ("exceeded" in out) == bool(code) and "1.8" in out and "toy" in out and "3 MiB" in out


def test_the_table_takes_the_place_of_the_last_one(measured: tuple[list[str], list[Any]], tmp_path: Path) -> None:
    command, asked = measured
    asked.append(1.0)
    page = tmp_path / "speed.md"
    page.write_text("# Speed\n<!-- benchmark -->\nold\n<!-- /benchmark -->\nafter\n", encoding="utf-8")
    for _ in range(2):
        assert main([*command, "--write", str(page)]) == 0
    text = page.read_text(encoding="utf-8")
    assert text.startswith("# Speed\n<!-- benchmark -->\n") and text.endswith("\n<!-- /benchmark -->\nafter\n")
    assert "old" not in text and text.count("| ours / theirs | 1 |") == 1 and "| weights | 3.0 |" in text


@pytest.mark.parametrize("text", ["", "<!-- benchmark -->", "<!-- benchmark --><!-- /benchmark -->" * 2])
def test_a_page_without_a_place_for_the_table_is_left_alone(text: str, tmp_path: Path) -> None:
    page = tmp_path / "page.md"
    page.write_text(text, encoding="utf-8")
    with pytest.raises(InputError, match="page.md"):
        write_part(page, "benchmark", "new")
    assert page.read_text(encoding="utf-8") == text


def test_a_black_box_is_refused(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    folder = saved_checkpoint(tmp_path / "box", kind="black_box")
    assert main(["benchmark", "--checkpoint", str(folder), "--device", "cpu"]) == 2
    assert "black_box" in capsys.readouterr().err
