"""`familiarity` writes the file that the other commands then use."""

import json
import shutil
from pathlib import Path

import pytest

from sparsecbm.__main__ import main
from sparsecbm.familiarity.unlike import unlike_text
from sparsecbm.model.checkpoint import METRICS_FILE
from sparsecbm.model.familiarity import FAMILIARITY_FILE

TEXT = "The soup was tasty."


@pytest.fixture
def folder(tiny_checkpoint: Path, tmp_path: Path) -> Path:
    """A trained checkpoint that was not measured."""
    copy = Path(shutil.copytree(tiny_checkpoint, tmp_path / "mine"))
    (copy / FAMILIARITY_FILE).unlink(missing_ok=True)
    return copy


def fit(folder: Path, data: Path, *options: str) -> int:
    return main(["familiarity", "--data", str(data), "--checkpoint", str(folder), "--device", "cpu", *options])


def test_it_reads_the_split_that_was_trained_on_and_says_what_it_made(
    folder: Path, tiny_data: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert fit(folder, tiny_data, "--rows", "10", "--json") == 0
    out, err = capsys.readouterr()
    report = json.loads(out)
    assert err == "" and (report["train_texts"], report["held_out_texts"]) == (10, 16)
    assert report["file"] == str(folder / FAMILIARITY_FILE) and (folder / FAMILIARITY_FILE).exists()
    assert main(["explain", TEXT, "--checkpoint", str(folder), "--device", "cpu", "--json"]) == 0
    values = json.loads(capsys.readouterr().out)
    assert 0 <= values["unlike"] <= 1 and values["unlike_flag"] == (values["unlike"] > 0.95)


def test_several_sources_are_read_as_one(folder: Path, tiny_data: Path, capsys: pytest.CaptureFixture[str]) -> None:
    split = f"cebab:{tiny_data}:train_exclusive"
    assert fit(folder, tiny_data, "--train", split, "--train", split, "--rows", "99", "--json") == 0
    assert json.loads(capsys.readouterr().out)["train_texts"] == 32


def test_explain_says_so_of_an_unlike_text_only(
    folder: Path, tiny_data: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert fit(folder, tiny_data) == 0
    assert str(folder / FAMILIARITY_FILE) in capsys.readouterr().out
    said, quick = [], ["--checkpoint", str(folder), "--device", "cpu", "--method", "gradient-x-input"]
    for text in ("The soup was bland. The room felt warm. The waiter was rude. It was pleasantly quiet.", "x " * 99):
        assert main(["explain", text, *quick]) == 0
        said.append(unlike_text(1.0) in capsys.readouterr().out)
    assert said == [False, True]


def test_what_cannot_be_fitted_is_said(folder: Path, tiny_data: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert fit(folder, tiny_data, "--train", f"cebab:{tiny_data}:nothing") == 2
    assert "nothing" in capsys.readouterr().err
    metrics = json.loads((folder / METRICS_FILE).read_text(encoding="utf-8"))
    metrics["training"] |= {"split": "cebab/one + yelp/two", "sources": [{}, {}]}
    for spoilt in (metrics, {}):
        (folder / METRICS_FILE).write_text(json.dumps(spoilt), encoding="utf-8")
        assert fit(folder, tiny_data) == 2
        err = capsys.readouterr().err
        assert "--train" in err and ("yelp/two" in err) == bool(spoilt)
    assert main(["familiarity", "--data", str(tiny_data), "--checkpoint", "some/where"]) == 2
    assert "some/where" in capsys.readouterr().err and not (folder / FAMILIARITY_FILE).exists()
