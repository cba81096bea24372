"""The same rows as Parquet, CSV and JSON lines; a spreadsheet runs none of them."""

import csv
import json
from pathlib import Path
from typing import Any

import pytest
from pyarrow import parquet

from sparsecbm.batch.compute import predict_table
from sparsecbm.batch.compute_outputs import output_schema
from sparsecbm.data.columns import Columns
from sparsecbm.spreadsheet import MARK
from tests.batch.stubs import stub, table
from tests.helpers import TOY

ROW = {"id": "7", "line": 2, "text": "Good, “tasty”\nsoup", "label": "good", "margin": 0.5, "truncated": False,
       "unread": 1, "unlike": 0.96875, "unlike_flag": True, "label=bad": 0.0, "label=fair": 0.25, "label=good": 0.75,
       "concept_soup": "Positive", "soup=Negative": 0.25, "soup=unknown": 0.25, "soup=Positive": 0.5,
       "concept_room": "Negative", "room=Negative": 0.75, "room=unknown": 0.125, "room=Positive": 0.125}
CONTENT = 'id,text\n7,"Good, “tasty”\nsoup"\n'


def written(folder: Path, content: str, name: str, **settings: Any) -> Path:
    predict_table(table(folder, content), Columns("text", "id"), stub(**settings), folder / name, text=True)
    return folder / name


def test_parquet(tmp_path: Path) -> None:
    found = parquet.read_table(written(tmp_path, CONTENT, "out.parquet"))
    assert found.to_pylist() == [ROW] and found.schema.equals(output_schema(TOY, True, True))


def test_what_was_not_measured_is_empty(tmp_path: Path) -> None:
    (row,) = parquet.read_table(written(tmp_path, CONTENT, "out.parquet", measured=False)).to_pylist()
    assert row == ROW | {"unlike": None, "unlike_flag": None}


def test_json_lines(tmp_path: Path) -> None:
    (line,) = written(tmp_path, CONTENT, "out.jsonl").read_text(encoding="utf-8").splitlines()
    assert json.loads(line) == ROW and "“" in line


def test_csv(tmp_path: Path) -> None:
    with written(tmp_path, CONTENT, "out.csv").open(encoding="utf-8", newline="") as file:
        (row,) = csv.DictReader(file)
    assert row == {name: str(value) for name, value in ROW.items()}


@pytest.mark.parametrize("text", ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "＝1"])
def test_a_formula_in_a_text_or_an_id_is_neutralised_in_csv_alone(tmp_path: Path, text: str) -> None:
    content = "".join(f'"{cell}"{end}' for cell, end in (("id", ","), ("text", "\n"), (text, ","), (text, "\n")))
    with written(tmp_path, content, "out.csv").open(encoding="utf-8", newline="") as file:
        (row,) = csv.DictReader(file)
    assert (row["text"], row["id"]) == (MARK + text, MARK + text.strip())
    assert parquet.read_table(written(tmp_path, content, "out.parquet")).to_pylist()[0]["text"] == text


def test_without_concepts_and_texts(tmp_path: Path) -> None:
    assert output_schema(TOY, False, False).names == ["id", "line", "label", "margin", "truncated", "unread",
                                                      "unlike", "unlike_flag", "label=bad", "label=fair", "label=good"]
    predict_table(table(tmp_path, CONTENT), Columns("text"), stub(concepts=False), tmp_path / "out.parquet")
    assert parquet.read_table(tmp_path / "out.parquet").column_names == output_schema(TOY, False, False).names


def test_a_failure_while_writing_leaves_no_half_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """And the parts stay, so that the next run only writes."""
    monkeypatch.setattr(json, "dumps", lambda *_, **settings: 1 / 0 if "allow_nan" in settings else "{}")
    with pytest.raises(ZeroDivisionError):
        written(tmp_path, CONTENT, "out.jsonl")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["out.jsonl.parts", "reviews.csv"]
