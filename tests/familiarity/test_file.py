"""The file of a checkpoint's familiarity: what it is bound to, and that a bad one keeps nobody from the model."""

import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from safetensors.torch import load_file, save_file

from sparsecbm.familiarity.compute import add_familiarity
from sparsecbm.model.checkpoint import WEIGHTS_FILE, load_checkpoint
from sparsecbm.model.familiarity import FAMILIARITY_FILE
from sparsecbm.service import Explainer
from tests.helpers import saved_checkpoint, toy_split
from tests.revision.toys import random_change

TEXTS = toy_split().texts
OTHER = "We came on Monday. It rained all day long and we stayed."


@pytest.fixture(scope="module")
def fitted(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A checkpoint with a file of its own."""
    folder = saved_checkpoint(tmp_path_factory.mktemp("fitted") / "one")
    add_familiarity(load_checkpoint(folder, "cpu"), TEXTS[:9], TEXTS)
    return folder


@pytest.fixture
def folder(fitted: Path, tmp_path: Path) -> Path:
    """A copy of it, to spoil."""
    return Path(shutil.copytree(fitted, tmp_path / "copy"))


def test_it_comes_back_and_leaves_the_hash_alone(folder: Path) -> None:
    found = load_checkpoint(folder, "cpu")
    assert found.familiarity is not None and found.unmeasured == ""
    (folder / FAMILIARITY_FILE).unlink()
    bare = load_checkpoint(folder, "cpu")
    assert bare.familiarity is None and "sparsecbm familiarity" in bare.unmeasured and bare.hash == found.hash


def test_it_is_of_no_use_to_another_checkpoint(folder: Path, tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    other = saved_checkpoint(tmp_path / "other", seed=1)
    shutil.copy(folder / FAMILIARITY_FILE, other)
    found = load_checkpoint(other, "cpu")
    hashes = load_checkpoint(folder, "cpu").hash[:12], found.hash[:12]
    assert found.familiarity is None and all(part in found.unmeasured for part in (*hashes, FAMILIARITY_FILE))
    assert found.unmeasured in caplog.text


def test_a_new_model_in_the_folder_takes_it_away(folder: Path) -> None:
    saved_checkpoint(folder, seed=1)
    assert not (folder / FAMILIARITY_FILE).exists()


TENSORS = dict[str, torch.Tensor]


def without(name: str) -> Callable[[TENSORS], TENSORS]:
    return lambda tensors: {other: tensor for other, tensor in tensors.items() if other != name}


@pytest.mark.parametrize("spoil", [
    *map(without, ("mean", "factor", "usual", "held_out")),
    lambda tensors: tensors | {"more": torch.zeros(1)},
    lambda tensors: tensors | {"mean": tensors["mean"][:-1]},
    lambda tensors: tensors | {"mean": tensors["mean"].unsqueeze(0)},
    lambda tensors: tensors | {"factor": tensors["factor"][1:]},
    lambda tensors: tensors | {"factor": tensors["factor"].double()},
    lambda tensors: tensors | {"factor": tensors["factor"] * torch.nan},
    lambda tensors: tensors | {"mean": tensors["mean"] * torch.inf},
    lambda tensors: tensors | {"usual": torch.zeros(1)},
    lambda tensors: tensors | {"usual": -tensors["usual"]},
    lambda tensors: tensors | {"held_out": torch.zeros(0)},
    lambda tensors: tensors | {"held_out": tensors["held_out"].unsqueeze(1)},
    lambda tensors: tensors | {"held_out": tensors["held_out"].flip(0)},
    lambda tensors: tensors | {"held_out": tensors["held_out"] * torch.nan},
])
def test_a_hostile_file_is_not_used_and_the_model_answers(
    folder: Path, spoil: Callable[[TENSORS], TENSORS]
) -> None:
    path = folder / FAMILIARITY_FILE
    noted = {"format": "1", "checkpoint": load_checkpoint(folder, "cpu").hash}
    save_file(spoil(load_file(path)), path, noted)
    explainer = Explainer.load(folder, "cpu")
    assert "not used" in explainer.checkpoint.unmeasured and str(path) in explainer.checkpoint.unmeasured
    assert explainer.predict(OTHER).unlike is None


@pytest.mark.parametrize("content", [b"", b"\xff" * 99, b"{}", None])
def test_neither_is_one_that_is_damaged_or_something_else(folder: Path, content: bytes | None) -> None:
    path = folder / FAMILIARITY_FILE
    path.write_bytes((folder / WEIGHTS_FILE).read_bytes() if content is None else content)
    found = load_checkpoint(folder, "cpu")
    assert found.familiarity is None and FAMILIARITY_FILE in found.unmeasured


def test_all_ways_to_predict_agree(fitted: Path) -> None:
    explainer, texts = Explainer.load(fitted, "cpu"), (*TEXTS[:4], OTHER)
    many = explainer.predict_texts(texts).unlike
    assert many is not None
    singly: list[Any] = [explainer.predict(text).unlike for text in texts]
    together: list[Any] = [one.unlike for one in explainer.predict_many(texts)]
    np.testing.assert_allclose(many, singly, atol=1 / len(TEXTS))  # rounding may swap neighbours
    np.testing.assert_allclose(many, together, atol=1 / len(TEXTS))
    assert len(set(singly)) > 2 and all(0 <= share <= 1 for share in singly)


def test_changed_masks_leave_it_with_one_text_and_have_none_for_many(fitted: Path) -> None:
    checkpoint = load_checkpoint(fitted, "cpu")
    assert checkpoint.masks is not None
    explainer, change = Explainer(checkpoint), random_change(checkpoint.masks, "residual", 0)
    assert explainer.predict_changed(OTHER, (change,)).unlike == explainer.predict(OTHER).unlike
    assert explainer.predict_texts([OTHER], (change,)).unlike is None
    assert explainer.predict(OTHER, residual=False).unlike == explainer.predict(OTHER).unlike
