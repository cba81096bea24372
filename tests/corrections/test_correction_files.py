"""Files of corrections: every text comes back, twice adds nothing, and what is of another schema is refused."""

import csv
import io
import json
from dataclasses import replace
from pathlib import Path

import pytest

from sparsecbm.corrections.compute_store import CorrectionStore
from sparsecbm.corrections.correction_files import (
    COLUMNS,
    current_columns,
    current_rows,
    history_rows,
    read_history,
    written,
)
from sparsecbm.corrections.label_correction import Kept, Undo, schema_hash
from sparsecbm.errors import DataError, InputError
from sparsecbm.schema import CEBAB
from sparsecbm.spreadsheet import MARK
from tests.corrections.toys import TEXT, a_correction
from tests.helpers import HOSTILE, TOY

TEXTS = [*(text for text in HOSTILE.values() if "\0" not in text), "=1+1", f"{MARK}=1+1", "'=1", "-\u2028 x",
         'a "b", c', " one\ttwo ", "first\nsecond", "first\r\nsecond", "Ünï 🍜"]
HISTORY = [Kept(a_correction(number, text=text, who="@Ada"),
                Undo(a_correction(number).id, "=Bo", a_correction(99).at) if number % 3 == 0 else None)
           for number, text in enumerate(TEXTS)]


@pytest.mark.parametrize("suffix", [".csv", ".jsonl"])
def test_a_history_is_read_back_as_it_was_and_adds_nothing_twice(suffix: str, tmp_path: Path, url: str) -> None:
    file = tmp_path / f"corrections{suffix}"
    file.write_bytes(written(history_rows(HISTORY), COLUMNS, suffix))
    found = read_history(file, TOY)
    assert found == tuple(HISTORY)
    with CorrectionStore.open(url) as store:
        assert store.add_history(found) == (len(TEXTS), sum(kept.undo is not None for kept in HISTORY))
        assert store.add_history(read_history(file, TOY)) == (0, 0)
        assert store.history() == found


def test_no_cell_of_a_csv_file_is_run_as_a_formula() -> None:
    cells = [cell for row in csv.reader(io.StringIO(written(history_rows(HISTORY), COLUMNS, ".csv").decode()))
             for cell in row]
    assert f"{MARK}=1+1" in cells and f"{MARK}@Ada" in cells
    assert not [cell for cell in cells if cell.startswith(("=", "+", "-", "@", "\t", "\r"))]


def test_what_counts_is_a_table_to_train_on() -> None:
    history = [*map(Kept, (a_correction(0), a_correction(1, "bad", field="label", old="good"))),
               Kept(a_correction(2, "unknown", text="Another one."))]
    rows = current_rows(history, TOY)
    assert current_columns(TOY) == ("text", "label", "soup", "room")
    assert rows == [{"text": TEXT, "label": "bad", "soup": "Positive", "room": None},
                    {"text": "Another one.", "label": None, "soup": "unknown", "room": None}]
    assert json.loads(written(rows, current_columns(TOY), ".jsonl").splitlines()[0]) == rows[0]
    assert written(rows, current_columns(TOY), ".csv").decode().splitlines()[2] == "Another one.,,unknown,"
    with pytest.raises(InputError, match="'text'"):
        current_columns(replace(TOY, concepts=("text", "room")))


def test_a_file_of_another_schema_is_refused_with_its_line(tmp_path: Path) -> None:
    file = tmp_path / "corrections.jsonl"
    rows = history_rows([Kept(a_correction()), Kept(a_correction(1, schema=schema_hash(CEBAB)))])
    file.write_bytes(written(rows, COLUMNS, ".jsonl"))
    with pytest.raises(InputError, match=r"line 2: .*another schema.*soup, room.*bad, fair, good"):
        read_history(file, TOY)


@pytest.mark.parametrize(("content", "error", "part"), [
    ("id,text\n1,x\n", DataError, "no column 'field'"), ("", DataError, "allowed"),
    (f"{','.join(COLUMNS)}\n1,2\n", DataError, "line 2: 2 cells"),
    (f"{','.join(COLUMNS)}\n1,x,soup,Negative,good,Ada,,,,,\n", InputError, "line 2"),
])
def test_what_is_no_export_is_refused(content: str, error: type[Exception], part: str, tmp_path: Path) -> None:
    file = tmp_path / "corrections.csv"
    file.write_text(content, encoding="utf-8")
    with pytest.raises(error, match="allowed|again") as caught:
        read_history(file, TOY)
    assert part in str(caught.value)


@pytest.mark.parametrize("changes", [{"id": 7}, {"text": ["x"]}, {"undone_by": "Ada"}, {"undone_at": "now"},
                                     {"undone_at": a_correction().at}])
def test_cells_that_no_export_has_are_refused(changes: dict[str, object], tmp_path: Path) -> None:
    file = tmp_path / "corrections.jsonl"
    row = dict(history_rows([Kept(a_correction())])[0]) | changes
    file.write_text(json.dumps(row) + "\n", encoding="utf-8")
    with pytest.raises(InputError, match="line 1"):
        read_history(file, TOY)


def test_too_many_rows_and_other_endings_are_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = tmp_path / "corrections.jsonl"
    file.write_bytes(written(history_rows(HISTORY), COLUMNS, ".jsonl"))
    monkeypatch.setattr("sparsecbm.corrections.correction_files.MOST_ROWS", 3)
    with pytest.raises(DataError, match="more than 3"):
        read_history(file, TOY)
    with pytest.raises(InputError, match=r"'.xlsx'; allowed|'.xlsx' was named"):
        written([], COLUMNS, ".xlsx")
