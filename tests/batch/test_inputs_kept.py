"""Whatever the output is called: the table that is read stays, and so does what others keep beside the output."""

import os
from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
from itertools import product
from pathlib import Path

import pytest

from sparsecbm.batch.compute import predict_table
from sparsecbm.data.columns import Columns
from sparsecbm.data.table_source import open_table
from sparsecbm.errors import InputError
from tests.batch.stubs import stub
from tests.helpers import symlink

CONTENT = "text\nGood soup\n\" \"\n"  # with a reject
INPUTS = ("y.csv", "Y.csv", "y.csv.rejects.jsonl", "y.csv.parts/y.csv", "y.csv.parts/part-000000.parquet", ".y.csv.new",
          "y.csv.parts/rejects-000000.jsonl", "sub/y.csv", "y.csv.parts/state.json")
OUTPUTS = ("y.csv", "sub/../y.csv", "Y.csv", "y.jsonl", "other.csv")
WAYS: dict[str, Callable[[Path, Path], None]] = {
    "itself": lambda kept, path: kept.replace(path), "a link": lambda kept, path: symlink(path, kept),
    "a second name": lambda kept, path: os.link(kept, path),
}


@pytest.mark.parametrize("way", WAYS)
def test_no_input_is_lost_or_changed(way: str, tmp_path: Path) -> None:
    for number, (read, written) in enumerate(product(INPUTS, OUTPUTS)):
        folder = tmp_path / str(number)
        source, kept = folder / read, folder / "kept.csv"
        source.parent.mkdir(parents=True, exist_ok=True)
        (folder / "sub").mkdir(exist_ok=True)
        kept.write_text(CONTENT, encoding="utf-8", newline="\n")
        opened = open_table(kept)
        records = list(opened.records(["text"]))
        WAYS[way](kept, source)
        opened = replace(opened, label=str(source), reader=lambda _, records=records: iter(records))
        with suppress(InputError):
            predict_table(opened, Columns("text"), stub(), folder / written, restart=True)
        assert source.read_text(encoding="utf-8") == CONTENT, (read, written)
        assert source.is_symlink() == (way == "a link") and (way == "itself" or kept.exists()), (read, written)


def test_what_others_keep_beside_the_output_stays(tmp_path: Path) -> None:
    (tmp_path / "in.csv").write_text("text\nGood soup\n", encoding="utf-8")
    parts, rejects = tmp_path / "y.csv.parts", tmp_path / "y.csv.rejects.jsonl"
    parts.mkdir()
    (parts / "mine.txt").write_text("mine", encoding="utf-8")
    rejects.write_text("mine", encoding="utf-8")
    table = open_table(tmp_path / "in.csv")
    with pytest.raises(InputError, match="rejects.jsonl is there already"):
        predict_table(table, Columns("text"), stub(), tmp_path / "y.csv")
    assert rejects.read_text(encoding="utf-8") == "mine"
    rejects.unlink()
    predict_table(table, Columns("text"), stub(), tmp_path / "y.csv")
    assert [path.name for path in parts.iterdir()] == ["mine.txt"] and (tmp_path / "y.csv").exists()
