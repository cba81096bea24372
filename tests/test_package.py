"""What `import sparsecbm` offers, that it costs nothing until it is used, and what the built package contains."""

import subprocess
import sys
import typing
import zipfile
from pathlib import Path

import pytest
import torch
from jaxtyping import TypeCheckError

import sparsecbm
from sparsecbm.model.masks import ConceptMasks

ROOT = Path(__file__).parents[1]


def test_the_public_names_are_these() -> None:
    assert sparsecbm.__all__ == [
        "ConceptSchema", "Explainer", "Explanation", "InterventionResult", "Prediction", "SparseCBMError", "Target",
        "explanation_json", "load_checkpoint",
    ]


@pytest.mark.parametrize("name", sparsecbm.__all__)
def test_every_public_name_is_there_under_its_own_name(name: str) -> None:
    assert getattr(sparsecbm, name).__name__ == name


def test_a_misspelt_name_is_an_error_that_lists_the_right_ones() -> None:
    with pytest.raises(AttributeError, match=r"'Explaner'; it offers .*Explainer"):
        typing.cast(typing.Any, sparsecbm).Explaner  # noqa: B018


@pytest.mark.parametrize("arguments", [["-c", "import sparsecbm, sys; print(*sys.modules)"],
                                       ["-X", "importtime", "-m", "sparsecbm", "--help"]])
def test_nothing_heavy_is_imported_before_it_is_needed(arguments: list[str]) -> None:
    result = subprocess.run([sys.executable, *arguments], capture_output=True, encoding="utf-8", check=True)
    modules = set((result.stdout + result.stderr).replace("|", " ").split())
    assert "sparsecbm" in modules
    assert not modules & {"torch", "transformers", "datasets", "captum", "streamlit", "sklearn", "pandas"}


def test_shapes_in_annotations_are_checked_while_tests_run() -> None:
    """Without the hook in pyproject.toml, annotations would be comments."""
    flat = torch.ones(2, 6, dtype=torch.bool)
    with pytest.raises(TypeCheckError):
        ConceptMasks.from_bools(("food", "residual"), {"weight": flat})


def files(folder: Path) -> set[str]:
    """All files below a folder, without what tools leave there."""
    paths = (path.relative_to(folder) for path in folder.rglob("*") if path.is_file())
    return {str(path) for path in paths if not {"__pycache__", ".ruff_cache"} & set(path.parts)}


@pytest.mark.slow
def test_the_package_holds_all_that_the_commands_and_the_dashboard_need(tmp_path: Path) -> None:
    build = [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(tmp_path)]
    subprocess.run(build, cwd=ROOT, check=True, capture_output=True)
    installed = tmp_path / "installed"
    with zipfile.ZipFile(next(tmp_path.glob("*.whl"))) as wheel:
        wheel.extractall(installed)
    expected = {f"sparsecbm/{path}" for path in files(ROOT / "sparsecbm")} | {
        f"sparsecbm/dashboard/{path}" for path in files(ROOT)
        if path.startswith(("app.py", "pages/", ".streamlit/config.toml", "checkpoints/cebab-minilm/"))}
    assert {path for path in files(installed) if ".dist-info/" not in path} == expected
    about = next(installed.glob("*.dist-info"))
    assert "sparsecbm = sparsecbm.__main__:main" in (about / "entry_points.txt").read_text(encoding="utf-8")
    assert {"Requires-Dist: torch==2.13.0", "License-Expression: Apache-2.0"} <= set(
        (about / "METADATA").read_text(encoding="utf-8").splitlines())
    script = ("from sparsecbm.shipped import *; from sparsecbm.ui.offered import offered; "
              "print(DASHBOARD, DEFAULT_CHECKPOINT / 'config.json', *(one.source + '/config.json' "
              "for one in offered().values()))")
    paths = subprocess.run([sys.executable, "-c", script], cwd=installed, check=True, capture_output=True,
                           encoding="utf-8")
    assert all(Path(path).is_relative_to(installed) and Path(path).is_file() for path in paths.stdout.split())
