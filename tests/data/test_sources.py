"""Folders, zips and the Hub give the same rows, and each fails with a sentence that helps."""

import zipfile
from pathlib import Path
from typing import Any
from unittest.mock import Mock

import datasets
import pytest

from sparsecbm.data import load_split, sources
from sparsecbm.data.sources import split_name
from sparsecbm.errors import DataError
from tests.data.releases import raw, toy_rows, write


def pack(folder: Path, archive: Path, inside: str = "") -> Path:
    """Zip a folder's files, below the folder `inside`."""
    with zipfile.ZipFile(archive, "w", zipfile.ZIP_DEFLATED) as target:
        for file in folder.iterdir():
            target.write(file, f"{inside}{file.name}")
    return archive


def test_a_zip_reads_as_its_folder(tmp_path: Path) -> None:
    for inside in ["", "CEBaB-v1.1/", "release/data/"]:
        folder = write(tmp_path / "release", "dev", toy_rows())
        archive = pack(folder, tmp_path / "release.zip", inside)
        with zipfile.ZipFile(archive, "a") as target:
            target.writestr("__MACOSX/release/dev.json", "not the data")
        zipped, plain = load_split("cebab", archive, "dev"), load_split("cebab", folder, "dev")
        assert zipped.data_hash == plain.data_hash
        assert zipped.texts == plain.texts


@pytest.mark.parametrize("asked", ["dev", "validation"])
@pytest.mark.parametrize("stored", ["dev", "validation"])
def test_dev_has_two_names(tmp_path: Path, asked: str, stored: str) -> None:
    split = load_split("cebab", write(tmp_path, stored, [raw(1)]), asked)
    assert (split.name, split.report.split, len(split)) == ("dev", "dev", 1)


def test_every_split_reads_its_own_file(tmp_path: Path) -> None:
    for name in ["train_exclusive", "train_inclusive", "train_observational", "test"]:
        for number, other in enumerate(["train_exclusive", "train_inclusive", "train_observational", "dev", "test"]):
            write(tmp_path, other, [raw(number, description=f"From {other}.")])
        assert load_split("cebab", str(tmp_path), name).texts == [f"From {name}."]


def test_an_unknown_split_lists_the_known_ones(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="Unknown split 'train'; allowed: train_exclusive, .*dev, validation, test"):
        load_split("cebab", tmp_path, "train")
    assert split_name("validation") == "dev"


def test_a_missing_split_lists_those_present(tmp_path: Path) -> None:
    folder = write(write(tmp_path / "release", "dev", [raw(1)]), "train_exclusive", [raw(2)])
    for source in (folder, pack(folder, tmp_path / "release.zip", "inside/")):
        with pytest.raises(DataError, match="has no test.json; splits present: train_exclusive, dev"):
            load_split("cebab", source, "test")


def test_an_empty_folder_has_no_splits(tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"has no dev.json or validation.json; splits present: none"):
        load_split("cebab", tmp_path, "dev")


def test_two_files_for_one_split_are_not_guessed_between(tmp_path: Path) -> None:
    folder = write(write(tmp_path, "dev", [raw(1)]), "validation", [raw(2)])
    with pytest.raises(DataError, match=r"more than once: dev.json, validation.json"):
        load_split("cebab", folder, "dev")


def test_a_source_that_does_not_exist(tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"no folder or zip file at .*nowhere.*hub:owner/name"):
        load_split("cebab", tmp_path / "nowhere", "dev")


def test_a_file_that_is_no_zip(tmp_path: Path) -> None:
    file = write(tmp_path, "dev", [raw(1)]) / "dev.json"
    with pytest.raises(DataError, match=r"dev.json is not a zip file that can be read"):
        load_split("cebab", file, "dev")


def test_a_file_that_cannot_be_read(tmp_path: Path) -> None:
    (tmp_path / "dev.json").mkdir()
    with pytest.raises(DataError, match="cannot be read .*Check that you may read"):
        load_split("cebab", tmp_path, "dev")


def test_a_corrupt_zip(tmp_path: Path) -> None:
    for damage in ["cut", "flipped", "dropped"]:
        folder = write(tmp_path / "release", "dev", [raw(number) for number in range(200)])
        archive = pack(folder, tmp_path / "release.zip")
        content = bytearray(archive.read_bytes())
        if damage == "cut":
            content = content[: len(content) // 2]
        elif damage == "flipped":
            for at in range(200, 260):
                content[at] ^= 0xFF
        else:
            del content[200:260]
        archive.write_bytes(content)
        with pytest.raises(DataError, match="is not a zip file that can be read"):
            load_split("cebab", archive, "dev")


def test_a_zip_bomb_is_refused_unread(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    archive = pack(write(tmp_path / "release", "dev", [raw(1)]), tmp_path / "release.zip")
    assert len(load_split("cebab", archive, "dev")) == 1
    monkeypatch.setattr(sources, "MOST_UNPACKED", 100)
    monkeypatch.setattr(zipfile.ZipFile, "read", lambda *_: pytest.fail("it was unpacked"))
    with pytest.raises(DataError, match=r"release.zip: dev.json unpacks to .* bytes; allowed: up to 100"):
        load_split("cebab", archive, "dev")


def test_bad_json_names_file_and_line(tmp_path: Path) -> None:
    for content, says in [
        (b'[\n {"id": "1",\n  "description" "no colon"}\n]', r"dev.json, line 3: not valid JSON"),
        (b'[{"id": "1"},\n', r"dev.json, line 2: not valid JSON"),
        (b"", r"dev.json, line 1: not valid JSON"),
        (b'[\n\n{"id": "caf\xe9"}]', r"dev.json, line 3: not UTF-8 text"),
        (b'{"id": "1"}', r"dev.json .*not a list of objects"),
        (b'["a review"]', r"dev.json .*not a list of objects"),
    ]:
        (tmp_path / "dev.json").write_bytes(content)
        with pytest.raises(DataError, match=says):
            load_split("cebab", tmp_path, "dev")


def hub_folder(folder: Path, rows: list[dict[str, Any]]) -> Path:
    """A local data set laid out as on the Hub: parquet, votes as text, dev called validation."""
    plain = []
    for row in rows:
        texts = {name: value if isinstance(value, str) else str(value) for name, value in row.items()}
        plain.append({name: text or None for name, text in texts.items()})
    (folder / "data").mkdir(parents=True)
    datasets.Dataset.from_list(plain).to_parquet(folder / "data" / "part-0.parquet")
    (folder / "README.md").write_text("---\nconfigs:\n- config_name: default\n  data_files:\n"
                                      "  - split: validation\n    path: data/part-*.parquet\n---\n", encoding="utf-8")
    return folder


def test_the_hub_gives_the_rows_of_the_files(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(datasets.config, "HF_DATASETS_CACHE", tmp_path / "cache")
    rows = toy_rows()[:4]
    hub = load_split("cebab", f"hub:{hub_folder(tmp_path / 'hub', rows)}", "dev")
    assert hub.data_hash == load_split("cebab", write(tmp_path / "files", "dev", rows), "dev").data_hash
    with pytest.raises(DataError, match="Split test of hub:.* cannot be read: .*test.*give a folder or zip"):
        load_split("cebab", f"hub:{tmp_path / 'hub'}", "test")


def test_the_hub_is_asked_for_its_own_names(monkeypatch: pytest.MonkeyPatch) -> None:
    asked = []

    def load_dataset(name: str, split: str) -> list[dict[str, Any]]:
        asked.append((name, split))
        return [raw(1)]

    monkeypatch.setattr(datasets, "load_dataset", load_dataset)
    for split in ("dev", "train_inclusive", "test"):
        assert load_split("cebab", "hub:CEBaB/CEBaB", split).report.source == "hub:CEBaB/CEBaB"
    assert asked == [("CEBaB/CEBaB", "validation"), ("CEBaB/CEBaB", "train_inclusive"), ("CEBaB/CEBaB", "test")]


def test_trouble_at_the_hub_is_a_data_error(monkeypatch: pytest.MonkeyPatch) -> None:
    for trouble in (ConnectionError("no route\nlong trace"), ValueError("no such split"),
                    datasets.exceptions.DatasetNotFoundError("no such data set")):
        monkeypatch.setattr(datasets, "load_dataset", Mock(side_effect=trouble))
        with pytest.raises(DataError, match="Split dev of hub:some/where cannot be read: no ") as caught:
            load_split("cebab", "hub:some/where", "dev")
        assert "\n" not in str(caught.value)
