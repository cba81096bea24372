"""A checkpoint that is saved or published is the one that was loaded, with a card that the Hub can list."""

import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from huggingface_hub import ModelCard

from sparsecbm.errors import CheckpointError, InputError
from sparsecbm.model import hub
from sparsecbm.model.checkpoint import CARD_FILE, CONFIG_FILE, METRICS_FILE, content_hash, write_notes
from sparsecbm.model.stored_weights import WEIGHTS_FILE
from sparsecbm.service import Explainer
from sparsecbm.shipped import DEFAULT_CHECKPOINT
from tests.helpers import TOY, saved_checkpoint

TEXT = "The soup was tasty. The room felt shabby."
CARD = "---\nlicense: mit\ntags:\n- soup\n---\n# Toy\n\nOf soups.\n"
DEV = {"split": "dev", "n": 18, "label": {"accuracy": 0.75, "macro_f1": 0.5},
       "concepts": {"soup": {"accuracy": 0.9, "macro_f1": 0.8}, "room": None}}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A random sparse checkpoint that was measured."""
    made = saved_checkpoint(tmp_path / "toy-bert")
    write_notes(made, {"dev": DEV}, CARD)
    return made


def test_what_is_saved_is_the_same_model(folder: Path, tmp_path: Path) -> None:
    explainer = Explainer.load(folder, "cpu")
    copy = Explainer.from_pretrained(explainer.save_pretrained(tmp_path / "a" / "copy"), device="cpu")
    assert copy.checkpoint.path == tmp_path / "a" / "copy" and copy.checkpoint.hash == explainer.checkpoint.hash
    assert copy.checkpoint.metrics == explainer.checkpoint.metrics
    assert np.array_equal(copy.predict(TEXT).label_logits, explainer.predict(TEXT).label_logits)


def test_only_the_files_of_a_checkpoint_are_copied(folder: Path, tmp_path: Path) -> None:
    """Neither pickles nor what an interrupted run left."""
    names = {path.name for path in folder.iterdir()}
    (folder / "pytorch_model.bin").write_bytes(b"\x80")
    (folder / "resume").mkdir()
    copy = Explainer.load(folder, "cpu").save_pretrained(tmp_path / "copy")
    assert {path.name for path in copy.iterdir()} == names


def test_the_card_says_what_the_hub_lists_models_by(folder: Path, tmp_path: Path) -> None:
    copy = Explainer.load(folder, "cpu").save_pretrained(tmp_path / "copy")
    card = ModelCard.load(copy / CARD_FILE)
    assert card.text.strip() == "# Toy\n\nOf soups."
    assert (card.data.license, card.data.library_name, card.data.pipeline_tag) == (
        "mit", "sparsecbm", "text-classification")
    assert card.data.tags[0] == "soup" and "sparsecbm" in card.data.tags
    scores = card.data.eval_results
    assert [(one.metric_name, one.dataset_split, one.metric_type, one.metric_value) for one in scores] == [
        (f"{TOY.label_title}: accuracy", "dev", "accuracy", 0.75), (f"{TOY.label_title}: macro_f1", "dev", "f1", 0.5),
        ("soup: accuracy", "dev", "accuracy", 0.9), ("soup: macro_f1", "dev", "f1", 0.8)]
    again = Explainer.load(copy, "cpu").save_pretrained(copy)  # a card that has all this stays as it is
    assert ModelCard.load(again / CARD_FILE).content == card.content


def test_a_missing_card_is_made_from_the_metrics(tmp_path: Path) -> None:
    """Of the shipped checkpoint, whose metrics say all that a card does."""
    folder = Path(shutil.copytree(DEFAULT_CHECKPOINT, tmp_path / "shipped"))
    (folder / CARD_FILE).unlink()
    copy = Explainer.load(folder, "cpu").save_pretrained(tmp_path / "copy")
    card = ModelCard.load(copy / CARD_FILE)
    assert "## What was measured" in card.text and len(card.data.eval_results) == 10
    (folder / METRICS_FILE).unlink()
    bare = ModelCard.load(Explainer.load(folder, "cpu").save_pretrained(tmp_path / "bare") / CARD_FILE)
    assert "# shipped" in bare.text and bare.data.eval_results is None


def test_nothing_else_is_overwritten(folder: Path, tmp_path: Path) -> None:
    explainer, other = Explainer.load(folder, "cpu"), saved_checkpoint(tmp_path / "other", kind="dense")
    before = content_hash(other)
    (tmp_path / "file").touch()
    for target in (other, tmp_path, tmp_path / "file"):
        with pytest.raises(InputError, match="allowed: a new or empty folder"):
            explainer.save_pretrained(target)
    assert content_hash(other) == before


@pytest.mark.parametrize("name", [CONFIG_FILE, WEIGHTS_FILE])
def test_a_checkpoint_that_was_replaced_is_not_passed_off_as_the_loaded_one(
    name: str, folder: Path, tmp_path: Path
) -> None:
    explainer = Explainer.load(folder, "cpu")
    (folder / name).write_bytes((folder / name).read_bytes() + b" ")
    with pytest.raises(CheckpointError, match="no longer holds"):
        explainer.save_pretrained(tmp_path / "copy")
    assert not (tmp_path / "copy").exists()


def test_what_is_published_can_be_loaded_again(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """By way of a Hub that is a folder."""
    explainer, stored, told = Explainer.load(folder, "cpu"), tmp_path / "hub", {}

    class Api:
        def __init__(self, token: Any = None) -> None:
            told["token"] = token

        def create_repo(self, repo_id: str, **options: Any) -> Any:
            told.update(options)
            return type("Made", (), {"repo_id": repo_id})

        def upload_folder(self, folder_path: Path, **options: Any) -> Any:
            told.update(options)
            shutil.copytree(folder_path, stored)
            return type("Commit", (), {"commit_url": "https://hub.test/commit/1"})

    monkeypatch.setattr(hub, "HfApi", Api)
    monkeypatch.setattr(hub, "snapshot_download", lambda name, **_: str(stored))
    assert explainer.push_to_hub("owner/toy", private=True, token="secret", commit_message="first",
                                 create_pr=True) == "https://hub.test/commit/1"
    assert (told["token"], told["private"], told["commit_message"], told["create_pr"]) == (
        "secret", True, "first", True)
    loaded = Explainer.from_pretrained("owner/toy", device="cpu")
    assert loaded.checkpoint.hash == explainer.checkpoint.hash and "Of soups." in loaded.checkpoint.card


def test_a_download_is_as_it_was_asked_for(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    told: dict[str, Any] = {}
    monkeypatch.setattr(hub, "snapshot_download", lambda name, **options: told.update(options) or str(folder))
    Explainer.from_pretrained("owner/toy", revision="v2", token="secret", cache_dir="cache", force_download=True,
                              local_files_only=True, device="cpu")
    told.pop("allow_patterns")
    assert told == {"revision": "v2", "token": "secret", "cache_dir": "cache", "force_download": True,
                    "local_files_only": True}
