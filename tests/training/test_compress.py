"""A smaller checkpoint answers as the larger one does, or is not written."""

import json
from pathlib import Path
from typing import Any

import pytest
import torch

from sparsecbm.__main__ import main
from sparsecbm.errors import ConfigError
from sparsecbm.model.checkpoint import load_checkpoint, save_checkpoint
from sparsecbm.schema import CEBAB
from sparsecbm.service import Explainer
from sparsecbm.training.compress import compress
from tests.helpers import structured_masks, tiny_encoder, tiny_model, toy_split


def larger(folder: Path, **config: Any) -> Path:
    """A structured checkpoint in 32 bits."""
    model = tiny_model(mask_kind="structured", **config)
    save_checkpoint(folder, model, tiny_encoder(), structured_masks(model, density=0.3), "float32")
    return folder


@pytest.mark.parametrize("form", ["float16", "int8"])
def test_it_is_smaller_and_says_what_it_lost(form: str, tmp_path: Path) -> None:
    checkpoint, split = load_checkpoint(larger(tmp_path / "whole"), "cpu"), toy_split()
    found = compress(checkpoint, split, tmp_path / "small", form)
    before, after = (Explainer.load(tmp_path / name, "cpu").predict_texts(split.texts) for name in ("whole", "small"))
    assert found.equal == (before.labels == after.labels).mean() and found.n == len(split)
    moved = max(abs(before.label_probabilities - after.label_probabilities).max(),
                abs(before.concept_probabilities - after.concept_probabilities).max())
    assert found.moved == pytest.approx(moved, abs=1e-6) and found.megabytes[1] < 0.6 * found.megabytes[0]
    small = load_checkpoint(tmp_path / "small", "cpu")
    assert small.metrics["compressed"] == found.to_json() and small.metrics["dev"]["n"] == len(split)
    assert found.of == checkpoint.hash != small.hash


def test_what_answers_otherwise_is_not_written(tmp_path: Path) -> None:
    """One weight of a row is so large that eight bits leave nothing of the others."""
    folder = larger(tmp_path / "whole")
    checkpoint = load_checkpoint(folder, "cpu")
    with torch.no_grad():
        for name in checkpoint.model.sites:
            weight = checkpoint.model.backbone.get_parameter(name)
            weight[:, 0] += 40 * weight.abs().max()
    with pytest.raises(ConfigError, match="the same label"):
        compress(checkpoint, toy_split(), tmp_path / "small", "int8")
    assert not (tmp_path / "small").exists()


def test_nothing_is_written_over(tmp_path: Path) -> None:
    folder = larger(tmp_path / "whole")
    with pytest.raises(ConfigError, match="not empty"):
        compress(load_checkpoint(folder, "cpu"), toy_split(), folder, "int8")


def test_on_the_command_line(tiny_data: Path, tmp_path: Path, capsys: Any) -> None:
    folder = larger(tmp_path / "whole", schema=CEBAB)
    command = ["compress", "--checkpoint", str(folder), "--device", "cpu", "--data", str(tiny_data), "--form",
               "float16", "--output", str(tmp_path / "small")]
    assert main([*command, "--json"]) == 0
    out, err = capsys.readouterr()
    assert err == "" and json.loads(out)["n"] == 16 and (tmp_path / "small").is_dir()
    assert main(command) == 2 and "not empty" in capsys.readouterr().err
