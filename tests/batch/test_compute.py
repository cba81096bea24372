"""Every row of a table comes out once and in its place, whatever stops the batch on the way."""

import json
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from filelock import FileLock
from pyarrow import parquet

from sparsecbm.batch import compute as job
from sparsecbm.batch import compute_parts
from sparsecbm.batch.compute import BatchModel, predict_table
from sparsecbm.batch.compute_parts import Counts
from sparsecbm.data.columns import Columns
from sparsecbm.data.records import Record, Reject
from sparsecbm.errors import Cancelled, InputError
from sparsecbm.service import Explainer
from tests.batch.stubs import stub, table
from tests.helpers import saved_checkpoint

COLUMNS = Columns("text", "id")
CONTENT = "id,text\na,Good soup.\nb,\nc,Bad.\nd,A long but not bad meal.\na,Good again.\ne,So so.\nf,Good.\n"
IDS = ["a", "c", "d", "e", "f"]


@pytest.fixture(autouse=True)
def _small_windows(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(job, "WINDOW_ROWS", 2)


def read(path: Path) -> list[dict[str, Any]]:
    return list(parquet.read_table(path).to_pylist())


def rejects_of(output: Path) -> list[tuple[int, str]]:
    lines = Path(f"{output}.rejects.jsonl").read_text(encoding="utf-8").splitlines()
    return [(row["line"], row["reason"].partition(";")[0]) for row in map(json.loads, lines)]


class StopAfter:
    """Progress that cancels once so many parts are kept."""

    def __init__(self, output: Path, parts: int) -> None:
        self.folder, self.parts, self.shares = Path(f"{output}.parts"), parts, list[float]()

    def __call__(self, share: float) -> None:
        self.shares.append(share)
        state = self.folder / "state.json"
        if state.exists() and json.loads(state.read_text(encoding="utf-8"))["parts"] >= self.parts:
            raise Cancelled("Stopped.")


def test_rows_keep_their_order_and_bad_ones_are_told(tmp_path: Path) -> None:
    asked: list[list[str]] = []
    shares: list[float] = []
    output = tmp_path / "out.parquet"
    report = predict_table(table(tmp_path, CONTENT), COLUMNS, stub(asked=asked), output, progress=shares.append)
    rows = read(output)
    assert [(row["id"], row["line"], row["label"], row["margin"], row["truncated"]) for row in rows] == [
        ("a", 2, "good", 0.5, False), ("c", 4, "bad", 0.125, False), ("d", 5, "bad", 0.125, True),
        ("e", 7, "bad", 0.125, False), ("f", 8, "good", 0.5, False)]
    assert asked == [["Good soup."], ["Bad.", "A long but not bad meal."], ["So so."], ["Good."]]
    assert rejects_of(output) == [(3, "text is empty"), (6, "id 'a' came before, in line 2")]
    assert report.counts == Counts(read=7, predicted=5, rejected=2, truncated=1) and report.before == 0
    assert shares == sorted(shares) and shares[-1] == 1
    assert {path.name for path in tmp_path.iterdir()} == {"out.parquet", "out.parquet.rejects.jsonl", "reviews.csv"}


@pytest.mark.parametrize("parts", [1, 2, 3])
def test_a_stopped_batch_goes_on_where_it_was(tmp_path: Path, parts: int) -> None:
    whole, output = tmp_path / "whole.parquet", tmp_path / "out.parquet"
    source, asked = table(tmp_path, CONTENT), list[list[str]]()
    predict_table(source, COLUMNS, stub(), whole)
    with pytest.raises(Cancelled):
        predict_table(source, COLUMNS, stub(asked=asked), output, progress=StopAfter(output, parts))
    assert not output.exists()
    report = predict_table(source, COLUMNS, stub(asked=asked), output)
    assert read(output) == read(whole) and rejects_of(output) == rejects_of(whole)
    assert (report.before, report.counts.read) == (2 * parts, 7)
    assert asked == [["Good soup."], ["Bad.", "A long but not bad meal."], ["So so."], ["Good."]]  # nothing twice
    assert not Path(f"{output}.parts").exists()


def test_a_batch_that_fails_within_a_window_does_it_again(tmp_path: Path) -> None:
    output, failed = tmp_path / "out.parquet", list[str]()

    def fail(texts: Sequence[str]) -> None:
        if "Bad." in texts and not failed:
            failed.append("once")
            raise MemoryError

    model, source = stub(hook=fail), table(tmp_path, CONTENT)
    with pytest.raises(MemoryError):
        predict_table(source, COLUMNS, model, output)
    parts = Path(f"{output}.parts")
    (parts / "part-000001.parquet").write_bytes(b"half a part, from a crash before the state was written")
    predict_table(source, COLUMNS, model, output)
    assert [row["id"] for row in read(output)] == IDS


def test_nothing_is_left_of_a_batch_that_never_got_to_a_part(tmp_path: Path) -> None:
    output = tmp_path / "out.parquet"
    with pytest.raises(Cancelled):
        predict_table(table(tmp_path, CONTENT), COLUMNS, stub(), output, progress=StopAfter(output, 1))
    assert Path(f"{output}.parts").exists()
    other = tmp_path / "other.parquet"

    def stop(share: float) -> None:
        raise Cancelled("Stopped.")

    with pytest.raises(Cancelled):
        predict_table(table(tmp_path, CONTENT), COLUMNS, stub(), other, progress=stop)
    assert not Path(f"{other}.parts").exists()


@pytest.mark.parametrize(("change", "says"), [
    ("input", "another input"), ("checkpoint", "another checkpoint or patch"), ("columns", "another choice of columns"),
    ("texts", "another choice of columns"), ("reading", "another encoding or separator"),
])
def test_a_stopped_batch_of_something_else_is_not_gone_on_with(tmp_path: Path, change: str, says: str) -> None:
    output, source = tmp_path / "out.parquet", table(tmp_path, CONTENT)
    with pytest.raises(Cancelled):
        predict_table(source, COLUMNS, stub(), output, progress=StopAfter(output, 2))
    model = stub("another" if change == "checkpoint" else "model")
    columns = Columns("text") if change == "columns" else COLUMNS
    if change == "input":
        source = table(tmp_path, CONTENT.replace("So so", "Good, so"))
    elif change == "reading":
        source = replace(source, form="csv cp1251 ','")
    with pytest.raises(InputError, match=f"unfinished batch of {says}; allowed: .*--restart"):
        predict_table(source, columns, model, output, text=change == "texts")
    report = predict_table(source, columns, model, output, text=change == "texts", restart=True)
    assert report.before == 0 and read(output)[-1]["id"] == ("8" if change == "columns" else "f")


def test_a_finished_output_is_only_replaced_when_asked(tmp_path: Path) -> None:
    output = tmp_path / "out.parquet"
    predict_table(table(tmp_path, CONTENT), COLUMNS, stub(), output)
    before, short = output.read_bytes(), table(tmp_path, "id,text\nz,Good.\n")
    with pytest.raises(InputError, match=r"out.parquet is there already.*--restart"):
        predict_table(short, COLUMNS, stub(), output)
    assert output.read_bytes() == before and not Path(f"{output}.parts").exists()
    predict_table(short, COLUMNS, stub(), output, restart=True)
    assert [row["id"] for row in read(output)] == ["z"] and not Path(f"{output}.rejects.jsonl").exists()


def test_two_runs_do_not_write_the_same_batch(tmp_path: Path) -> None:
    output, source = tmp_path / "out.parquet", table(tmp_path, CONTENT)

    def meanwhile(_: Sequence[str]) -> None:
        with pytest.raises(InputError, match="Another run is writing"):
            predict_table(source, COLUMNS, stub(), output, restart=True)

    predict_table(source, COLUMNS, stub(hook=meanwhile), output)
    assert [row["id"] for row in read(output)] == IDS


@pytest.mark.parametrize("while_open", [True, False])
def test_the_lock_goes_while_it_is_held_or_after_it_is_closed(
    while_open: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Windows removes no open file; elsewhere, a file that is no longer locked may be another run's."""
    held, removed = list[FileLock](), list[bool]()

    class Lock(FileLock):
        def acquire(self, *settings: Any, **more: Any) -> Any:
            held.append(self)
            return super().acquire(*settings, **more)

    unlink = Path.unlink

    def noted(path: Path, missing_ok: bool = False) -> None:
        if path.name == "lock":
            removed.append(held[0].is_locked)
        unlink(path, missing_ok)

    monkeypatch.setattr(compute_parts, "_REMOVES_OPEN_FILES", while_open)
    monkeypatch.setattr(compute_parts, "FileLock", Lock)
    monkeypatch.setattr(Path, "unlink", noted)
    predict_table(table(tmp_path, CONTENT), COLUMNS, stub(), tmp_path / "out.parquet")
    assert removed == [while_open] and not held[0].is_locked and not (tmp_path / "out.parquet.parts").exists()


def test_a_damaged_state_is_told(tmp_path: Path) -> None:
    output = tmp_path / "out.parquet"
    folder = Path(f"{output}.parts")
    folder.mkdir()
    (folder / "state.json").write_text('{"format": 1}', encoding="utf-8")
    with pytest.raises(InputError, match="state.json is not the state of a batch"):
        predict_table(table(tmp_path, CONTENT), COLUMNS, stub(), output)


@pytest.mark.parametrize(("content", "rows", "rejected"), [("id,text\n", 0, 0), ("id,text\na,\nb, \n", 0, 2)])
def test_a_table_without_a_usable_row(tmp_path: Path, content: str, rows: int, rejected: int) -> None:
    output = tmp_path / "out.parquet"
    report = predict_table(table(tmp_path, content), COLUMNS, stub(), output)
    assert len(read(output)) == rows and report.counts.rejected == rejected
    assert (report.rejects is not None) == bool(rejected) == Path(f"{output}.rejects.jsonl").exists()


def test_outputs_that_cannot_be_written(tmp_path: Path) -> None:
    source = table(tmp_path, CONTENT)
    for output, says in ((tmp_path / "out.xlsx", "'.xlsx'; allowed: .parquet, .csv, .jsonl"),
                         (tmp_path / "nowhere" / "out.csv", "lies in no folder"),
                         (tmp_path / "reviews.csv", "is the input")):
        with pytest.raises(InputError, match=says):
            predict_table(source, COLUMNS, stub(), output, restart=True)
    assert (tmp_path / "reviews.csv").read_text(encoding="utf-8") == CONTENT


def test_no_more_than_a_window_is_read_ahead(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Windows end by rows, or by characters where texts are long."""
    taken, windows = [0], list[tuple[int, int]]()
    source = table(tmp_path, "id,text\n")

    def endless(_: Sequence[str]) -> Iterator[Record | Reject]:
        for number in range(1, 101):
            taken[0] += 1
            yield Record(number, {"id": number, "text": "Good. " * (100 if number > 50 else 1)}, number / 100)

    monkeypatch.setattr(job, "WINDOW_ROWS", 10)
    monkeypatch.setattr(job, "WINDOW_CHARACTERS", 1000)
    model = stub(hook=lambda texts: windows.append((len(texts), taken[0])))
    predict_table(replace(source, reader=endless), COLUMNS, model, tmp_path / "out.parquet")
    assert windows[:5] == [(10, 10 * n) for n in range(1, 6)] and windows[5:] == [(2, n) for n in range(52, 101, 2)]


@pytest.mark.parametrize("kind", ["sparse", "black_box"])
def test_a_real_model_says_what_it_says_of_each_text(tmp_path: Path, kind: str) -> None:
    explainer = Explainer.load(saved_checkpoint(tmp_path / "model", kind=kind), device="cpu")
    texts = ["The soup was tasty.", "It rained.", "The room felt shabby. " * 20, "Lunch for two! The soup was bland."]
    source = table(tmp_path, "".join(json.dumps({"text": text}) + "\n" for text in texts), "r.jsonl")
    predict_table(source, Columns("text"), BatchModel.of(explainer), tmp_path / "out.parquet")
    for text, row in zip(texts, read(tmp_path / "out.parquet"), strict=True):
        one = explainer.predict(text)
        assert (row["label"], row["truncated"]) == (one.label, one.truncated)
        shares = [row[f"label={label}"] for label in one.schema.labels]
        np.testing.assert_allclose(shares, one.label_probabilities, atol=1e-6)
        assert ("soup=Positive" in row) == ("concept_soup" in row) == (kind != "black_box")
        if kind != "black_box":
            assert row["concept_room"] == one.value("room")
            np.testing.assert_allclose(row["soup=unknown"], one.concept_probabilities[0, 1], atol=1e-6)


def test_a_model_with_mask_changes_is_another_model(tmp_path: Path) -> None:
    explainer = Explainer.load(saved_checkpoint(tmp_path / "model"), device="cpu")
    revision = explainer.revise("The soup was tasty.", "soup", "Negative", portion=0.1).revision
    plain, changed = BatchModel.of(explainer), BatchModel.of(explainer, [revision.change])
    assert plain.key == explainer.checkpoint.hash != changed.key and changed.key.startswith(plain.key)
    texts = ["The soup was tasty.", "The room felt warm."]
    found = changed.predict(texts, lambda _: None)
    for row, text in enumerate(texts):
        one = explainer.predict_changed(text, [revision.change])
        np.testing.assert_allclose(found.concept_probabilities[row], one.concept_probabilities, atol=1e-6)
    assert not np.allclose(found.concept_probabilities, plain.predict(texts, lambda _: None).concept_probabilities)
