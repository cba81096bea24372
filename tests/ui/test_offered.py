"""Which checkpoints there are to choose from, and what is said of each before it is loaded."""

import json
import os
from pathlib import Path

import pytest

from sparsecbm.config import ModelConfig, to_json
from sparsecbm.schema import CEBAB, IMDB_C, ConceptSchema
from sparsecbm.shipped import CHECKPOINT_VARIABLE, CHECKPOINTS, CHECKPOINTS_VARIABLE
from sparsecbm.ui.offered import missing_folders, offered


def settings(folder: Path, schema: ConceptSchema, **config: str) -> Path:
    """A folder with settings alone: nothing else is read of it."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "config.json").write_text(json.dumps({"model": to_json(ModelConfig(schema, **config))}), encoding="utf-8")
    return folder


def name_folders(monkeypatch: pytest.MonkeyPatch, *folders: Path) -> None:
    monkeypatch.setenv(CHECKPOINTS_VARIABLE, os.pathsep.join(map(str, folders)))


def test_the_default_comes_first_then_those_that_ship_then_those_that_are_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    shipped = [folder.name for folder in sorted(CHECKPOINTS.iterdir())]
    assert list(offered()) == shipped
    one, two = tmp_path / "one", tmp_path / "two"
    films = settings(one / "films", IMDB_C)
    settings(one / "again", CEBAB)
    settings(two / "films", CEBAB)
    (two / "notes").mkdir()
    name_folders(monkeypatch, one, tmp_path / "nowhere", two)
    assert list(offered()) == [*shipped, "again", "films", "two/films"]
    assert missing_folders() == (tmp_path / "nowhere",)
    monkeypatch.setenv(CHECKPOINT_VARIABLE, str(films))
    assert list(offered()) == ["films", *shipped, "again", "two/films"], "the default is there once"
    monkeypatch.setenv(CHECKPOINT_VARIABLE, str(tmp_path / "gone"))
    assert list(offered())[:2] == ["gone", *shipped]
    monkeypatch.setenv(CHECKPOINT_VARIABLE, "owner/name")
    assert next(iter(offered().values())).source == "owner/name" == next(iter(offered()))


def test_each_is_described_by_its_own_schema(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = settings(tmp_path / "films", IMDB_C)
    settings(tmp_path / "plain", IMDB_C, kind="black_box")
    settings(tmp_path / "broken", IMDB_C)
    (tmp_path / "broken" / "config.json").write_text('{"model": {"schema": 1}}', encoding="utf-8")
    name_folders(monkeypatch, tmp_path)
    said = {name: one.said for name, one in offered().items()}
    assert "sentiment" in said["films"] and all(concept in said["films"] for concept in IMDB_C.concepts)
    assert not any(concept in said["films"] for concept in CEBAB.concepts)
    assert "sentiment" in said["plain"] and "acting" not in said["plain"], "a black box has no concepts"
    assert "cannot be read" in said["broken"]
    assert "rating" in said["cebab-minilm"] and "MB" in said["cebab-minilm"]
    (folder / "README.md").write_text("---\na: b\n---\n# Films of 2011\n\ntext", encoding="utf-8")
    settings(folder, CEBAB)
    assert offered()["films"].said.startswith("Films of 2011.") and offered()["films"].schema == CEBAB
