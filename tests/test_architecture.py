"""The import levels and house rules of the design, held over every file."""

import ast
import statistics
from importlib.metadata import packages_distributions
from pathlib import Path, PurePosixPath

import pytest

ROOT = Path(__file__).parents[1]

#: Unit of the library -> level. A file may import units of lower levels and its own unit, nothing else of ours.
LEVELS = {
    "errors": 0, "schema": 1, "checked": 1, "types": 2, "config": 2,
    "subnetworks": 3, "edits": 3, "model": 3, "data": 3, "deck": 3,
    "explain": 4, "intervene": 4, "evaluate": 4, "failures": 4,
    "training": 5,
    "explainer": 6, "export": 6, "figures": 6,
    "batch": 7, "studies": 7,
    "ui": 8, "commands": 8,
    "__main__": 9, "__init__": 9,
    "screens": 10,  # app.py and pages/
    "outside": 11,  # benchmarks/ and tests/
}
#: Steps to the side that the design allows: (module, unit).
SIDEWAYS = {
    ("explain/probes.py", "evaluate"), ("intervene/blast_radius.py", "evaluate"), ("evaluate/curves.py", "intervene"),
    ("evaluate/causal.py", "intervene"),
    ("evaluate/reading.py", "intervene"),
    ("failures/confusion.py", "evaluate"),
    ("export/content.py", "figures"), ("export/page.py", "figures"), ("export/table.py", "figures"),
    ("export/templates.py", "figures"),
}
#: Units beside each other that must not meet although their levels would allow it: the two ways in.
APART = {("__main__", "ui"), ("__init__", "ui"), ("screens", "commands"), ("screens", "__main__")}

HEAVY = {"torch", "captum", "transformers"}
SCREEN_UNITS = {"screens", "ui"}
UNSAFE_MODULES = {"pickle", "cPickle", "dill", "cloudpickle", "joblib", "shelve", "marshal"}
MOST_LINES = {"sparsecbm": 220, "pages": 220, "app.py": 220, "benchmarks": 220, "tests": 400}


def code_files(*tops: str) -> list[PurePosixPath]:
    """Paths of the Python files under some top-level names, relative to the project."""
    found = [path for top in tops for path in ([ROOT / top] if top.endswith(".py") else (ROOT / top).rglob("*.py"))]
    return sorted(PurePosixPath(path.relative_to(ROOT)) for path in found if path.exists())


SHIPPED = code_files("app.py", "pages", "sparsecbm")
ALL = [*SHIPPED, *code_files("benchmarks", "tests")]


def unit_of(path: PurePosixPath) -> str:
    """The unit that a file belongs to."""
    top = path.parts[0]
    if top == "sparsecbm":
        return path.parts[1].removesuffix(".py")
    return "outside" if top in ("benchmarks", "tests") else "screens"


def imports(tree: ast.AST) -> list[tuple[str, str]]:
    """Every import of a file, wherever it stands, as (module, imported name or "")."""
    found = []
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            found += [(alias.name, "") for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            found += [("." * node.level + (node.module or ""), alias.name) for alias in node.names]
    return found


def our_unit(module: str, name: str) -> str | None:
    """The unit of ours that an import reaches, if any."""
    parts = module.split(".")
    if parts[0] in ("benchmarks", "tests"):
        return "outside"
    if parts[0] in ("app", "pages"):
        return "screens"
    if parts[0] != "sparsecbm":
        return None
    return parts[1] if len(parts) > 1 else name if name in LEVELS else "__init__"


def import_findings(path: PurePosixPath, tree: ast.AST) -> list[str]:
    """Imports that a file must not make."""
    unit, found = unit_of(path), []
    if unit not in LEVELS:
        return [f"{unit} has no level: place it in LEVELS"]
    for module, name in imports(tree):
        top = module.split(".")[0]
        target = our_unit(module, name)
        if not top:
            found.append(f"relative import {module}")
        elif target is not None:
            lower = LEVELS.get(target, 99) < LEVELS[unit] and (unit, target) not in APART
            inner = str(path).removeprefix("sparsecbm/")
            if unit not in (target, "outside") and not lower and (inner, target) not in SIDEWAYS:
                found.append(f"{unit} imports {module}, which is not below it")
        elif top == "streamlit" and unit not in {*SCREEN_UNITS, "outside"}:
            found.append("streamlit outside app.py, pages/ and sparsecbm/ui/")
        elif top in HEAVY and unit in {*SCREEN_UNITS, "figures"}:
            found.append(f"{top} in a screen or a figure")
        elif top in UNSAFE_MODULES and unit != "outside":
            found.append(f"unsafe serialisation by {top}")
    return found


def code_findings(tree: ast.AST) -> list[str]:
    """Calls that no shipped file may make."""
    found = []
    for node in ast.walk(tree):
        if not isinstance(node, ast.Call):
            continue
        called = ast.unparse(node.func)
        if called == "print":
            found.append("print")
        if called in ("torch.load", "torch.save"):
            found.append(f"{called}: checkpoints are JSON and safetensors")
        found += [f"{keyword.arg} in {called}" for keyword in node.keywords
                  if keyword.arg in ("unsafe_allow_html", "allow_pickle")]
    return found


def parsed(path: PurePosixPath) -> ast.Module:
    return ast.parse((ROOT / path).read_text())


@pytest.mark.parametrize("path", ALL, ids=str)
def test_imports_go_downwards(path: PurePosixPath) -> None:
    assert import_findings(path, parsed(path)) == []


@pytest.mark.parametrize("path", SHIPPED, ids=str)
def test_nothing_is_printed_or_unpickled(path: PurePosixPath) -> None:
    assert code_findings(parsed(path)) == []


@pytest.mark.parametrize("path", ALL, ids=str)
def test_files_stay_short(path: PurePosixPath) -> None:
    assert len((ROOT / path).read_text().splitlines()) <= MOST_LINES[path.parts[0]]


def test_the_usual_file_is_short() -> None:
    lengths = [len((ROOT / path).read_text().splitlines()) for path in SHIPPED if path.name != "__init__.py"]
    assert statistics.median(lengths) <= 150


def test_every_import_is_in_the_requirements() -> None:
    """A new environment has what the code needs because a line of ours says so, not by luck."""
    def named(file: str) -> set[str]:
        lines = (line.partition("#")[0].strip() for line in (ROOT / file).read_text().splitlines())
        return {line.partition("=")[0].rstrip("~").lower() for line in lines if line and not line.startswith("-")}

    runtime, distributions = named("requirements.txt"), packages_distributions()
    for path in ALL:
        allowed = runtime if path in SHIPPED else runtime | named("requirements-dev.txt")
        for module, _ in imports(parsed(path)):
            names = {name.lower().replace("_", "-") for name in distributions.get(module.split(".")[0], ())}
            assert not names or names & allowed, f"{path} imports {module}, but no requirement names {names}"


@pytest.mark.parametrize(("path", "source"), [
    ("sparsecbm/schema.py", "import sparsecbm.config"),
    ("sparsecbm/model/network.py", "from sparsecbm.data.split import Split"),
    ("sparsecbm/model/network.py", "def f():\n    from sparsecbm.service import Explainer"),
    ("sparsecbm/model/network.py", "from sparsecbm import Explainer"),
    ("sparsecbm/model/network.py", "from sparsecbm import explainer"),
    ("sparsecbm/model/network.py", "from .masks import ConceptMasks"),
    ("sparsecbm/words/compute.py", "from sparsecbm.evaluation.metrics import ece"),
    ("sparsecbm/evaluation/compute.py", "from sparsecbm.training import train"),
    ("sparsecbm/figures/bars.py", "from sparsecbm.service import Explainer"),
    ("sparsecbm/figures/bars.py", "from sparsecbm.export.page import explanation_html"),
    ("sparsecbm/figures/bars.py", "import torch"),
    ("sparsecbm/export/values.py", "from sparsecbm.words.figure import heatmap_html"),
    ("sparsecbm/figures/bars.py", "import streamlit as st"),
    ("sparsecbm/service/words.py", "import streamlit.runtime"),
    ("sparsecbm/service/words.py", "from sparsecbm.ui import shell"),
    ("sparsecbm/__main__.py", "from sparsecbm.ui import shell"),
    ("sparsecbm/model/checkpoint.py", "import pickle"),
    ("sparsecbm/model/checkpoint.py", "from tests.helpers import tiny"),
    ("sparsecbm/surprise.py", "import json"),
    ("pages/1_Explain.py", "from torch import Tensor"),
    ("app.py", "import transformers"),
])
def test_a_forbidden_import_is_found(path: str, source: str) -> None:
    assert import_findings(PurePosixPath(path), ast.parse(source))


@pytest.mark.parametrize(("path", "source"), [
    ("sparsecbm/training/loop.py", "from sparsecbm.evaluation.compute import evaluate"),
    ("sparsecbm/subnetworks/compute_specificity.py", "from sparsecbm.evaluation.metrics import ece"),
    ("sparsecbm/ui/shell.py", "import streamlit as st\nfrom sparsecbm.service import Explainer"),
    ("pages/1_Explain.py", "import streamlit as st\nfrom sparsecbm.ui import shell"),
    ("tests/test_main.py", "from sparsecbm.__main__ import main\nimport torch"),
])
def test_an_allowed_import_is_not_found(path: str, source: str) -> None:
    assert import_findings(PurePosixPath(path), ast.parse(source)) == []


@pytest.mark.parametrize("source", [
    "print('x')", "torch.load('x')", "np.load('x', allow_pickle=True)", "st.markdown(x, unsafe_allow_html=True)",
])
def test_a_forbidden_call_is_found(source: str) -> None:
    assert code_findings(ast.parse(source))
