"""CSV, JSON lines, Parquet and the Hub through one door: the same rows, and bad files told for what they are."""

import json
from pathlib import Path
from typing import Any

import datasets
import psutil
import pyarrow as pa
import pytest
from pyarrow import parquet

from sparsecbm.data import columnar
from sparsecbm.data.records import Record, Reject
from sparsecbm.data.table_source import TableSource, open_table
from sparsecbm.errors import DataError

ROWS = [{"id": "a", "text": "Good soup, good room."}, {"id": "b", "text": "Café? Non; merci.\nNever."}]


def of(table: TableSource, *columns: str) -> list[dict[str, Any]]:
    """The cells of all records, numbered as they come."""
    found = list(table.records(columns or ("id", "text")))
    assert all(isinstance(one, Record) for one in found) and found[-1].share == 1
    return [{name: one.cells[name] for name in columns or ("id", "text")} for one in found if isinstance(one, Record)]


def put(path: Path, content: str, encoding: str = "utf-8") -> Path:
    path.write_text(content, encoding=encoding, newline="")
    return path


CSV = 'id,text\na,"Good soup, good room."\nb,"Café? Non; merci.\nNever."\n'
TABBED = 'id\ttext\na\tGood soup, good room.\nb\t"Café? Non; merci.\nNever."\n'


def test_text_files(tmp_path: Path) -> None:
    for name, content, encoding, form, notes in [
        ("r.csv", CSV, "utf-8", "csv utf-8 ','", 0), ("r.CSV", CSV, "utf-8-sig", "csv utf-8-sig ','", 1),
        ("r.csv", CSV, "utf-16", "csv utf-16 ','", 1), ("r.txt", CSV, "latin-1", "csv cp1252 ','", 1),
        ("r.tsv", TABBED, "utf-8", r"csv utf-8 '\t'", 1), ("r.csv", TABBED, "utf-16", r"csv utf-16 '\t'", 2),
        ("r.jsonl", "\n".join(map(json.dumps, ROWS)), "utf-8", "json utf-8", 0),
        ("r.ndjson", "".join(json.dumps(row) + "\r\n" for row in ROWS), "utf-8-sig", "json utf-8-sig", 1),
    ]:
        table = open_table(put(tmp_path / name, content, encoding))
        assert table.columns == ("id", "text") and (table.form, len(table.notes)) == (form, notes)
        assert of(table) == of(table) == ROWS  # as often as asked


def test_a_line_of_json_may_lack_what_others_have(tmp_path: Path) -> None:
    rows = [{"id": "a"}, {}, {"text": "Good."}, *[{"id": str(number)} for number in range(2000)], {"day": 1, "id": "z"}]
    table = open_table(put(tmp_path / "r.jsonl", "".join(json.dumps(row) + "\n" for row in rows)))
    assert table.columns == ("id", "text", "day")
    assert [dict(one.cells) for one in table.records(["text", "id"]) if isinstance(one, Record)] == rows


def test_a_text_file_holds_a_document_a_line_or_says_that_it_is_a_table(tmp_path: Path) -> None:
    plain = 'Great food, great "staff.\nBad; really, bad.\n\nFine\n'
    texts = ['Great food, great "staff.', "Bad; really, bad.", "Fine"]
    for content, column in [(plain, "text"), ("Review\n" + plain, "Review"), (plain.replace("\n", "\r\n"), "text")]:
        table = open_table(put(tmp_path / "r.TXT", content))
        assert (table.columns, table.form, len(table.notes)) == ((column,), "lines utf-8", 1)
        assert [row[column] for row in of(table, column)] == texts
    for content, separator in [("stars;Text\n1;Bad\n", None), ("sep=;\nstars;words\n1;Bad\n", None),
                               ("stars|words\n1|Bad\n", "|")]:
        table = open_table(put(tmp_path / "r.txt", content), separator=separator)
        assert [list(row.values()) for row in of(table, *table.columns)] == [["1", "Bad"]]


def test_the_line_that_names_the_separator_is_no_row(tmp_path: Path) -> None:
    table = open_table(put(tmp_path / "r.csv", "sep=;\nid;text\na;Good, cheap\n"))
    assert table.columns == ("id", "text") and of(table) == [{"id": "a", "text": "Good, cheap"}]
    assert [one.number for one in table.records(["id"])] == [3]


def test_a_document_may_stand_where_a_column_is_named(tmp_path: Path) -> None:
    """One column of any name holds the texts, so a file without a heading would lose its first document unsaid."""
    for first, said in (("Good soup.", True), ("text", False), ("Review", False)):
        notes = open_table(put(tmp_path / "r.csv", f"{first}\nBad soup.\n")).notes
        assert [repr(first) in note for note in notes] == [True] * said


def test_tables_of_two_columns_of_one_name_or_of_too_many(tmp_path: Path) -> None:
    wide = {str(number): [1] for number in range(1001)}
    put(tmp_path / "wide.jsonl", "".join(json.dumps({name: 1}) + "\n" for name in wide))
    parquet.write_table(pa.table(wide), tmp_path / "wide.parquet")
    parquet.write_table(pa.Table.from_arrays([pa.array(["a"]), pa.array(["b"])], ["text", "text"]),
                        tmp_path / "twice.parquet")
    put(tmp_path / "twice.csv", "text,text\na,b\n")
    put(tmp_path / "half.jsonl", '{"text": "a"}\n{"\\ud83d": 1}\n')
    for name, says in [("wide.jsonl", "1,001 columns; allowed: up to 1,000"), ("wide.parquet", "1,001 columns"),
                       ("twice.parquet", "names 'text' more than once"), ("twice.csv", "names 'text' more than once"),
                       ("half.jsonl", "holds half a character")]:
        with pytest.raises(DataError, match=says):
            open_table(tmp_path / name)


def test_parquet(tmp_path: Path) -> None:
    """In several row groups; columns that nobody asked for are not read."""
    for name in ["r.parquet", "without a suffix"]:
        rows = [{"id": number, "text": f"Text {number % 3}.", "other": [1, 2]} for number in range(600)]
        parquet.write_table(pa.Table.from_pylist(rows), tmp_path / name, row_group_size=250)
        table = open_table(tmp_path / name)
        assert (table.columns, table.form, table.notes) == (("id", "text", "other"), "parquet", ())
        assert of(table, "text", "id") == [{"text": row["text"], "id": row["id"]} for row in rows]
        first = next(table.records(["text"]))
        assert isinstance(first, Record) and set(first.cells) == {"text"} and first.number == 1


def test_parquet_text_that_is_none_is_told_by_its_row(tmp_path: Path) -> None:
    bad = pa.StringArray.from_buffers(2, pa.array([0, 4, 8], pa.int32()).buffers()[1], pa.py_buffer(b"goodb\xff\xfed"))
    parquet.write_table(pa.table({"text": bad}), tmp_path / "r.parquet", use_dictionary=False)
    good, told = open_table(tmp_path / "r.parquet").records(["text"])
    assert isinstance(good, Record) and good.cells == {"text": "good"}
    assert isinstance(told, Reject) and (told.number, told.kind) == (2, "not UTF-8")


def test_a_parquet_bomb_is_refused_unread(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    texts = pa.table({"text": ["x" * 2_000_000, "y" * 2_000_000]})
    parquet.write_table(texts, tmp_path / "r.parquet", compression="zstd", use_dictionary=False)
    open_table(tmp_path / "r.parquet")
    monkeypatch.setattr(columnar, "MOST_UNPACKED", 1_000_000)
    with pytest.raises(DataError, match=r"column 'text' unpacks .* bytes to 4,0.*allowed: up to 200 times"):
        open_table(tmp_path / "r.parquet")


def test_damaged_parquet(tmp_path: Path) -> None:
    for damage in [lambda content: content[:50], lambda content: content[:-30] + b"\0" * 30]:
        parquet.write_table(pa.table({"text": ["Good."] * 100}), tmp_path / "r.parquet")
        (tmp_path / "r.parquet").write_bytes(damage((tmp_path / "r.parquet").read_bytes()))
        with pytest.raises(DataError, match="r.parquet cannot be read as Parquet .*allowed: a whole"):
            open_table(tmp_path / "r.parquet")


def test_damaged_parquet_is_closed_while_its_error_is_shown(tmp_path: Path) -> None:
    """Windows deletes no file that is open."""
    path = put(tmp_path / "r.parquet", "PAR1 not a table")
    with pytest.raises(DataError) as told:
        open_table(path)
    assert told.value.__context__ is not None  # which holds on to whatever was left open
    assert str(path) not in [one.path for one in psutil.Process().open_files()]


def hub_folder(folder: Path) -> Path:
    """A local data set laid out as on the Hub, with a class label and a column that is no plain value."""
    features = datasets.Features({"id": datasets.Value("int64"), "text": datasets.Value("string"),
                                  "label": datasets.ClassLabel(names=["neg", "pos"]),
                                  "tokens": datasets.List(datasets.Value("string"))})
    rows = {"id": [1, 2, 3], "text": ["Good.", "Bad.", "So."], "label": [1, 0, -1], "tokens": [["a"], [], ["b"]]}
    (folder / "data").mkdir(parents=True)
    datasets.Dataset.from_dict(rows, features=features).to_parquet(folder / "data" / "part-0.parquet")
    (folder / "README.md").write_text(
        "---\nconfigs:\n- config_name: default\n  data_files:\n  - split: test\n    path: data/part-*.parquet\n"
        "dataset_info:\n  features:\n  - name: id\n    dtype: int64\n  - name: text\n    dtype: string\n"
        "  - name: label\n    dtype:\n      class_label:\n        names:\n          '0': neg\n          '1': pos\n"
        "  - name: tokens\n    list: string\n---\n", encoding="utf-8")
    return folder


def test_a_data_set_of_the_hub(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(datasets.config, "HF_DATASETS_CACHE", tmp_path / "cache")
    source = f"hub:{hub_folder(tmp_path / 'hub')}"
    table = open_table(source, split="test")
    assert table.columns == ("id", "text", "label") and table.label == f"{source}, split test"
    assert of(table, "text", "label") == [{"text": "Good.", "label": "pos"}, {"text": "Bad.", "label": "neg"},
                                          {"text": "So.", "label": None}]
    assert open_table(source, split="test").digest == table.digest
    with pytest.raises(DataError, match="Split 'train' of hub:.* cannot be read: .*or give a file"):
        open_table(source)
    assert open_table(f"{source}#default", split="test").digest == table.digest
    with pytest.raises(DataError, match="cannot be read"):
        open_table(f"{source}#other", split="test")


def test_the_digest_is_of_the_content(tmp_path: Path) -> None:
    one, same = (open_table(put(tmp_path / name, CSV)) for name in ("a.csv", "b.csv"))
    other = open_table(put(tmp_path / "c.csv", CSV.replace("Never", "Ever")))
    assert one.digest == same.digest != other.digest


def test_what_is_no_table(tmp_path: Path) -> None:
    for name, content, says in [
        ("r.docx", "Good.", r"no Parquet file.*allowed: names that end in \.csv, \.tsv, \.txt, \.jsonl"),
        ("r.json", "[]", "no Parquet file"), ("r.parquet", "id,text\n", "no Parquet file"),
        ("r.jsonl", '[\n{"text": "x"},\n]', "holds no JSON object on a line of its own"),
        ("r.jsonl", "", "holds no JSON"),
        ("r.csv", "", "names no columns"), ("r.csv", "PK\x03\x04", "a zip file or an Excel workbook"),
    ]:
        with pytest.raises(DataError, match=says):
            open_table(put(tmp_path / name, content))


def test_what_is_no_file(tmp_path: Path) -> None:
    for path in (tmp_path, tmp_path / "nowhere.csv"):
        with pytest.raises(DataError, match="There is no file at .*or hub:OWNER/NAME"):
            open_table(path)


def test_a_missing_column_lists_those_there(tmp_path: Path) -> None:
    table = open_table(put(tmp_path / "r.csv", ",".join(f"c{n}" for n in range(25)) + "\n"))
    with pytest.raises(DataError, match="has no column 'text'; columns there: 'c0', .*'c19' and 5 more"):
        list(table.records(["text"]))


def test_a_file_that_changes_while_it_is_read(tmp_path: Path) -> None:
    table = open_table(put(tmp_path / "r.csv", CSV, "ascii" if CSV.isascii() else "utf-8"))
    (tmp_path / "r.csv").write_bytes(b"id,text\na,caf\xe9\n")
    with pytest.raises(DataError, match="changed while it was read"):
        list(table.records(["text"]))
