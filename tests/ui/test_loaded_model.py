"""The models that all sessions share: how many, for how long, and what happens when files change under the server."""

import gc
import json
import shutil
import threading
import weakref
from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from sparsecbm.errors import CheckpointError
from sparsecbm.schema import CEBAB
from sparsecbm.service import Explainer
from sparsecbm.shipped import CHECKPOINTS_VARIABLE
from sparsecbm.ui.loaded_model import (
    CHECKPOINT_VARIABLE,
    LoadedModel,
    LoadedModels,
    explainer_with,
    is_offered,
    load_explainer,
)
from tests.helpers import saved_checkpoint


def test_every_session_gets_the_same_explainer() -> None:
    assert load_explainer() is load_explainer()
    assert gc.get_freeze_count() > 10_000


@pytest.fixture(scope="module")
def three(tmp_path_factory: pytest.TempPathFactory) -> list[str]:
    """The folders of three small models."""
    root = tmp_path_factory.mktemp("three")
    return [str(saved_checkpoint(root / name, seed=seed)) for seed, name in enumerate("abc")]


@pytest.fixture
def no_collections(monkeypatch: pytest.MonkeyPatch) -> None:
    """They take longer than all the rest."""
    monkeypatch.setattr("sparsecbm.ui.loaded_model._collect", lambda: None)


@pytest.fixture
def loads(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """What is read from disk, in order."""
    read, load = list[str](), Explainer.load

    def noted(source: str, device: str | None = None) -> Explainer:
        read.append(source)
        return load(source, device)

    monkeypatch.setattr(Explainer, "load", noted)
    return read


@pytest.mark.slow
def test_two_are_kept_and_the_one_used_longest_ago_makes_room(three: list[str], loads: list[str]) -> None:
    models = LoadedModels(2)
    a, b, c = three
    ended = [weakref.ref(models.get(source).explainer) for source in (a, b)]
    models.get(a)
    assert loads == [a, b], "one that is there is not read again"
    models.get(c)
    assert ended[0]() is not None and ended[1]() is None, "the memory of b is free"
    models.get(a)
    models.get(b)
    assert loads == [a, b, c, b]


@pytest.mark.usefixtures("no_collections")
def test_who_uses_a_model_that_made_room_keeps_it(three: list[str], loads: list[str]) -> None:
    models, (a, b, c) = LoadedModels(2), three
    used = models.get(a).explainer
    before = used.predict("The soup was bland.")
    models.get(b), models.get(c)
    after = used.predict_changed("The room felt warm.", ())
    assert after.label in used.schema.labels and used.predict("The soup was bland.") is before
    assert models.get(a).explainer is used and loads == [a, b, c], "it is in memory once"


@pytest.mark.usefixtures("no_collections")
def test_many_sessions_get_what_they_ask_for_while_others_switch(three: list[str]) -> None:
    models, start = LoadedModels(2), threading.Barrier(6)
    alone = {source: Explainer.load(source, "cpu").predict("The soup was bland.") for source in three}
    wrong = list[str]()

    def visit(first: int) -> None:
        start.wait()
        for turn in range(4):
            source = three[(first + turn) % 3]
            said = models.get(source).explainer.predict("The soup was bland.")
            if abs(said.label_probabilities - alone[source].label_probabilities).max() > 1e-5:
                wrong.append(source)

    visitors = [threading.Thread(target=visit, args=(number,)) for number in range(6)]
    for one in visitors:
        one.start()
    for one in visitors:
        one.join()
    assert not wrong and len(models._kept) <= 2


@pytest.mark.usefixtures("no_collections")
def test_a_model_that_cannot_be_loaded_takes_nobodys_away(three: list[str], loads: list[str], tmp_path: Path) -> None:
    models = LoadedModels(2)
    models.get(three[0])
    with pytest.raises(CheckpointError):
        models.get(str(tmp_path / "nowhere"))
    assert models.hash_of(str(tmp_path / "nowhere")) is None
    models.get(three[0])
    assert loads == [three[0], str(tmp_path / "nowhere")]


@pytest.mark.usefixtures("no_collections")
def test_a_study_finds_its_model_by_its_hash(
    three: list[str], loads: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(CHECKPOINTS_VARIABLE, str(Path(three[0]).parent))
    wanted = LoadedModels(1).hash_of(three[1])
    assert wanted is not None and is_offered(wanted) and not loads, "no model is loaded to know what is there"
    found = explainer_with(wanted)
    assert found is not None and found.checkpoint.hash == wanted and loads == [three[1]]
    assert explainer_with("0" * 64) is None and not is_offered("0" * 64)


def test_a_replaced_checkpoint_is_noticed_and_loaded_when_asked(tmp_path: Path) -> None:
    folder = saved_checkpoint(tmp_path / "a", schema=CEBAB)
    other = saved_checkpoint(tmp_path / "b", form="float16", schema=CEBAB)
    model = LoadedModel(str(folder))
    old = model.explainer
    prediction = old.predict("The soup was cold.")
    assert model.replaced_by() is None

    (folder / "metrics.json").write_text(json.dumps({"dev": {"n": 1}}), encoding="utf-8")
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
    shutil.copytree(saved_checkpoint(tmp_path / "b", form="float16", schema=CEBAB), folder, dirs_exist_ok=True)
    assert at.run().warning
    at.button[0].click().run()
    assert not at.exception and not at.warning and at.success
