"""A user's own table as reviews: columns found or named, every row checked, the rest counted with its reason."""

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from sparsecbm.data import own_table as tables
from sparsecbm.data.columns import Columns, suggest_columns
from sparsecbm.data.own_table import TextRow, load_table, text_rows
from sparsecbm.data.records import Reject
from sparsecbm.data.table_source import TableSource, open_table
from sparsecbm.errors import DataError, InputError
from sparsecbm.schema import CEBAB
from tests.helpers import TOY


def table(folder: Path, content: str, name: str = "r.csv") -> TableSource:
    (folder / name).write_text(content, encoding="utf-8", newline="")
    return open_table(folder / name)


def rows_of(folder: Path, content: str, columns: Columns, name: str = "r.csv") -> list[Any]:
    return [(row.number, row.id, row.text) if isinstance(row, TextRow) else (row.number, row.kind)
            for row in text_rows(table(folder, content, name), columns)]


def test_rows_that_cannot_be_used_keep_their_place(tmp_path: Path) -> None:
    content = "id,text\na,Good.\nb,  \n,No id.\na,Again.\nc,\nd,Fine.\n"
    assert rows_of(tmp_path, content, Columns("text", "id")) == [
        (2, "a", "Good."), (3, "blank text"), (4, "no id"), (5, "id seen before"), (6, "blank text"), (7, "d", "Fine.")]
    rejects = [row for row in text_rows(table(tmp_path, content), Columns("text", "id")) if isinstance(row, Reject)]
    assert rejects[2].reason == "id 'a' came before, in line 2; give each row an id of its own"
    assert json.loads(rejects[2].content) == {"id": "a", "text": "Again."}


def test_without_an_id_rows_are_called_by_their_line(tmp_path: Path) -> None:
    content = 'text\n"two\nlines"\nthree\n'
    assert rows_of(tmp_path, content, Columns("text")) == [(2, "2", "two\nlines"), (4, "4", "three")]


def test_ids_are_names(tmp_path: Path) -> None:
    for cell, found in [
        ("5", (1, "5", "x")), ("5.0", (1, "5", "x")), ('" 5 "', (1, "5", "x")), ("null", (1, "no id")),
        ('""', (1, "no id")), ("NaN", (1, "no id")), ('"\\ud83d"', (1, "no id")),
        ('"' + "x" * 1001 + '"', (1, "no id")),
    ]:
        assert rows_of(tmp_path, f'{{"text": "x", "id": {cell}}}', Columns("text", "id"), "r.jsonl") == [found]


def test_texts_must_be_texts(tmp_path: Path) -> None:
    for cell, kind in [
        ("5", "not text"), ("true", "not text"), ('["a"]', "not text"), ("null", "blank text"),
        ('"\\u00a0\\n"', "blank text"), ('"\\u200b\\u00ad"', "blank text"),
        ('"half \\ud83d a smile"', "not text"), (json.dumps("x" * 100_001), "text too long"),
    ]:
        assert rows_of(tmp_path, f'{{"text": {cell}}}', Columns("text"), "r.jsonl") == [(1, kind)]
        assert rows_of(tmp_path, '{"text": "x"}\n{"id": 3}', Columns("text"), "r.jsonl")[1] == (2, "blank text")


def test_the_longest_text_is_used_and_a_cell_of_ten_megabytes_told(tmp_path: Path) -> None:
    long = "x" * tables.MOST_CHARACTERS
    found = list(text_rows(table(tmp_path, f"text\n{long}\n{long * 100}\nshort\n"), Columns("text")))
    assert isinstance(found[0], TextRow) and isinstance(found[2], TextRow)
    assert isinstance(found[1], Reject)
    assert found[1].reason == "text has 10,000,000 characters; allowed: up to 100,000; shorten it"
    assert len(found[1].content) < 110_000 and found[1].content.endswith("characters in all)")


LABELLED = """id,text,verdict,soup,room
a,Tasty and warm.,good,Positive,Positive
b,Bland.,bad,Negative,
c,No idea.,,unknown,Negative
d,Odd.,superb,Positive,Positive
e,Odder.,good,tasty,Positive
"""


def test_a_table_with_truth_is_a_split(tmp_path: Path) -> None:
    source = table(tmp_path, LABELLED)
    split, _, rejects = load_table(source, suggest_columns(source.columns, TOY), TOY)
    assert split.dataset["id"][:] == ["a", "b", "c"] and split.name == "table"
    assert split.labels.tolist() == [2, 0, -1] and split.concepts.tolist() == [[2, 2], [0, -1], [1, 0]]
    np.testing.assert_allclose(split.shares[1], [[1, 0, 0], [1 / 3, 1 / 3, 1 / 3]])
    assert (split.report.read, split.report.kept, split.report.dropped) == (5, 3, {"name outside the schema": 2})
    assert split.report.notes == {"room not annotated (no score)": 1, "verdict not annotated (no score)": 1}
    assert [(one.number, one.reason.partition(";")[0]) for one in rejects] == [
        (5, "verdict is 'superb'"), (6, "soup is 'tasty'")]
    assert "allowed: bad, fair, good, or empty" in rejects[0].reason


def test_other_spellings_can_be_named(tmp_path: Path) -> None:
    source = table(tmp_path, LABELLED)
    columns = Columns("text", "id", "verdict", {"soup": "soup"}, {"superb": "good"}, {"tasty": "Positive"})
    split, _, rejects = load_table(source, columns, TOY)
    assert rejects == () and split.labels.tolist() == [2, 0, -1, 2, 2]
    assert split.concepts.tolist() == [[2, -1], [0, -1], [1, -1], [2, -1], [2, -1]]


def test_a_value_of_another_concept_is_no_value(tmp_path: Path) -> None:
    """The soup is never unknown, though the room may be; one mapping of spellings serves both."""
    schema = replace(TOY, concept_values=(("Negative", "Positive"), TOY.values))
    source = table(tmp_path, "text,soup,room\na,Positive,?\nb,?,Positive\n")
    columns = replace(suggest_columns(source.columns, schema), value_names={"?": "unknown"})
    split, _, rejects = load_table(source, columns, schema)
    assert split.concepts.tolist() == [[2, 1]] and [one.number for one in rejects] == [3]
    assert "allowed: Negative, Positive, or empty" in rejects[0].reason


def put_as(folder: Path, ending: str, rows: list[dict[str, Any]]) -> TableSource:
    """The rows as pandas writes them to such a file."""
    path, frame = folder / f"r.{ending}", pd.DataFrame(rows)
    {"csv": lambda: frame.to_csv(path, index=False), "parquet": lambda: frame.to_parquet(path),
     "jsonl": lambda: frame.to_json(path, orient="records", lines=True)}[ending]()
    return open_table(path)


@pytest.mark.parametrize("ending", ["csv", "jsonl", "parquet"])
def test_ratings_with_a_gap_are_read_from_what_pandas_writes(tmp_path: Path, ending: str) -> None:
    rows: list[dict[str, Any]] = [{"text": "a", "rating": 5}, {"text": "b", "rating": None}, {"text": "c", "rating": 3}]
    source = put_as(tmp_path, ending, rows)
    split, _, rejects = load_table(source, suggest_columns(source.columns, CEBAB), CEBAB)
    assert rejects == () and split.labels.tolist() == [4, -1, 2]


@pytest.mark.parametrize("ending", ["csv", "jsonl", "parquet"])
def test_what_nobody_annotated_is_no_label_and_no_value(tmp_path: Path, ending: str) -> None:
    said = ["NA", "nan", "None", "N/A", "no majority", "", "POSITIVE"]
    source = put_as(tmp_path, ending, [{"text": str(n), "verdict": cell.replace("POSITIVE", "Good"), "soup": cell}
                                       for n, cell in enumerate(said)])
    columns = suggest_columns(source.columns, TOY)
    split, _, rejects = load_table(source, columns, TOY)
    assert rejects == () and split.labels.tolist() == [-1] * 6 + [2] and split.concepts[:, 0].tolist() == [-1] * 6 + [2]
    split, _, _ = load_table(source, replace(columns, label_names={"NA": "bad", "Good": ""}), TOY)
    assert split.labels.tolist() == [0] + [-1] * 6  # unless the user says otherwise


def test_labels_that_count_from_elsewhere_are_warned_of_unless_their_meaning_is_said(tmp_path: Path) -> None:
    source = table(tmp_path, "text,rating\na,0\nb,1\nc,4\nd,0\n")
    columns = Columns("text", label="rating")
    split, _, rejects = load_table(source, columns, CEBAB)
    assert split.labels.tolist() == [0, 3] and len(rejects) == 2
    assert [count for note, count in split.report.notes.items() if "0, 1, 4" in note and "1, 2, 3, 4, 5" in note] == [4]
    split, _, _ = load_table(source, replace(columns, label_names={"0": "1", "1": "2", "4": "5"}), CEBAB)
    assert split.labels.tolist() == [0, 1, 4, 0] and not any("elsewhere" in note for note in split.report.notes)


def test_the_summary_says_which_lines_a_quote_swallowed(tmp_path: Path) -> None:
    rows = "".join(f"{number},plain\n" for number in range(36))
    split, _, _ = load_table(table(tmp_path, f'id,text\na,Good\nb,"open\n{rows}c,"shut"\nd,"x"y\ne,Last\n'),
                             Columns("text", "id"), TOY)
    assert split.dataset["id"][:] == ["a", "e"] and split.report.dropped == {"not CSV": 2}
    assert [count for note, count in split.report.notes.items() if "(3 to 40)" in note] == [38]


def test_columns_are_found_in_any_case_when_a_table_is_read(tmp_path: Path) -> None:
    source = table(tmp_path, "ID,Text,Verdict,SOUP\n007 ,Good,good,Positive\n")
    split, also, _ = load_table(source, Columns("text", "id", "verdict", {"soup": "soup"}, also=("VERDICT",)), TOY)
    assert (split.dataset["id"][:], split.labels.tolist(), split.concepts.tolist()) == (["007"], [2], [[2, -1]])
    assert also == ({"Verdict": "good"},)


def test_without_label_and_concepts_nothing_is_known(tmp_path: Path) -> None:
    split, _, rejects = load_table(table(tmp_path, "text;n\nCafé;1\n"), Columns("text"), TOY)
    assert (split.labels.tolist(), split.concepts.tolist(), rejects) == ([-1], [[-1, -1]], ())
    assert split.report.notes == {"cells are separated by semicolons": 1, "verdict not annotated (no score)": 1,
                                  "soup not annotated (no score)": 1, "room not annotated (no score)": 1}


def test_tables_that_cannot_be_loaded(tmp_path: Path) -> None:
    source = table(tmp_path, LABELLED)
    with pytest.raises(DataError, match="has more than 4 rows; .*predict the whole as a batch"):
        load_table(source, Columns("text"), TOY, most_rows=4)
    assert len(load_table(source, Columns("text"), TOY, most_rows=5)[0]) == 5
    with pytest.raises(DataError, match="has no column 'stars'; columns there: 'id', 'text'"):
        load_table(source, Columns("text", label="stars"), TOY)
    with pytest.raises(InputError, match="'noise'; allowed: soup, room"):
        load_table(source, Columns("text", concepts={"noise": "soup"}), TOY)
    with pytest.raises(DataError, match="no row is left of 2 read .*blank text"):
        load_table(table(tmp_path, "text,id\n ,a\n ,b\n"), Columns("text"), TOY)
