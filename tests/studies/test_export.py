"""What leaves the database: the same rows in CSV and Parquet, explained, harmless, and good for a replay."""

import csv
import io
import json
from pathlib import Path

import pyarrow.parquet as pq
import pytest

from sparsecbm.errors import CheckpointError, DataError, InputError
from sparsecbm.schema import CEBAB
from sparsecbm.service import Explainer
from sparsecbm.spreadsheet import MARK
from sparsecbm.studies import compute_export
from sparsecbm.studies.compute_export import export_study
from sparsecbm.studies.compute_replay import read_study, replay
from sparsecbm.studies.compute_service import StudyService, new_key
from sparsecbm.studies.compute_simulate import Annotator, simulate
from sparsecbm.studies.log import Entry
from sparsecbm.studies.protocol import Question
from sparsecbm.studies.run import step_of
from sparsecbm.studies.store import Store
from tests.helpers import tiny_checkpoint_of
from tests.studies.toys import a_protocol

FILES = {"study.json", "protocol.json", "events.csv", "events.parquet", "cases.csv", "cases.parquet", "codebook.csv"}
REMARK = "=HYPERLINK(\"http://x\")\u202e"


@pytest.fixture(scope="module")
def exported(explainer: Explainer, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A study with a person who revises and remarks, one who tried it out, and one simulated participant."""
    folder = tmp_path_factory.mktemp("study")
    protocol = a_protocol(2, arms=("subnetworks",), checkpoint=explainer.checkpoint.hash, questions=(
        *a_protocol().questions, Question("remark", "Why?", "text", "after", required=False)))
    with Store.open(f"sqlite:///{folder}/s.sqlite") as store:
        study = store.add_study(protocol)
        service, code = StudyService(store, explainer), store.enrol(study)
        store.enrol(study, "dry_run")
        simulate(store, study, explainer, Annotator(), 1)

        def act(action: str, **entered: object) -> None:
            sequence = step_of(store.course(code)).sequence
            assert service.act(code, Entry(action, sequence, new_key(), **entered)).status == "written"  # type: ignore[arg-type]

        act("consent")
        act("open")
        act("first", to="good", answers={"confidence_before": 2})
        for value in explainer.schema.values[:2]:
            act("revise", concept="room", to=value, portion=0.1)
        act("set", concept="soup", to="0.25,0.25,0.5")
        act("final", to="bad", answers={"confidence_after": 4, "remark": REMARK})
        export_study(store, study, folder / "out")
        assert [note.kind for note in store.notes(study)] == ["exported"]
    return folder / "out"


def test_a_full_disk_leaves_no_half_of_a_study(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write, written = compute_export.write_bytes, list[str]()

    def full(path: Path, content: bytes) -> None:
        if len(written) == 3:
            raise OSError("No space left on device")
        written.append(path.name)
        write(path, content)

    monkeypatch.setattr(compute_export, "write_bytes", full)
    with Store.open(f"sqlite:///{tmp_path}/s.sqlite") as store, pytest.raises(OSError, match="No space"):
        export_study(store, store.add_study(a_protocol()), tmp_path / "out")
    assert len(written) == 3 and list((tmp_path / "out").iterdir()) == []


def rows_of(path: Path) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(path.read_text(encoding="utf-8"))))


def test_csv_parquet_and_codebook_tell_the_same(exported: Path) -> None:
    assert {path.name for path in exported.iterdir()} == FILES
    codebook = rows_of(exported / "codebook.csv")
    for table, count in (("events", 7), ("cases", 1)):
        plain, typed = rows_of(exported / f"{table}.csv"), pq.read_table(exported / f"{table}.parquet")
        explained = [row for row in codebook if row["table"] == table]
        assert list(plain[0]) == typed.column_names == [row["column"] for row in explained]
        assert all(row["meaning"] and row["type"] for row in explained)
        assert len(plain) == typed.num_rows
        people = [row for row in typed.to_pylist() if row["kind"] == "person"]
        assert len(people) == count and {row["kind"] for row in typed.to_pylist()} == {"person", "simulated"}
        for row, cells in zip(plain, typed.to_pylist(), strict=True):
            assert row["case"] == (cells["case"] or "") and row["number"] == str(cells["number"])
    (case,) = [row for row in pq.read_table(exported / "cases.parquet").to_pylist() if row["kind"] == "person"]
    assert (case["first"], case["final"], case["truth"], case["revised"], case["set"]) == ("good", "bad", "good", 2, 1)
    assert (case["confidence_before"], case["confidence_after"], case["order"]) == (2, 4, "room>room>soup")
    account = json.loads((exported / "study.json").read_text(encoding="utf-8"))
    assert (account["participants"], account["cases"], account["log"][0]["kind"]) == (2, 3, "exported")


def test_free_text_is_harmless_in_csv_and_whole_in_parquet(exported: Path) -> None:
    (remark,) = [row["question_remark"] for row in rows_of(exported / "cases.csv") if row["question_remark"]]
    assert remark == MARK + '=HYPERLINK("http://x")[U+202E]'
    assert REMARK in pq.read_table(exported / "cases.parquet")["question_remark"].to_pylist()
    assert "\u202e" not in "".join((exported / name).read_text(encoding="utf-8")
                                   for name in FILES if name.endswith(".csv"))


def test_a_replay_finds_every_prediction_again(exported: Path, explainer: Explainer) -> None:
    shown = [row for row in pq.read_table(exported / "events.parquet").to_pylist() if row["after"]]
    found = replay(exported, explainer)
    assert found.predictions == found.identical == len(shown) > 4 and found.changed == () and found.largest < 1e-6
    assert found.recorded == found.loaded == explainer.checkpoint.hash


def test_a_replay_with_another_model_says_what_changed(exported: Path, tmp_path: Path) -> None:
    found = replay(exported, Explainer(tiny_checkpoint_of(tmp_path, seed=5)))
    assert found.loaded != found.recorded and found.identical < found.predictions
    assert len(found.changed) == found.predictions - found.identical and found.largest > 1e-5
    first = found.changed[0]
    assert first.difference > 1e-5 and first.case in ("c0", "c1") and first.action == "first"
    assert any(one.other_weights for one in found.changed if one.action == "revise")


def test_a_folder_that_was_changed_or_is_none_is_refused(exported: Path, tmp_path: Path, explainer: Explainer) -> None:
    for name in FILES:
        (tmp_path / name).write_bytes((exported / name).read_bytes())
    read_study(tmp_path)
    protocol = (exported / "protocol.json").read_text(encoding="utf-8")
    (tmp_path / "protocol.json").write_text(protocol.replace("tasty", "bland"), encoding="utf-8")
    with pytest.raises(DataError, match=r"changed files: protocol\.json"):
        replay(tmp_path, explainer)
    (tmp_path / "study.json").write_text("[]", encoding="utf-8")
    with pytest.raises(DataError, match="not an exported study"):
        replay(tmp_path, explainer)
    with pytest.raises(DataError, match="not an exported study"):
        replay(tmp_path / "nowhere", explainer)
    with pytest.raises(CheckpointError, match="the same names"):
        replay(exported, Explainer(tiny_checkpoint_of(tmp_path / "cebab", schema=CEBAB)))
    with Store.open(f"sqlite:///{tmp_path}/s.sqlite") as store, pytest.raises(InputError, match="not empty"):
        export_study(store, store.add_study(a_protocol()), tmp_path)
