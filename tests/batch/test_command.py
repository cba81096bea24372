"""`predict` from the command line, on a tiny random model."""

import csv
import json
from pathlib import Path
from typing import Any

import pytest
from pyarrow import parquet

from sparsecbm.__main__ import main
from sparsecbm.batch import compute as job
from sparsecbm.model.checkpoint import load_checkpoint
from sparsecbm.revision.compute_patch import save_patch
from sparsecbm.schema import CEBAB
from sparsecbm.service import Explainer
from tests.helpers import saved_checkpoint

CONTENT = "id,review\na,The soup was tasty.\nb,\nc,The room felt shabby.\nd,It rained all day long.\n"


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return saved_checkpoint(tmp_path_factory.mktemp("model"), schema=CEBAB)


@pytest.fixture
def base(model: Path, tmp_path: Path) -> list[str]:
    """A command over a small table in the test's folder."""
    (tmp_path / "reviews.csv").write_text(CONTENT, encoding="utf-8")
    return ["predict", "--input", str(tmp_path / "reviews.csv"), "--output", str(tmp_path / "out.parquet"),
            "--checkpoint", str(model), "--device", "cpu"]


def test_the_counts_and_the_predictions(measure: Any, model: Path, tmp_path: Path) -> None:
    report = measure()
    assert {name: report[name] for name in ("rows", "predicted", "rejected", "truncated", "rows_before")} == {
        "rows": 4, "predicted": 3, "rejected": 1, "truncated": 0, "rows_before": 0}
    assert report["rows_per_second"] == pytest.approx(4 / report["seconds"])
    assert report["checkpoint"] == load_checkpoint(model, "cpu").hash and report["notes"] == []
    assert report["columns"] == {"text": "review", "id": "id"} and "patch" not in report
    rows, explainer = parquet.read_table(report["output"]).to_pylist(), Explainer.load(model, "cpu")
    assert [(row["id"], row["line"]) for row in rows] == [("a", 2), ("c", 4), ("d", 5)]
    one = explainer.predict("The soup was tasty.")
    assert (rows[0]["label"], rows[0]["concept_food"]) == (one.label, one.value("food")) and "text" not in rows[0]
    (reject,) = map(json.loads, Path(report["rejects"]).read_text(encoding="utf-8").splitlines())
    assert (reject["line"], reject["reason"]) == (3, "review is empty; give a text")
    assert json.loads(reject["content"]) == {"id": "b", "review": ""}


def test_lines_lost_to_an_open_quote_are_in_the_summary(measure: Any, tmp_path: Path) -> None:
    (tmp_path / "reviews.csv").write_text('id,review\na,Good.\nb,"never closed\nc,one\nd,two\n', encoding="utf-8")
    report = measure()
    assert (report["predicted"], report["rejected"]) == (1, 1)
    assert len(report["notes"]) == 1 and report["notes"][0].startswith("3 lines") and "(3 to 5)" in report["notes"][0]
    (reject,) = map(json.loads, Path(report["rejects"]).read_text(encoding="utf-8").splitlines())
    assert (reject["line"], reject["last_line"]) == (3, 5)


def test_the_text_form_says_how_the_table_was_read(base: list[str], tmp_path: Path, capsys: Any) -> None:
    (tmp_path / "reviews.csv").write_bytes("nr;Text\n1;Café soup\n2;Dark room\n".encode("cp1252"))
    assert main([*base, "--output", str(tmp_path / "out.csv"), "--with-text"]) == 0
    out, err = capsys.readouterr()
    assert err == ""
    for part in ("not UTF-8 from line 2 on, so read as Windows-1252", "cells are separated by semicolons",
                 "column 'Text'", "line numbers", "2 rows read: 2 predicted", "0 rejected", "out.csv"):
        assert part in out, part
    assert "Rejected" not in out
    with (tmp_path / "out.csv").open(encoding="utf-8", newline="") as file:
        assert [(row["id"], row["text"]) for row in csv.DictReader(file)] == [("2", "Café soup"), ("3", "Dark room")]


def test_columns_encoding_and_separator_can_be_named(measure: Any, tmp_path: Path) -> None:
    (tmp_path / "reviews.csv").write_bytes("key\tsaid\ttext\nx\tБорщ\tno\n".encode("cp1251"))
    report = measure("--text-column", "said", "--id-column", "key", "--encoding", "cp1251", "--separator", "tab",
                     "--with-text")
    (row,) = parquet.read_table(report["output"]).to_pylist()
    assert (row["id"], row["text"]) == ("x", "Борщ") and report["notes"] == []


def test_a_stopped_run_goes_on_with_the_same_command(
    base: list[str], measure: Any, capsys: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(job, "WINDOW_ROWS", 2)
    predict_texts, asked = Explainer.predict_texts, list[str]()

    def interrupted(self: Explainer, texts: Any, *rest: Any) -> Any:
        asked.extend(texts)
        if len(asked) == 3:
            raise KeyboardInterrupt
        return predict_texts(self, texts, *rest)

    monkeypatch.setattr(Explainer, "predict_texts", interrupted)
    assert main(base) == 130
    assert "same command" in capsys.readouterr().err
    assert main([*base, "--with-text"]) == 2  # another output than the one that was begun
    assert "another choice of columns" in capsys.readouterr().err
    report = measure()
    assert (report["rows_before"], report["rows"], report["rejected"]) == (2, 4, 1)
    assert asked == ["The soup was tasty.", *["The room felt shabby.", "It rained all day long."] * 2]
    assert main(base) == 2 and "is there already" in capsys.readouterr().err
    assert measure("--restart")["rows_before"] == 0


def test_a_patch_changes_what_is_predicted(measure: Any, model: Path, tmp_path: Path) -> None:
    explainer = Explainer.load(model, "cpu")
    text = "The soup was tasty."
    other = next(value for value in CEBAB.values if value != explainer.predict(text).value("food"))
    revision = explainer.revise(text, "food", other, portion=0.1).revision
    save_patch(tmp_path / "p.safetensors", explainer.patch("mine", [revision]))
    report = measure("--patch", str(tmp_path / "p.safetensors"))
    row = parquet.read_table(report["output"]).to_pylist()[0]
    changed = explainer.predict_changed(text, [revision.change])
    for value, share in zip(CEBAB.values, changed.concept_probabilities[0], strict=True):
        assert row[f"food={value}"] == pytest.approx(float(share), abs=1e-6)
    assert report["patch"]["name"] == "mine" and report["checkpoint"].startswith(explainer.checkpoint.hash + "+")


@pytest.mark.parametrize(("arguments", "part"), [
    (["--output", "out.xlsx"], "'.xlsx'; allowed: .parquet, .csv, .jsonl"), (["--input", "nowhere.csv"], "no file at"),
    (["--text-column", "stars"], "has no column 'stars'; columns there: 'id', 'review'"),
    (["--id-column", "nr"], "has no column 'nr'"), (["--encoding", "klingon"], "klingon"),
    (["--separator", "::"], "Unknown separator '::'"), (["--patch", "nowhere"], "nowhere"),
])
def test_wrong_requests(arguments: list[str], part: str, base: list[str], tmp_path: Path, capsys: Any) -> None:
    """One line on standard error, nothing on standard output, nothing on disk."""
    assert main([*base, "--json", *arguments]) == 2
    out, err = capsys.readouterr()
    assert out == "" and err.count("\n") == 1 and part in err
    assert [path.name for path in tmp_path.iterdir()] == ["reviews.csv"]
