"""A table's schema: what a person writes into it becomes names and columns, and every mistake is one clear sentence."""

import json
from pathlib import Path
from typing import Any

import pytest

from sparsecbm.config import from_json
from sparsecbm.data.table_schema import Answer, TableSchema, in_one_order, read_table_schema
from sparsecbm.errors import ConfigError, DataError
from tests.data.tables import TONE, URGENCY, schema_values, write_schema


def made(**changes: Any) -> TableSchema:
    return from_json(TableSchema, schema_values(**changes))


def label(*names: str, **changes: Any) -> dict[str, Any]:
    return {"column": "priority", "title": "priority", "labels": [{"name": name} for name in names]} | changes


def concepts(count: int, values: tuple[str, ...] = ("no", "yes")) -> list[dict[str, Any]]:
    return [{"column": f"c{k}", "name": f"c{k}", "help": "", "values": [{"name": value} for value in values]}
            for k in range(count)]


def test_a_schema_names_the_axes_and_what_each_concept_can_have() -> None:
    schema = made().schema
    assert schema.values == (*URGENCY, *TONE) and schema.labels == ("1", "2", "3", "4")
    assert [schema.values_of(concept) for concept in schema.concepts] == [URGENCY, TONE]
    assert (schema.document, schema.documents, schema.label_title) == ("ticket", "tickets", "priority")
    assert made(concepts=concepts(2)).schema.concept_values == ()


def test_cells_and_names_are_spellings_of_one_answer() -> None:
    columns = made(label={"column": "p", "title": "p", "labels": [
        {"name": "low", "cells": ["1", "l"], "display": "Low"}, {"name": "high"}]}).columns
    assert columns.label_names == {"low": "low", "1": "low", "l": "low", "high": "high"}
    assert columns.own_names["tone"] == {"rude": "rude", "kind": "kind"}


def test_all_orders_become_one_or_contradict() -> None:
    assert in_one_order([("low", "high"), ("low", "medium", "high"), ("no", "yes")]) == (
        "low", "medium", "high", "no", "yes")
    with pytest.raises(ConfigError, match="a, b come in different orders"):
        in_one_order([("a", "b"), ("b", "a")])


def test_the_most_that_is_allowed_is_a_schema() -> None:
    most = made(concepts=concepts(20, tuple("abcdefg")), label=label(*map(str, range(10))))
    assert (len(most.schema.concepts), len(most.schema.values), len(most.schema.labels)) == (20, 7, 10)


@pytest.mark.parametrize(("changes", "says"), [
    ({"concepts": concepts(21)}, "21 concepts came; allowed: 1 to 20"),
    ({"concepts": concepts(2, tuple("abcdefgh"))}, "8 values of 'c0' came; allowed: 2 to 7"),
    ({"concepts": concepts(2, ("no",))}, "1 values of 'c0'"),
    ({"label": label(*map(str, range(10_000)))}, "10,000 labels of 'priority' came; allowed: 2 to 10"),
    ({"label": label("1")}, "1 labels"),
    ({"label": label("1", "1.0")}, "'1' comes 2 times"),
    ({"label": label("low", " ")}, "has no name"),
    ({"label": label("1", "2", column="body")}, "'body' comes 2 times among the columns"),
    ({"label": label("1", "2", title="Tone")}, "'tone' comes 2 times among the names of label and concepts"),
    ({"label": {"column": "p", "title": "p", "labels": [{"name": "a", "cells": ["B"]}, {"name": "b"}]}}, "'b' comes 2"),
    ({"document": ["", "tickets"]}, "can be seen"),
    ({"name": "a b"}, "'a b'; allowed"),
    ({"texts": "body"}, "'texts' is wrong"),
    ({"text": None}, "'text' is wrong"),
    ({"label": {"column": "p", "title": "p", "labels": [{"nam": "a"}]}}, "label.labels.0"),
    ({"splits": {"dev": 0.6, "test": 0.5}}, "leave some to train on"),
    ({"splits": {"column": "s", "cells": {"eval": ["x"]}}}, "Split 'eval' is unknown"),
    ({"splits": {"cells": {"dev": ["x"]}}}, "no column holds them"),
])
def test_a_mistake_says_what_is_allowed(changes: dict[str, Any], says: str, tmp_path: Path) -> None:
    path = write_schema(tmp_path / "schema.json", **changes)
    with pytest.raises(ConfigError, match=says) as error:
        read_table_schema(path)
    assert str(error.value).startswith(str(path))


@pytest.mark.parametrize(("content", "says"), [
    ("{", "cannot be read"), ("[]", "no schema"), ("{}", "no schema"), ('{"format": 2}', "format '2'; this version"),
])
def test_another_file_is_no_schema(content: str, says: str, tmp_path: Path) -> None:
    (tmp_path / "s.json").write_text(content, encoding="utf-8")
    with pytest.raises(DataError, match=says):
        read_table_schema(tmp_path / "s.json")


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16"])
def test_what_is_written_is_read_again(encoding: str, tmp_path: Path) -> None:
    """In the encodings that shells write, a line for each answer."""
    schema = made(label={"column": "p", "title": "p", "labels": [{"name": "{é", "rows": 3}, {"name": "b"}]})
    (tmp_path / "s.json").write_text(schema.written(), encoding=encoding)
    assert read_table_schema(tmp_path / "s.json") == schema
    assert sum('"name": "{é"' in line and '"rows": 3' in line for line in schema.written().splitlines()) == 1
    assert json.loads(schema.written())["label"]["labels"][0] == {"name": "{é", "rows": 3}
    assert schema.label.labels[1] == Answer("b")
