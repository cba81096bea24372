"""One model for all sessions, and what happens when its files change under the running server."""

import gc
import json
import shutil
from pathlib import Path

import pytest
import torch
from streamlit.testing.v1 import AppTest

from sparsecbm.errors import CheckpointError
from sparsecbm.schema import CEBAB
from sparsecbm.ui.loaded_model import CHECKPOINT_VARIABLE, LoadedModel, load_explainer
from tests.helpers import saved_checkpoint


def test_every_session_gets_the_same_explainer() -> None:
    assert load_explainer() is load_explainer()
    assert gc.get_freeze_count() > 10_000


def test_a_replaced_checkpoint_is_noticed_and_loaded_when_asked(tmp_path: Path) -> None:
    folder = saved_checkpoint(tmp_path / "a", schema=CEBAB)
    other = saved_checkpoint(tmp_path / "b", dtype=torch.float16, schema=CEBAB)
    model = LoadedModel(str(folder))
    old = model.explainer
    prediction = old.predict("The soup was cold.")
    assert model.replaced_by() is None

    (folder / "metrics.json").write_text(json.dumps({"dev": {"n": 1}}))
    assert model.replaced_by() is None and model.explainer is old and old.checkpoint.metrics == {"dev": {"n": 1}}

    shutil.copytree(other, folder, dirs_exist_ok=True)
    found = model.replaced_by()
    assert found == LoadedModel(str(other)).explainer.checkpoint.hash != old.checkpoint.hash
    assert model.explainer is old and model.explainer.predict("The soup was cold.") is prediction, "until it is asked"

    weights = folder / "model.safetensors"
    whole = weights.read_bytes()
    weights.write_bytes(whole[:1000])
    with pytest.raises(CheckpointError):
        model.reload()
    assert model.explainer is old, "a broken one takes nobody's model away"

    weights.write_bytes(whole)
    assert found[:12] in model.reload()
    assert model.explainer.checkpoint.hash == found and model.replaced_by() is None


def test_files_that_did_not_change_are_not_read_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    model = LoadedModel(str(saved_checkpoint(tmp_path / "a", schema=CEBAB)))
    assert model.replaced_by() is None
    monkeypatch.setattr(model.explainer, "renew_notes", lambda: pytest.fail("the files were read"))
    assert model.replaced_by() is None


def test_the_page_says_so_and_loads_the_new_model(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def page() -> None:
        from sparsecbm.ui.loaded_model import model_notice
        model_notice()

    folder = saved_checkpoint(tmp_path / "a", schema=CEBAB)
    monkeypatch.setenv(CHECKPOINT_VARIABLE, str(folder))
    at = AppTest.from_function(page, default_timeout=60).run()
    assert not at.warning and not at.button
    shutil.copytree(saved_checkpoint(tmp_path / "b", dtype=torch.float16, schema=CEBAB), folder, dirs_exist_ok=True)
    assert at.run().warning
    at.button[0].click().run()
    assert not at.exception and not at.warning and at.success
