"""What `import sparsecbm` offers, and that it costs nothing until it is used."""

import subprocess
import sys
import typing

import pytest
import torch
from jaxtyping import TypeCheckError

import sparsecbm
from sparsecbm.model.masks import ConceptMasks


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
    result = subprocess.run([sys.executable, *arguments], capture_output=True, text=True, check=True)
    modules = set((result.stdout + result.stderr).replace("|", " ").split())
    assert "sparsecbm" in modules
    assert not modules & {"torch", "transformers", "datasets", "captum", "streamlit", "sklearn", "pandas"}


def test_shapes_in_annotations_are_checked_while_tests_run() -> None:
    """Without the hook in pyproject.toml, annotations would be comments."""
    flat = torch.ones(2, 6, dtype=torch.bool)
    with pytest.raises(TypeCheckError):
        ConceptMasks.from_bools(("food", "residual"), {"weight": flat})
