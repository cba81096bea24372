"""What crosses processes survives where each is started anew, as on Windows and macOS, and importing runs nothing."""

import ast
import pickle
import runpy
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from sparsecbm.config import TrainConfig
from sparsecbm.errors import SparseCBMError
from sparsecbm.model.checkpoint import load_checkpoint
from sparsecbm.service import Explainer
from sparsecbm.training.train import train
from sparsecbm.types import Explanation
from tests.helpers import backbone_folder, saved_checkpoint, toy_split, train_config
from tests.portability.source import PRODUCT, ROOT, files, tree

TEXT = "The soup was tasty. The room felt shabby."


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return saved_checkpoint(tmp_path_factory.mktemp("spawn") / "tiny")


def explained(folder: Path, text: str) -> Explanation:
    """What a process of its own does: it loads the model and explains."""
    explainer = Explainer.load(folder, "cpu")
    return explainer.explain(text)


def trained(config: TrainConfig, output: Path) -> str:
    """Or it trains, with settings that were made elsewhere."""
    train(config, toy_split(), toy_split(1, "dev"), output, "cpu")
    return load_checkpoint(output, "cpu").hash


@pytest.mark.slow
def test_spawned_processes_explain_train_and_fail_as_this_one_does(folder: Path, tmp_path: Path) -> None:
    config = train_config(backbone_folder(tmp_path / "backbone"))
    with ProcessPoolExecutor(1, get_context("spawn")) as pool:
        there, made = pool.submit(explained, folder, TEXT), pool.submit(trained, config, tmp_path / "there")
        failed = pool.submit(explained, tmp_path / "none", TEXT)
        here = explained(folder, TEXT)
        assert same(there.result(), here)
        assert made.result() == trained(config, tmp_path / "here")
        with pytest.raises(SparseCBMError, match="none"):
            failed.result()


def same(one: Explanation, other: Explanation) -> bool:
    """The same prediction and the same scores of the same words."""
    return (one.prediction.schema == other.prediction.schema
            and np.allclose(one.prediction.label_probabilities, other.prediction.label_probabilities)
            and [a.words for a in one.attributions] == [a.words for a in other.attributions]
            and all(np.allclose(a.scores, b.scores) for a, b in zip(one.attributions, other.attributions, strict=True)))


RESULTS: dict[str, Callable[[Explainer], Any]] = {
    "override": lambda explainer: explainer.override(explainer.predict(TEXT), {"soup": (1.0, 0.0, 0.0)}),
    "predictions": lambda explainer: explainer.predict_texts([TEXT, "Good soup."]),
    "schema": lambda explainer: explainer.schema,
    "settings": lambda _: train_config(),
    "split": lambda _: toy_split(),
    "masks": lambda explainer: load_checkpoint(explainer.checkpoint.path, "cpu").masks,
    "overlap": lambda explainer: explainer.overlap(),
    "revision": lambda explainer: explainer.revise(TEXT, "soup", "Negative", 0.1, 2),
    **{error.__name__: lambda _, error=error: error("said") for error in SparseCBMError.__subclasses__()},
}


@pytest.mark.parametrize("name", RESULTS)
def test_results_settings_and_errors_travel(name: str, folder: Path) -> None:
    made = RESULTS[name](Explainer.load(folder, "cpu"))
    again = pickle.loads(pickle.dumps(made))
    assert type(again) is type(made) and repr(again) == repr(made)


def test_every_script_does_its_work_only_when_it_is_run() -> None:
    """A process that is started anew imports the script that started it, under another name."""
    scripts = [path for path in files("sparsecbm", "benchmarks") if any(
        isinstance(node, ast.If) and "__main__" in ast.unparse(node.test) for node in tree(path).body)]
    defined = [path for path in files("sparsecbm", "benchmarks") if any(
        isinstance(node, ast.FunctionDef) and node.name == "main" for node in tree(path).body)]
    assert set(defined) <= set(scripts) and len(scripts) > 5
    for path in files(*PRODUCT[2:], "benchmarks"):
        for node in tree(path).body:
            done = ast.unparse(node) if isinstance(node, ast.Expr) and isinstance(node.value, ast.Call) else ""
            assert not done.startswith(("main(", "sys.exit(", "run(")), path


@pytest.mark.parametrize("module", ["sparsecbm.__main__", "benchmarks.attributions", "benchmarks.predict"])
def test_a_script_that_is_imported_by_a_spawned_process_does_nothing(
    module: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("sys.argv", ["script", "--no-such-option"])
    runpy.run_path(str(ROOT / f"{module.replace('.', '/')}.py"), run_name="__mp_main__")
    assert capsys.readouterr() == ("", "")
