"""Nothing that only POSIX systems have is used unguarded; `test_encodings` runs the product without it."""

import ast
import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from benchmarks import browser
from tests.portability.simulated import POSIX_FUNCTIONS, POSIX_MODULES, POSIX_SIGNALS
from tests.portability.source import ALL, ROOT, files, tree


@pytest.mark.slow
def test_nothing_that_only_posix_has_is_used_unguarded() -> None:
    """In tests and benchmarks neither: a guard asks for the name, for the system, or is ready for an error."""
    found = []
    for path in files(*ALL):
        for node in unguarded(tree(path)) if path.parent != Path(__file__).parent else ():
            names: list[str] = []
            if isinstance(node, ast.Import):
                names = [alias.name for alias in node.names if alias.name in POSIX_MODULES]
            elif isinstance(node, ast.ImportFrom):
                names = [alias.name for alias in node.names if node.module in POSIX_MODULES
                         or node.module == "os" and alias.name in POSIX_FUNCTIONS
                         or node.module == "signal" and alias.name in POSIX_SIGNALS]
            elif isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name):
                lacking = {"os": POSIX_FUNCTIONS, "signal": POSIX_SIGNALS}.get(node.value.id, ())
                names = [node.attr] if node.attr in lacking else []
            elif isinstance(node, ast.Constant) and isinstance(node.value, str):
                names = [node.value] if node.value.startswith(("/proc/", "/dev/", "--cache-dir=/dev")) else []
            elif isinstance(node, ast.Call):
                called = ast.unparse(node.func).split(".")
                names = [called[-1]] if called[-1] == "symlink_to" or called == ["os", "symlink"] else []
                names += [argument.value for argument in node.args if isinstance(argument, ast.Constant)
                          and argument.value in ("fork", "forkserver")]
            found += [f"{path.relative_to(ROOT).as_posix()}:{node.lineno} {name}" for name in names]
    assert found == []


def unguarded(root: ast.AST) -> Iterator[ast.AST]:
    """Every node that runs on any system: none in a `try`, nor below an `if` that asks for a system or a name."""
    for node in ast.iter_child_nodes(root):
        if isinstance(node, ast.Try):
            continue
        asked = ast.unparse(node.test) if isinstance(node, ast.If | ast.IfExp) else ""
        if any(part in asked for part in ("os.name", "sys.platform", "hasattr(", "get_all_start_methods")):
            continue
        yield node
        yield from unguarded(node)


@pytest.mark.parametrize("source", [
    "import pwd", "def f():\n    import fcntl", "from os import fork", "import os\nos.getuid()", "signal.SIGKILL",
    "open('/proc/self/statm')", "path.symlink_to(other)", "get_context('fork')",
])
def test_what_only_posix_has_is_found(source: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "planted.py").write_text(source, encoding="utf-8")
    monkeypatch.setattr(f"{__name__}.files", lambda *_: [tmp_path / "planted.py"])
    monkeypatch.setattr(f"{__name__}.ROOT", tmp_path)
    with pytest.raises(AssertionError, match="planted"):
        test_nothing_that_only_posix_has_is_used_unguarded()


@pytest.mark.skipif(os.name == "nt", reason="the programs are no Windows programs")
@pytest.mark.parametrize(("variable", "place"), [
    ("PROGRAMFILES", "Google/Chrome/Application/chrome.exe"),
    ("PROGRAMFILES(X86)", "Microsoft/Edge/Application/msedge.exe"),
    ("HOME", "Applications/Google Chrome.app/Contents/MacOS/Google Chrome"),
    ("PATH", "chromium"),
])
def test_a_browser_is_found_where_each_system_keeps_it(
    variable: str, place: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("PATH", "HOME", browser.VARIABLE, "PROGRAMFILES", "PROGRAMFILES(X86)", "LOCALAPPDATA"):
        monkeypatch.setenv(name, "")
    monkeypatch.setenv(variable, str(tmp_path))
    program = tmp_path / place
    program.parent.mkdir(parents=True, exist_ok=True)
    program.touch(mode=0o755)
    assert browser.found_browser() == str(program)
    monkeypatch.setenv(browser.VARIABLE, "/opt/my-own")
    assert browser.found_browser() == "/opt/my-own"
