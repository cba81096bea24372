"""A slice as a file and back: what is told and said of every row, formulas disarmed, reviews found again by id."""

import csv
import io
import json
from pathlib import Path

import numpy as np
import pytest

from sparsecbm.data.columns import Columns
from sparsecbm.data.reviews import table_reviews
from sparsecbm.data.table_source import open_table
from sparsecbm.errors import DataError, InputError
from sparsecbm.failures.error_analysis import ErrorAnalysis
from sparsecbm.failures.panel_slice_files import read_slice, slice_csv, slice_json
from sparsecbm.failures.slices import Slice
from sparsecbm.spreadsheet import MARK
from sparsecbm.types import Predictions
from tests.helpers import TOY

TABLE = "id,text,verdict,soup,price\n=a,=1+1 soup,good,Positive,5\nb,@soup,bad,,\nc,Soup.,,,3\n"
MARKS = {"-odd": {"=a", "c"}, "seen": {"c"}}


@pytest.fixture
def analysis(tmp_path: Path) -> ErrorAnalysis:
    """The model says good, good, bad with 0.9, 0.6, 0.9; it reads Positive soup and a Negative room."""
    (tmp_path / "r.csv").write_text(TABLE, encoding="utf-8")
    reviews = table_reviews("r.csv", open_table(tmp_path / "r.csv"),
                            Columns("text", "id", "verdict", {"soup": "soup"}), TOY)
    labels = np.array([[0, 0.1, 0.9], [0.3, 0.1, 0.6], [0.9, 0.1, 0]], dtype=np.float32)
    values = np.zeros((3, 2, 3), dtype=np.float32)
    values[:, 0, 2] = values[:, 1, 0] = 1
    return ErrorAnalysis.of(reviews, Predictions(TOY, labels, values, np.zeros(3, dtype=bool)), None)


def test_csv_is_safe_to_open_and_says_all(analysis: ErrorAnalysis) -> None:
    rows = list(csv.DictReader(io.StringIO(slice_csv(analysis, np.array([2, 0, 1]), MARKS))))
    assert [row["id"] for row in rows] == ["c", MARK + "=a", "b"] and rows[1]["text"] == MARK + "=1+1 soup"
    first, last = rows[1], rows[2]
    assert (first["true_label"], first["label"], first["true_soup"], first["concept_soup"]) == (
        "good", "good", "Positive", "Positive")
    assert (last["true_label"], last["label"], last["true_soup"]) == ("bad", "good", "")
    assert last["concept_room"] == "Negative"
    assert float(last["margin"]) == pytest.approx(0.3) and float(last["probability"]) == pytest.approx(0.6)
    assert (rows[0]["tags"], first["tags"], rows[0]["column_price"]) == (MARK + "-odd | seen", MARK + "-odd", "3.0")
    assert not any(cell.startswith(tuple("=+-@")) for row in rows for cell in row.values())


def test_json_says_which_slice_it_is(analysis: ErrorAnalysis) -> None:
    made = json.loads(slice_json(analysis, Slice(predicted_labels=("good",)), np.array([0, 1]), MARKS, "abc"))
    assert made["slice"] == {"said": ["good"]} and made["digest"] == analysis.reviews.digest
    assert made["checkpoint"] == "abc" and "verdict" in made["in_words"]
    assert [row["id"] for row in made["rows"]] == ["=a", "b"] and made["rows"][0]["tags"] == ["-odd"]
    assert made["rows"][1]["true_soup"] is None and made["rows"][1]["column_price"] is None


@pytest.mark.parametrize("ending", ["csv", "json"])
def test_a_file_is_found_again_by_id(analysis: ErrorAnalysis, tmp_path: Path, ending: str) -> None:
    rows = np.array([2, 0])
    made = slice_csv(analysis, rows, MARKS) if ending == "csv" else slice_json(analysis, Slice(), rows, MARKS, "abc")
    path = tmp_path / f"slice.{ending}"
    path.write_text(made, encoding="utf-8")
    found = read_slice(path, analysis.reviews)
    assert found.ids == ("c", "=a") and found.unknown == 0
    assert found.marks == {"-odd": frozenset({"=a", "c"}), "seen": frozenset({"c"})}



@pytest.mark.parametrize(("name", "content", "error", "said"), [
    ("s.csv", "id\nx\ny\n", InputError, "None of the 2 ids in s.csv is one of r.csv; .*'=a'"),
    ("s.csv", "name\nx\n", DataError, "has no column 'id'"),
    ("s.json", "{", InputError, "s.json is no exported slice"),
    ("s.json", '{"rows": [1]}', InputError, "no exported slice"),
    ("s.json", '{"rows": {"id": "c"}}', InputError, "no exported slice"),
    ("s.xlsx", "PK\x03\x04", DataError, "zip file or an Excel workbook"),
])
def test_other_files_are_refused(
    analysis: ErrorAnalysis, tmp_path: Path, name: str, content: str, error: type[Exception], said: str
) -> None:
    (tmp_path / name).write_text(content, encoding="utf-8")
    with pytest.raises(error, match=said):
        read_slice(tmp_path / name, analysis.reviews)


@pytest.mark.parametrize(("name", "content"), [
    ("s.csv", "ID\n007 \n c\n"), ("s.csv", "Tags; Id \nseen;007\n;c\n"),
    ("s.jsonl", '{"n": 1}\n{"Id": "c "}\n{"Id": "007"}'), ("s.json", '{"rows": [{"ID": "007 "}, {"ID": "c"}]}'),
    ("s.txt", "sep=;\nid;x\n007;y\nc;\n"), ("s.txt", "Id\n007 \nc\n"),
])
def test_ids_are_read_as_a_table_that_is_loaded_reads_them(tmp_path: Path, name: str, content: str) -> None:
    (tmp_path / "r.csv").write_text("ID,text\n007 ,Soup.\nc,Soup.\nd,Soup.\n", encoding="utf-8")
    reviews = table_reviews("r.csv", open_table(tmp_path / "r.csv"), Columns("text", "id"), TOY)
    (tmp_path / name).write_text(content, encoding="utf-8")
    assert set(read_slice(tmp_path / name, reviews).ids) == {"007", "c"}


def test_a_slice_with_two_columns_of_ids_is_refused(analysis: ErrorAnalysis, tmp_path: Path) -> None:
    (tmp_path / "s.csv").write_text("ID,Id\nb,c\n", encoding="utf-8")
    with pytest.raises(DataError, match="has 2 columns called 'id'"):
        read_slice(tmp_path / "s.csv", analysis.reviews)


def test_ids_of_other_reviews_are_counted(analysis: ErrorAnalysis, tmp_path: Path) -> None:
    (tmp_path / "s.csv").write_text("id\nb\nz\nb\n", encoding="utf-8")
    found = read_slice(tmp_path / "s.csv", analysis.reviews)
    assert (found.ids, found.unknown, found.marks) == (("b",), 1, {})
