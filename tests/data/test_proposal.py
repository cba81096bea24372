"""A proposed schema: what a table's names and cells suggest, what was guessed, and what holds nothing to learn."""

import json
from pathlib import Path
from typing import Any

import datasets
import pytest

from sparsecbm.__main__ import main
from sparsecbm.data.proposal import Wishes, propose
from sparsecbm.data.table_schema import Answer, TableSchema, read_table_schema
from sparsecbm.data.table_source import open_table
from sparsecbm.data.table_split import load_table_split
from sparsecbm.errors import DataError
from tests.data.tables import TONE, URGENCY, Row, tickets, write_csv


def proposed(folder: Path, rows: list[Row], name: str = "tickets.csv", **wishes: Any) -> TableSchema:
    path = write_csv(folder / name, rows)
    return propose(open_table(path), str(path), Wishes(**wishes))


def test_a_table_suggests_its_schema(tmp_path: Path) -> None:
    """Names in their order, with their rows; a column of many names is left out, and every guess is said."""
    found = proposed(tmp_path, [row | {"customer": f"c{number}"} for number, row in enumerate(tickets(60))])
    assert (found.text, found.label.column, found.id) == ("body", "priority", None)
    assert found.label.labels == tuple(Answer(name, rows=rows) for name, rows in zip("1234", (10, 20, 20, 10),
                                                                                     strict=True))
    assert [(one.name, one.values) for one in found.concepts] == [
        ("urgency", tuple(Answer(name, rows=20) for name in URGENCY)),
        ("tone", tuple(Answer(name, rows=30) for name in sorted(TONE)))]
    assert found.document == ("ticket", "tickets") and found.name == "tickets" and found.rows == 60
    assert set(found.left_out) == {"customer"} and "60 different values" in found.left_out["customer"]
    assert {"text", "label", "label.labels", "concepts", "concepts.tone", "document"} <= set(found.guesses)
    assert "by letters" in found.guesses["concepts.tone"] and "scale" in found.guesses["concepts.urgency"]


def test_the_command_writes_a_schema_that_trains(tmp_path: Path, capsys: Any) -> None:
    """Nothing else is on standard output; the guesses are on standard error."""
    path = write_csv(tmp_path / "t.csv", tickets(60))
    assert main(["schema", str(path), "--label-column", "Priority", "--document", "mail", "mails"]) == 0
    out, err = capsys.readouterr()
    (tmp_path / "schema.json").write_text(out, encoding="utf-8")
    assert read_table_schema(tmp_path / "schema.json").document == ("mail", "mails")
    assert "guessed text: 'body'" in err and "guessed label:" not in err
    assert len(load_table_split(path, "train", tmp_path / "schema.json")) == 42


def test_spellings_of_a_name_are_one_and_numbers_are_in_order(tmp_path: Path) -> None:
    rows = tickets(60, tone=["Kind", "kind", "RUDE"] + ["kind", "rude"] * 40,
                   priority=["10", "9.0", "9", 10.0] * 15, urgency=["none", "", "n/a"])
    found = proposed(tmp_path, rows)
    assert [answer.name for answer in found.label.labels] == ["9", "10"]
    tone = found.concepts[1]
    assert [answer.name for answer in tone.values] == ["kind", "rude"]
    assert sum(answer.rows or 0 for answer in tone.values) == 60
    assert found.concepts[0].not_annotated == 3 and "'none', 'n/a' read as not annotated" in found.guesses[
        "concepts.urgency"]


def test_columns_of_splits_groups_ids_and_weights_are_no_concepts(tmp_path: Path) -> None:
    rows = [row | {"id": number, "Split": ("train", "dev")[number % 2], "group": number // 6, "weight": 1 + number % 2}
            for number, row in enumerate(tickets(30))]
    found = proposed(tmp_path, rows)
    assert (found.id, found.splits.column, found.splits.group, found.weight) == ("id", "Split", "group", "weight")
    assert [one.name for one in found.concepts] == ["urgency", "tone"]
    other = proposed(tmp_path, [row | {"Split": "ab"[number % 2]} for number, row in enumerate(tickets(30))])
    assert other.splits.column is None and [one.name for one in other.concepts] == ["urgency", "tone", "Split"]


def test_what_the_user_names_is_no_guess(tmp_path: Path) -> None:
    rows = [row | {"summary": "Some words of it."} for row in tickets(30)]
    found = proposed(tmp_path, rows, text="summary", label="tone", concepts=("priority",))
    assert (found.text, found.label.column, [one.column for one in found.concepts]) == ("summary", "tone", ["priority"])
    assert not {"text", "label", "concepts"} & set(found.guesses) and set(found.left_out) == {"body", "urgency"}


def test_the_longest_column_is_the_text_and_a_taken_name_gets_another(tmp_path: Path) -> None:
    rows = [{"what": row["body"], "Label": row["tone"], "residual": row["urgency"], "verdict": row["priority"]}
            for row in tickets(30)]
    found = proposed(tmp_path, rows, label="verdict")
    assert found.text == "what" and [one.name for one in found.concepts] == ["Label", "the residual"]


def test_twenty_concepts_of_seven_values_are_proposed_and_no_more(tmp_path: Path) -> None:
    rows = [{"text": f"Some text number {n}.", "label": n % 10, **{f"c{k}": f"v{(n + k) % 7}" for k in range(22)}}
            for n in range(70)]
    found = proposed(tmp_path, rows)
    assert len(found.concepts) == 20 and {len(one.values) for one in found.concepts} == {7}
    assert len(found.label.labels) == 10 and set(found.left_out) == {"c20", "c21"}


@pytest.mark.parametrize(("rows", "wishes", "says"), [
    (tickets(2), {}, "2 rows with a text in 'body'; allowed: 10"),
    (tickets(12, body=[""] * 12), {}, "no column of texts"),
    ([{"a": 1, "b": 2}] * 12, {}, "no column of texts.*--text-column"),
    (tickets(12), {"text": "mail"}, "no column 'mail'"),
    ([row | {"priority": 1} for row in tickets(12)], {"label": "priority"}, "cannot be the label: it says '1' in all"),
    ([row | {"priority": ""} for row in tickets(12)], {"label": "priority"}, "cannot be the label: it is empty"),
    ([row | {"tone": "kind"} for row in tickets(12)], {"concepts": ("tone",)}, "cannot be the concept: it says 'kind'"),
    ([{"text": "Some words here.", "label": number} for number in range(10_000)], {},
     "no column that could be the label .'label': it has more than 1,000 different values, and 2 to 10"),
    ([{"text": "Some words here.", "label": "ab"[number % 2]} for number in range(12)], {}, "could be a concept"),
    ([dict.fromkeys(row, "") for row in tickets(12)], {}, "no column of texts"),
])
def test_a_table_without_what_is_needed_is_refused(
    rows: list[Row], wishes: dict[str, Any], says: str, tmp_path: Path
) -> None:
    with pytest.raises(DataError, match=says):
        proposed(tmp_path, rows, **wishes)


def test_a_label_of_one_row_is_said(tmp_path: Path) -> None:
    found = proposed(tmp_path, tickets(30, priority=[9]))
    assert "'9' in one row only" in found.guesses["label.labels"]


def test_a_data_set_of_the_hub_is_proposed_and_split(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(datasets.config, "HF_DATASETS_CACHE", tmp_path / "cache")
    (tmp_path / "tickets" / "data").mkdir(parents=True)
    datasets.Dataset.from_list(tickets(30)).to_parquet(tmp_path / "tickets" / "data" / "train-0.parquet")
    source = f"hub:{tmp_path / 'tickets'}"
    found = propose(open_table(source), source)
    assert (found.name, found.document, found.text) == ("tickets", ("ticket", "tickets"), "body")
    assert [len(load_table_split(source, split, found)) for split in ("train", "dev", "test")] == [20, 5, 5]


def test_lists_are_no_names(tmp_path: Path) -> None:
    (tmp_path / "t.jsonl").write_text("".join(json.dumps(row | {"tags": ["a"]}) + "\n" for row in tickets(30)),
                                      encoding="utf-8")
    found = propose(open_table(tmp_path / "t.jsonl"), "t.jsonl")
    assert found.left_out == {"tags": "its cells hold lists or objects"}
