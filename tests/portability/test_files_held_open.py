"""No file is removed, replaced or overwritten while this program holds it open: Windows refuses that."""

import json
import os
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from pyarrow import parquet

from sparsecbm.__main__ import main
from sparsecbm.batch import compute, compute_parts
from sparsecbm.data.records import Record
from sparsecbm.data.table_source import open_table
from sparsecbm.errors import DataError, SparseCBMError
from sparsecbm.model.backbone import pretrained_backbone
from sparsecbm.model.checkpoint import add_metrics
from sparsecbm.model.encoding import Encoder
from sparsecbm.revision.compute_patch import PatchStore
from sparsecbm.service import Explainer
from sparsecbm.studies.compute_export import export_study
from sparsecbm.studies.compute_replay import read_study
from sparsecbm.studies.store import Store
from sparsecbm.training.loop import Trainer
from sparsecbm.training.train import train
from sparsecbm.ui.upload import as_file
from tests.helpers import backbone_folder, saved_checkpoint, toy_reviews, toy_split, train_config
from tests.portability.held_open import held, windows_rules
from tests.studies.toys import a_protocol

pytestmark = pytest.mark.skipif(not os.path.exists("/proc/self/maps"), reason="what is held is read from Linux's /proc")

TEXT = "The soup was tasty but the room felt shabby."


@pytest.fixture
def refused(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[str]]:
    """Under the rules of Windows, nothing is refused to the product."""
    monkeypatch.setattr(compute_parts, "_REMOVES_OPEN_FILES", False)
    found = windows_rules(monkeypatch.setattr)
    yield found
    assert not found


def held_in(folder: Path) -> list[str]:
    """The files of a folder that are held."""
    return [file for file in held() if file.startswith(str(folder.resolve()))]


def test_the_rules_hold(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path, other = tmp_path / "a", tmp_path / "b"
    for one in (path, other):
        one.write_bytes(b"text")
    refused = windows_rules(monkeypatch.setattr)
    with path.open("rb"):
        for act in (path.unlink, lambda: other.replace(path), lambda: path.rename(other), lambda: os.remove(path),
                    lambda: shutil.rmtree(tmp_path), lambda: shutil.move(path, other)):
            with pytest.raises(PermissionError):
                act()
    assert len(refused) >= 6
    view = np.memmap(path, dtype=np.uint8, mode="r")
    with pytest.raises(PermissionError):
        path.write_bytes(b"new")
    del view
    path.write_bytes(b"new")
    path.unlink()


# -- checkpoints and training --------------------------------------------------------------------------------------


def test_a_loaded_checkpoint_is_read_once_and_never_held(tmp_path: Path) -> None:
    folder, whole = saved_checkpoint(tmp_path / "model"), saved_checkpoint(tmp_path / "whole")
    explainer, twin = Explainer.load(folder, "cpu"), Explainer.load(whole, "cpu")
    assert not held_in(folder)
    for file in folder.iterdir():
        file.write_bytes(b"")  # cut in place, as a copy that begins anew does
    for ask in ANSWERS:
        assert repr(ask(explainer)) == repr(ask(twin))


ANSWERS: tuple[Callable[[Explainer], Any], ...] = (
    lambda e: e.predict(TEXT).label_probabilities, lambda e: e.overlap().total.jaccard,
    lambda e: e.explain(TEXT).attributions[0].scores, lambda e: e.active_weights("soup"),
    lambda e: e.predict_sparser(TEXT, 0.9).after.label_probabilities,
    lambda e: e.revise(TEXT, "soup", "Negative", portion=0.1).after.label_probabilities)


@pytest.mark.slow
def test_a_run_is_stopped_continued_and_made_again_under_a_loaded_model(
    tmp_path: Path, refused: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    settings = train_config(backbone_folder(tmp_path / "bert", num_hidden_layers=1))
    rows, others = toy_split(), toy_split(name="dev", reviews=toy_reviews(3)[18:])
    epoch, output = Trainer._epoch, tmp_path / "model"

    def stopped(self: Trainer, *given: Any) -> None:
        if self.progress.epoch:
            raise KeyboardInterrupt
        epoch(self, *given)

    monkeypatch.setattr(Trainer, "_epoch", stopped)
    with pytest.raises(KeyboardInterrupt):
        train(settings, rows, others, output, "cpu")
    monkeypatch.setattr(Trainer, "_epoch", epoch)
    train(settings, rows, others, output, "cpu", resume=True)
    explainer = Explainer.load(output, "cpu")
    before = explainer.predict(TEXT).label_probabilities
    shutil.copytree(output, tmp_path / "start")
    train(train_config(settings.backbone, seed=5), rows, others, output, "cpu")
    add_metrics(output, {"noted": 1})
    assert explainer.predict(f"{TEXT} ").label_probabilities.tolist() == pytest.approx(before.tolist())
    assert explainer.renew_notes() != explainer.checkpoint.hash
    shutil.rmtree(output)
    shutil.rmtree(settings.backbone)


def test_a_backbone_is_not_held_while_it_is_trained(tmp_path: Path) -> None:
    folder = backbone_folder(tmp_path / "bert", num_hidden_layers=1)
    backbone, encoder = pretrained_backbone(folder), Encoder.load(folder, 16)
    before = {name: tensor.clone() for name, tensor in backbone.state_dict().items()}
    assert not held_in(folder)
    for file in folder.iterdir():
        file.write_bytes(b"")
    assert all((tensor == before[name]).all() for name, tensor in backbone.state_dict().items())
    assert encoder.encode([TEXT]).input_ids.numel()


# -- tables --------------------------------------------------------------------------------------------------------

ROWS = [{"text": f"{TEXT} {number}", "n": number} for number in range(9)]
FORMS: dict[str, bytes] = {
    "csv": ("text,n\n" + "".join(f"{row['text']},{row['n']}\n" for row in ROWS)).encode(),
    "tsv": ("text\tn\n" + "".join(f"{row['text']}\t{row['n']}\n" for row in ROWS)).encode("utf-16"),
    "jsonl": "".join(json.dumps(row) + "\n" for row in ROWS).encode(),
}


def content_of(form: str) -> bytes:
    """The rows in a form."""
    if form != "parquet":
        return FORMS[form]
    sink = pa.BufferOutputStream()
    parquet.write_table(pa.Table.from_pylist(ROWS), sink)
    content: bytes = sink.getvalue().to_pybytes()
    return content


@pytest.mark.parametrize(("form", "ending"), [("csv", ".csv"), ("tsv", ".jsonl"), ("jsonl", ".parquet"),
                                              ("parquet", ".parquet")])  # what is read and what is written meet nowhere
def test_a_batch_is_stopped_continued_and_made_again(
    form: str, ending: str, tmp_path: Path, refused: list[str], monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    source, output = tmp_path / f"in.{form}", tmp_path / f"out{ending}"
    source.write_bytes(content_of(form))
    line = ["predict", "--input", str(source), "--output", str(output), "--device", "cpu", "--checkpoint",
            str(saved_checkpoint(tmp_path / "model"))]
    monkeypatch.setattr(compute, "WINDOW_ROWS", 4)
    predict, asked = Explainer.predict_texts, list[int]()

    def stopped(self: Explainer, *given: Any) -> Any:
        asked.append(1)
        if len(asked) == 2:
            raise KeyboardInterrupt
        return predict(self, *given)

    monkeypatch.setattr(Explainer, "predict_texts", stopped)
    assert main(line) == 130
    assert main(line) == 0, capsys.readouterr().err
    assert main([*line, "--restart"]) == 0, capsys.readouterr().err
    assert sorted(path.name for path in tmp_path.iterdir()) == ["in." + form, "model", output.name]
    source.unlink()


@pytest.mark.parametrize("form", [*FORMS, "parquet"])
def test_an_upload_is_gone_when_it_is_read(form: str, refused: list[str]) -> None:
    with as_file(f"reviews.{form}", content_of(form)) as path:
        table = open_table(path)
        assert sum(isinstance(record, Record) for record in table.records(("text",))) == len(ROWS)
        next(iter(table.records(("text",))))  # a preview reads only the beginning
    assert not path.parent.exists()


DAMAGED: dict[str, bytes] = {
    "cut.parquet": content_of("parquet")[:-9], "page.parquet": b"PAR1" + bytes(400) + content_of("parquet")[404:],
    "text.csv": b"text\n\xff\xfe\xfd\n" * 9, "quotes.csv": b'text,n\n"open,1\n' * 9, "no.jsonl": b"[1]\n{",
    "nothing.csv": b"",
}


@pytest.mark.parametrize("name", DAMAGED)
def test_a_damaged_upload_is_gone_too(name: str, refused: list[str]) -> None:
    kept: list[SparseCBMError] = []  # as a page keeps it, with its traceback
    try:
        with as_file(name, DAMAGED[name]) as path:
            list(open_table(path).records(("text",)))
    except DataError as error:
        kept.append(error)
    assert not path.parent.exists()


# -- patches and studies -------------------------------------------------------------------------------------------


def test_patches_are_replaced_and_deleted(tmp_path: Path, refused: list[str]) -> None:
    explainer, store = Explainer.load(saved_checkpoint(tmp_path / "model"), "cpu"), PatchStore(tmp_path / "patches")
    revision = explainer.revise(TEXT, "soup", "Negative", portion=0.1).revision
    file = store.save(explainer.patch("one", [revision]))
    loaded, listed = store.load(file), store.list()
    assert not held_in(store.folder)
    explainer.check_patch(loaded)
    exported = store.export(file)
    store.delete(file)
    store.delete(store.add(exported))
    assert listed and not any(store.folder.iterdir())


def test_a_study_leaves_nothing_open(tmp_path: Path, refused: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
    with TemporaryDirectory(dir=tmp_path) as folder:
        file = Path(folder) / "studies.sqlite"
        monkeypatch.setenv("SPARSECBM_STUDIES", str(file))
        with Store.open(f"sqlite:///{file}") as store:
            study = store.add_study(a_protocol())
            export_study(store, study, Path(folder) / "study")
        assert not read_study(Path(folder) / "study")[0]["closed"]
        for line in (["list"], ["results", study], ["export", study, f"{folder}/again"], ["export", "?", f"{folder}/"]):
            main(["study", *line])
        shutil.rmtree(Path(folder) / "study")
    assert not Path(folder).exists()


def test_a_database_that_cannot_be_used_is_not_held(tmp_path: Path, refused: list[str]) -> None:
    file = tmp_path / "studies.sqlite"
    file.write_bytes(b"no database" * 100)
    with pytest.raises(DataError) as kept:
        Store.open(f"sqlite:///{file}")
    assert kept.value
    file.unlink()
