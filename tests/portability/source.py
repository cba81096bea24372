"""Our own Python files as trees, for tests that read the code."""

import ast
import subprocess
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).parents[2]
PRODUCT = ("app.py", "pages", "sparsecbm")
#: The product, its benchmarks, its tests and what its documents' site runs.
ALL = (*PRODUCT, "benchmarks", "tests")


def files(*places: str) -> list[Path]:
    """The Python files there, in order."""
    return sorted(path for place in places for path in ([ROOT / place] if place.endswith(".py")
                                                        else (ROOT / place).rglob("*.py")))


def tree(path: Path) -> ast.Module:
    """A file's tree; not kept, because all of them are large and slow down every later test."""
    return ast.parse(path.read_text(encoding="utf-8"))


def calls(*places: str) -> Iterator[tuple[str, str, ast.Call]]:
    """Every call in these files: where it stands, the last part of what is called, and the call."""
    for path in files(*places):
        for node in ast.walk(tree(path)):
            if isinstance(node, ast.Call):
                name = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
                yield f"{path.relative_to(ROOT).as_posix()}:{node.lineno}", name, node


def given(call: ast.Call) -> set[str]:
    """The keywords of a call."""
    return {keyword.arg or "**" for keyword in call.keywords}


def opens_text(name: str, call: ast.Call) -> str | None:
    """"r" or "w" where a call opens a text file to read or to write; None for any other call."""
    if name in ("read_text", "write_text"):
        return name[0] if isinstance(call.func, ast.Attribute) else None
    if name == "TextIOWrapper" or name == "FileHandler":
        return "w"
    constants = [value.value for value in (*call.args[:2], *(keyword.value for keyword in call.keywords
                                                             if keyword.arg == "mode"))
                 if isinstance(value, ast.Constant) and isinstance(value.value, str)]
    mode = next((text for text in constants if text and set(text) <= set("rwaxbt+")), None)
    ours = isinstance(call.func, ast.Name) or not call.args or mode is not None
    if name in ("open", "fdopen") and ours and not _is_other_open(call):
        return None if "b" in (mode or "") else "w" if set(mode or "r") & set("wax+") else "r"
    if name in ("NamedTemporaryFile", "TemporaryFile", "SpooledTemporaryFile"):
        return "w" if mode is not None and "b" not in mode else None
    return None


def _is_other_open(call: ast.Call) -> bool:
    """True for an `open` of a class, such as Store.open or Image.open."""
    return (isinstance(call.func, ast.Attribute) and isinstance(call.func.value, ast.Name)
            and call.func.value.id[:1].isupper())


def git(*arguments: str, cwd: Path = ROOT) -> str:
    """What git prints."""
    return subprocess.run(["git", *arguments], cwd=cwd, check=True, capture_output=True, encoding="utf-8").stdout
