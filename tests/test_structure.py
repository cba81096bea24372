"""The checks that read the code instead of running it: style, types, imports, and the house rules of the design."""

import ast
import statistics
import subprocess
import sys
from collections import defaultdict
from importlib.metadata import packages_distributions
from pathlib import Path

import grimp
import pytest

ROOT = Path(__file__).parents[1]
SHIPPED = [ROOT / "app.py", *(ROOT / "pages").glob("*.py"), *(ROOT / "sparsecbm").rglob("*.py")]
OTHERS = [*(ROOT / "benchmarks").rglob("*.py"), *(ROOT / "tests").rglob("*.py")]
MOST_LINES = {"tests": 400}  # 260 elsewhere

#: A package that breaks each kind of rule once, and what the contract says of it.
PLANTED = {
    "words/shown.py": "import streamlit\nfrom sparsecbm.words import panel",
    "words/panel.py": "import streamlit\nimport torch",
    "words/figure.py": "import plotly\nfrom sparsecbm.words import compute",
    "words/compute.py": "import torch\nfrom sparsecbm.impact import effect",
    "words/command.py": "def run():\n    from sparsecbm.words import figure",
    "impact/effect.py": "from sparsecbm.words import idea",
    "words/idea.py": "import pickle",
}
FOUND = [
    "folders import each other in a circle: impact <- words <- impact",
    "sparsecbm.words.command (command) imports sparsecbm.words.figure (figure)",
    "sparsecbm.words.figure (figure) imports sparsecbm.words.compute (compute)",
    "sparsecbm.words.idea (idea) imports pickle",
    "sparsecbm.words.panel (panel) imports torch",
    "sparsecbm.words.shown (idea) imports sparsecbm.words.panel (panel)",
    "sparsecbm.words.shown (idea) imports streamlit",
]


def run(*command: str, cwd: Path = ROOT) -> subprocess.CompletedProcess[str]:
    return subprocess.run([sys.executable, *command], cwd=cwd, capture_output=True, encoding="utf-8")


def lint_imports(cwd: Path, *options: str) -> subprocess.CompletedProcess[str]:
    code = f"import sys; sys.path[:0] = ['.', {str(ROOT)!r}]; from importlinter.cli import lint_imports_command as go; "
    return run("-c", f"{code}go(['--no-cache', *{options!r}])", cwd=cwd)


@pytest.mark.parametrize("command", [
    ("-m", "ruff", "check", "."), pytest.param(("-m", "mypy"), marks=pytest.mark.slow),
], ids=lambda command: command[1])
def test_nothing_is_found(command: tuple[str, ...]) -> None:
    result = run(*command)
    assert result.returncode == 0, result.stdout + result.stderr


def test_every_file_imports_only_what_its_layer_may() -> None:
    result = lint_imports(ROOT)
    assert result.returncode == 0, result.stdout + result.stderr
    assert "ignore_imports" not in (ROOT / "pyproject.toml").read_text(encoding="utf-8")


def test_a_forbidden_import_is_found(tmp_path: Path) -> None:
    for name, source in PLANTED.items():
        file = tmp_path / "sparsecbm" / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(source, encoding="utf-8")
        for folder in (file.parent, file.parent.parent):
            (folder / "__init__.py").touch()
    (tmp_path / "pyproject.toml").write_text((ROOT / "pyproject.toml").read_text(encoding="utf-8"), encoding="utf-8")
    result = lint_imports(tmp_path, "--contract", "layers")
    lines = " ".join(result.stdout.split())
    assert result.returncode == 1 and all(line in lines for line in FOUND), result.stdout + result.stderr
    assert lines.count(") imports ") == len(FOUND) - 1


def imported(tree: ast.AST) -> set[str]:
    """Every module that a file imports, wherever the import stands."""
    nodes = list(ast.walk(tree))
    return ({alias.name for node in nodes if isinstance(node, ast.Import) for alias in node.names}
            | {node.module or "" for node in nodes if isinstance(node, ast.ImportFrom)})


def test_pages_only_list_panels() -> None:
    for page in SHIPPED:
        if page.parent in (ROOT, ROOT / "pages"):
            assert imported(ast.parse(page.read_text(encoding="utf-8"))) == {"streamlit", "sparsecbm"}, page


def test_files_stay_short() -> None:
    lengths = {path: len(path.read_text(encoding="utf-8").splitlines()) for path in [*SHIPPED, *OTHERS]}
    most = {path: MOST_LINES.get(path.relative_to(ROOT).parts[0], 260) for path in lengths}
    assert not {str(path): length for path, length in lengths.items() if length > most[path]}
    assert statistics.median(lengths[path] for path in SHIPPED if path.name != "__init__.py") <= 150


def test_what_screens_share_is_shared_and_no_name_means_two_things() -> None:
    """A module of `ui/` that one other module uses belongs there; a name that comes twice is a layer's name."""
    graph = grimp.build_graph("sparsecbm")
    alone = {module for module in graph.find_children("sparsecbm.ui")
             if len(graph.find_modules_that_directly_import(module)) < 2}
    assert not alone
    named = defaultdict(set)
    for module in graph.modules:
        if not graph.find_children(module):
            named[module.rpartition(".")[2]].add(module)
    layers = ("panel", "command", "figure", "compute", "__init__")
    assert not {name: found for name, found in named.items()
                if len(found) > 1 and name.partition("_")[0] not in layers}


def test_nothing_unsafe_is_called() -> None:
    """Checkpoints are JSON and safetensors, text from outside is never HTML; ruff bans the modules themselves."""
    for path in SHIPPED:
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call):
                assert ast.unparse(node.func) not in ("torch.load", "torch.save"), path
                assert not {"unsafe_allow_html", "allow_pickle"} & {keyword.arg for keyword in node.keywords}, path


def test_every_import_is_in_the_requirements() -> None:
    """A new environment has what the code needs because a line of ours says so, not by luck."""
    def listed(file: str) -> set[str]:
        lines = (line.partition("#")[0].strip() for line in (ROOT / file).read_text(encoding="utf-8").splitlines())
        return {line.partition("=")[0].partition("[")[0].rstrip("~").lower() for line in lines
                if line and not line.startswith("-")}

    runtime, distributions = listed("requirements.txt"), packages_distributions()
    for path in [*SHIPPED, *OTHERS]:
        allowed = runtime if path in SHIPPED else runtime | listed("requirements-dev.txt")
        for module in imported(ast.parse(path.read_text(encoding="utf-8"))):
            names = {name.lower().replace("_", "-") for name in distributions.get(module.split(".")[0], ())}
            ours = module.split(".")[0] in ("sparsecbm", "tests", "benchmarks")
            assert ours or not names or names & allowed, f"{path} imports {module}, but no requirement names {names}"
