"""What `predict` wrote, it reads again unchanged, whatever the texts are; tables of others keep what they hold."""

import json
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import given, settings
from hypothesis import strategies as some

from sparsecbm.batch.compute import predict_table
from sparsecbm.data.columns import Columns
from sparsecbm.data.own_table import TextRow, text_rows
from sparsecbm.data.table_source import open_table
from sparsecbm.spreadsheet import MARK
from tests.batch.stubs import stub, table

#: Pieces of texts: signs of formulas, apostrophes and marks, quotes and separators, ends of lines, what nobody sees.
PIECES = (
    *"=+-@'\"\\,;|\t\n\r <é＝", "\r\n", MARK, "\u2060", "\u00a0", "\u3000", "\ufeff", "\u00ad", "\u200b", "\u202e",
    "\u2066", "\u2028", "\u0085", "\x07", "\x1b", "\x1a", "שלום", "🍜", "[U+202E]", "&amp;", "NA", "1.0",
)
STARTS = some.lists(some.sampled_from(PIECES), min_size=1, max_size=6)
TEXTS = some.lists(STARTS.map(lambda pieces: "".join(pieces) + "soup"), min_size=10, max_size=20)


def rows(path: Path) -> list[tuple[str, str]]:
    read = list(text_rows(open_table(path), Columns("text", "id")))
    assert all(isinstance(row, TextRow) for row in read)
    return [(row.id, row.text) for row in read if isinstance(row, TextRow)]


@pytest.mark.parametrize("name", ["out.csv", "out.jsonl", "out.parquet"])
@settings(max_examples=8, deadline=None)
@given(texts=TEXTS)
def test_every_text_and_id_is_read_as_it_was_written(name: str, texts: list[str]) -> None:
    said = [(f"{text[:4]}{number}".strip(), text) for number, text in enumerate(texts)]
    with TemporaryDirectory() as folder:
        content = "".join(json.dumps({"id": id, "text": text}) + "\n" for id, text in said)
        source, output = table(Path(folder), content, "in.jsonl"), Path(folder) / name
        for _ in range(2):  # what was read from an output is written to the next one
            report = predict_table(source, Columns("text", "id"), stub(), output, text=True)
            assert report.counts.predicted == len(said) and rows(output) == said
            source, output = open_table(output), output.with_name(f"again-{name}")


@pytest.mark.parametrize("text", ["\ud800 soup", "soup \0"], ids=["lone surrogate", "NUL"])
def test_what_a_file_cannot_hold_is_rejected_with_the_reason(text: str, tmp_path: Path) -> None:
    source = table(tmp_path, json.dumps({"text": text}) + '\n{"text": "Good soup"}\n', "in.jsonl")
    report = predict_table(source, Columns("text"), stub(), tmp_path / "out.csv", text=True)
    assert rows(tmp_path / "out.csv") == [("2", "Good soup")] and report.rejects is not None
    (reject,) = map(json.loads, report.rejects.read_text(encoding="utf-8").splitlines())
    assert reject["line"] == 1 and "remove it" in reject["reason"]


def test_apostrophes_of_other_programs_stay(tmp_path: Path) -> None:
    texts = ["'=1+1", "'tis good", "''+x", "' =1", "'"]
    table(tmp_path, "id,text\n" + "".join(f"{number},{text}\n" for number, text in enumerate(texts)), "in.csv")
    assert [text for _, text in rows(tmp_path / "in.csv")] == texts
