"""A user's own table as reviews: columns found or named, every row checked, the rest counted with its reason."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from sparsecbm.data import own_table as tables
from sparsecbm.data.own_table import Columns, TextRow, load_table, suggest_columns, text_rows
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


def test_columns_are_known_by_their_names() -> None:
    for found, text, id_ in (
            (["id", "text"], "text", "id"), (["ID", "Review", "Text"], "Text", "ID"), (["whatever"], "whatever", None),
            (["review_id", "Description"], "Description", None), (["comment", "content"], "content", None),
            (["n", "review_text", "date"], "review_text", None),
            (["Customer comment", "city"], "Customer comment", None)):
        assert suggest_columns(found) == Columns(text, id_), found


def test_label_and_concepts_are_known_by_their_names() -> None:
    found = ["Room", "text", "Verdict", "soup ", "other"]
    assert suggest_columns(found, TOY) == Columns("text", None, "Verdict", {"soup": "soup ", "room": "Room"})
    assert suggest_columns(["label", "verdict", "text"], TOY).label == "label"
    assert suggest_columns(["review_text", "stars", "food_label", "noise"], CEBAB) == Columns(
        "review_text", None, "stars", {"food": "food_label", "noise": "noise"})
    assert suggest_columns(["text", "user_rating"], CEBAB).label == "user_rating"
    assert suggest_columns(["text", "price"], CEBAB).label is None


def test_a_missing_column_of_texts_is_named() -> None:
    with pytest.raises(DataError, match="No column is called text, .*columns there: 'a', 'b'. Say which"):
        suggest_columns(["a", "b"])


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
        ('"\\u00a0\\n"', "blank text"),
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
    assert split.report.notes == {"room not known (no score)": 1, "verdict not known (no score)": 1}
    assert [(one.number, one.reason.partition(";")[0]) for one in rejects] == [
        (5, "verdict is 'superb'"), (6, "soup is 'tasty'")]
    assert "allowed: bad, fair, good, or empty" in rejects[0].reason


def test_other_spellings_can_be_named(tmp_path: Path) -> None:
    source = table(tmp_path, LABELLED)
    columns = Columns("text", "id", "verdict", {"soup": "soup"}, {"superb": "good"}, {"tasty": "Positive"})
    split, _, rejects = load_table(source, columns, TOY)
    assert rejects == () and split.labels.tolist() == [2, 0, -1, 2, 2]
    assert split.concepts.tolist() == [[2, -1], [0, -1], [1, -1], [2, -1], [2, -1]]


def test_without_label_and_concepts_nothing_is_known(tmp_path: Path) -> None:
    split, _, rejects = load_table(table(tmp_path, "text;n\nCafé;1\n"), Columns("text"), TOY)
    assert (split.labels.tolist(), split.concepts.tolist(), rejects) == ([-1], [[-1, -1]], ())
    assert split.report.notes == {"cells are separated by semicolons": 1, "verdict not known (no score)": 1,
                                  "soup not known (no score)": 1, "room not known (no score)": 1}


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
