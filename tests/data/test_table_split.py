"""Splits of a user's table: dealt by chance or by a column, no text in two, and what cannot be learned refused."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from sparsecbm.data import load_split
from sparsecbm.data.split import Split
from sparsecbm.errors import DataError
from tests.data.tables import Row, schema_values, ticket, tickets, write_csv, write_schema

SPLITS = ("train", "dev", "test")


def load(folder: Path, rows: list[Row], split: str = "train", weight: str | None = None, **changes: Any) -> Split:
    return load_split("table", write_csv(folder / "t.csv", rows), split,
                      write_schema(folder / "schema.json", **changes), weight)


def all_splits(folder: Path, rows: list[Row], **changes: Any) -> dict[str, Split]:
    return {name: load(folder, rows, name, **changes) for name in SPLITS}


def ids(splits: Mapping[str, Split]) -> list[list[str]]:
    return [list(one.dataset["id"]) for one in splits.values()]


def test_a_table_is_dealt_in_shares_of_every_answer(tmp_path: Path) -> None:
    """Sixty rows: all labels and values come in each split, and every row in exactly one."""
    found = all_splits(tmp_path, tickets(60), splits={"dev": 0.2, "test": 0.2, "seed": 3})
    assert [len(one) for one in found.values()] == [36, 12, 12]
    assert sorted(sum(ids(found), [])) == sorted(str(line) for line in range(2, 62))
    for one in found.values():
        assert set(one.labels) == {0, 1, 2, 3} and set(one.concepts[:, 0]) == {0, 1, 2}
        assert set(one.concepts[:, 1]) == {3, 4}  # the values of the tone, behind those of the urgency
        assert one.report.read == one.report.kept + sum(one.report.dropped.values()) == 60
    gaps = all_splits(tmp_path, tickets(60, tone=[""] * 12))
    assert sum(one.report.notes.get("tone not annotated (no score)", 0) for one in gaps.values()) == 12
    assert ids(found) == ids(all_splits(tmp_path, tickets(60), splits={"dev": 0.2, "test": 0.2, "seed": 3}))
    assert ids(found) != ids(all_splits(tmp_path, tickets(60), splits={"dev": 0.2, "test": 0.2, "seed": 4}))


def test_groups_and_equal_texts_stay_together(tmp_path: Path) -> None:
    """Customers have two rows each; the texts of rows 0 and 31 are alike but for case and blanks."""
    rows = [row | {"customer": number // 2} for number, row in enumerate(tickets(60))]
    rows[31]["body"] = f"  {rows[0]['body'].upper()} "
    found = ids(all_splits(tmp_path, rows, splits={"group": "customer"}))
    where = {name: split for split, names in enumerate(found) for name in names}
    assert all(where[str(line)] == where[str(line + 1)] for line in range(2, 62, 2))
    assert where["2"] == where["33"]


def test_a_column_says_the_split_and_a_text_stays_in_the_one_held_out_longest(tmp_path: Path) -> None:
    rows = [row | {"part": ("train", "Validation", "test")[number // 20]} for number, row in enumerate(tickets(60))]
    rows[1]["body"] = rows[45]["body"]
    rows[2]["part"] = ""
    found = all_splits(tmp_path, rows, splits={"column": "part"})
    assert [len(one) for one in found.values()] == [18, 20, 20]
    assert found["train"].report.dropped == {"in another split": 40, "in no split": 1,
                                             "the same text is in a split that is held out": 1}
    named = {"column": "part", "cells": {"train": ["a"], "dev": ["b", "c"]}}
    letters = [row | {"part": "abc"[number % 3]} for number, row in enumerate(tickets(60))]
    assert [len(load(tmp_path, letters, name, splits=named)) for name in SPLITS[:2]] == [20, 40]
    with pytest.raises(DataError, match="no row of split test; allowed: .* train, dev"):
        load(tmp_path, letters, "test", splits=named)
    with pytest.raises(DataError, match="part is 'a' in row '2'; allowed: train"):
        load(tmp_path, letters, splits={"column": "part"})


@pytest.mark.parametrize("cells", [
    ["1", "2", "3", "4"], [1, 2, 3, 4], [1.0, 2.0, 3.0, 4.0], ["1.0", "02", " 3 ", "4"]], ids=repr)
@pytest.mark.parametrize("ending", ["csv", "jsonl", "parquet"])
def test_numbers_are_labels_however_they_are_written(cells: list[Any], ending: str, tmp_path: Path) -> None:
    rows = tickets(24)
    want = [row["priority"] - 1 for row in rows]
    frame = pd.DataFrame([row | {"priority": cells[row["priority"] - 1]} for row in rows])
    path = tmp_path / f"t.{ending}"
    {"csv": lambda: frame.to_csv(path, index=False), "parquet": lambda: frame.to_parquet(path),
     "jsonl": lambda: frame.to_json(path, orient="records", lines=True)}[ending]()
    assert load_split("table", path, "all", write_schema(tmp_path / "s.json")).labels.tolist() == want


def test_not_annotated_is_not_the_value_unknown(tmp_path: Path) -> None:
    """An empty cell and NA are not known; `unknown` is a value, and `none` is one where the schema lists it."""
    rows = tickets(30, urgency=["", "NA", "unknown", "none"] + ["unknown", "none"] * 13)
    values = schema_values()["concepts"]
    values[0]["values"] = [{"name": "none"}, {"name": "unknown"}]
    found = load(tmp_path, rows, "all", concepts=values)
    assert found.concepts[:4, 0].tolist() == [-1, -1, 1, 0]
    assert found.annotated == {"priority": 30, "urgency": 28, "tone": 30}
    assert found.shares[0, 0].tolist() == [0.5, 0.5, 0, 0]  # of its own values, and none of the tone's


def test_rows_weigh_what_a_column_says(tmp_path: Path) -> None:
    rows = [row | {"w": 0.5, "x": "2,5"} for row in tickets(30)]
    assert set(load(tmp_path, rows).weights) == {1.0}
    assert set(load(tmp_path, rows, weight="x").weights) == {2.5}
    assert set(load(tmp_path, rows, weight="w", splits={"column": None}).select([1], {}, "s").weights) == {0.5}
    assert load(tmp_path, rows, weight="w").data_hash != load(tmp_path, rows).data_hash
    for wrong in ("", "0", "-1", "inf", "much"):
        with pytest.raises(DataError, match="weight in 'w' is .*; allowed: a number above 0"):
            load(tmp_path, [*rows, ticket(31) | {"w": wrong, "x": 1}], weight="w")


@pytest.mark.parametrize(("rows", "says"), [
    (tickets(2), "2 usable rows; allowed: 10 or more"),
    (tickets(60, priority=[5] + [1] * 59), "in 1 rows .line 2: priority is '5'; allowed: 1, 2, 3, 4.\\. Correct"),
    (tickets(60, tone=["rude", "sharp"]), "line 3: tone is 'sharp'; allowed: rude, kind"),
    (tickets(60, priority=[4] + [1, 2, 3] * 20), "priority '4' comes in 1 row; allowed: at least 2"),
    (tickets(60, priority=[1] * 60), "priority '2' comes in 0 rows"),
    (tickets(60, tone=["kind"] * 60), "'tone' says kind wherever it is annotated"),
    (tickets(60, tone=[""] * 60), "'tone' says nothing wherever"),
    (tickets(60, urgency=["low", "high"] * 30), "'medium' is a value of 'urgency' in the schema, but no row has it"),
    (tickets(60, body=[" "] * 60), "no row is left of 60 read.* line 2: body is empty"),
    (tickets(60, tone=["sharp"] * 60), "no row is left of 60 read.* line 2: tone is 'sharp'; allowed: rude, kind"),
    ([{**row, "text": row["body"]} | {"body": None} for row in tickets(12)], "no row is left"),
    ([{name: cell for name, cell in row.items() if name != "body"} for row in tickets(12)], "no column 'body'"),
    ([{name: cell for name, cell in row.items() if name != "tone"} for row in tickets(12)], "no column 'tone'"),
])
def test_what_cannot_be_learned_is_refused(rows: list[Row], says: str, tmp_path: Path) -> None:
    with pytest.raises(DataError, match=says):
        load(tmp_path, rows)


def test_columns_of_equal_names_are_refused(tmp_path: Path) -> None:
    (tmp_path / "t.csv").write_text("body,body,priority,urgency,tone\nA,B,1,low,kind\n", encoding="utf-8")
    with pytest.raises(DataError, match="names 'body' more than once"):
        load_split("table", tmp_path / "t.csv", "train", write_schema(tmp_path / "s.json"))


def test_a_part_of_a_table_may_be_scored_or_learned_whole(tmp_path: Path) -> None:
    """`all` asks for no variation: corrections are few and may be of one kind."""
    assert len(load(tmp_path, tickets(2), "all")) == 2


def test_a_table_needs_its_schema_and_others_have_theirs(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="without its schema"):
        load_split("table", tmp_path, "train")
    with pytest.raises(DataError, match="Unknown split 'dve'; allowed: train, dev, test, all"):
        load(tmp_path, tickets(12), "dve")
    with pytest.raises(DataError, match="data set cebab, which has its own"):
        load_split("cebab", tmp_path, "dev", tmp_path / "s.json")
