"""The names that pages use, and what using them costs."""

import subprocess
import sys
from importlib import import_module
from pathlib import Path

import pytest

from sparsecbm import panels

HERE = Path(panels.__file__).parent


@pytest.mark.parametrize("name", panels._MODULES)
def test_every_name_is_there_and_hides_no_file(name: str) -> None:
    """A file imported under the name of a function would take the function's place."""
    assert getattr(panels, name) is getattr(import_module(f"sparsecbm.{panels._MODULES[name]}"), name)
    assert callable(getattr(panels, name)) and not (HERE / f"{name}.py").exists()


def test_a_misspelt_name_is_an_error() -> None:
    with pytest.raises(AttributeError, match=r"'pagee'; it offers .*page"):
        panels.__getattr__("pagee")


def test_the_frame_is_drawn_before_anything_heavy_is_imported() -> None:
    code = "from sparsecbm import panels; panels.page, panels.errors_shown; import sys; print(*sys.modules)"
    printed = subprocess.run([sys.executable, "-c", code], capture_output=True, encoding="utf-8", check=True).stdout
    modules = printed.split()
    assert "sparsecbm.ui.shell" in modules and not {"torch", "transformers", "datasets"} & set(modules)
