"""Pages wait for their slow work here: there is no browser that would ask again."""

from pathlib import Path

import pytest

from sparsecbm.schema import CEBAB
from sparsecbm.service import Explainer
from sparsecbm.ui.loaded_model import CHECKPOINT_VARIABLE, load_explainer
from tests.helpers import saved_checkpoint


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if Path(__file__).parent in item.path.parents:
            item.add_marker(pytest.mark.slow)  # each runs a whole page


@pytest.fixture(autouse=True)
def _patient(monkeypatch: pytest.MonkeyPatch) -> None:
    for module in ("ui.tasks", "words.panel", "revision.panel_revise", "studies.panel_case"):
        monkeypatch.setattr(f"sparsecbm.{module}.PATIENCE", 300.0)


@pytest.fixture(scope="session")
def tiny_cebab(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A small random model of CEBaB's concepts."""
    return saved_checkpoint(tmp_path_factory.mktemp("cebab") / "tiny", schema=CEBAB)


@pytest.fixture
def failures_of_a_tiny_model(tiny_cebab: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """That model is loaded."""
    monkeypatch.setenv(CHECKPOINT_VARIABLE, str(tiny_cebab))


@pytest.fixture(scope="session")
def tiny_toy(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A small random model of the toy concepts."""
    return saved_checkpoint(tmp_path_factory.mktemp("toy") / "tiny")


@pytest.fixture
def explainer(tiny_toy: Path, monkeypatch: pytest.MonkeyPatch) -> Explainer:
    """That model is loaded."""
    monkeypatch.setenv(CHECKPOINT_VARIABLE, str(tiny_toy))
    return load_explainer()
