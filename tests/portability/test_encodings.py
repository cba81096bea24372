"""Text is read and written as UTF-8 wherever the system has another habit, as Windows in Europe and Asia has."""

import ast
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from sparsecbm.config import TrainConfig
from sparsecbm.model.files import read_json
from tests.portability.source import ALL, ROOT, calls, given, opens_text
from tests.training.test_command import config

#: The code page of Windows in Western Europe, as glibc calls it. It lacks an arrow, which code pages of Asia have.
HABIT = ("en_US", "CP1252")


@pytest.mark.slow
def test_the_product_runs_where_the_system_has_other_habits(tmp_path: Path) -> None:
    """Another encoding, none of the modules, functions and signals that only POSIX has, and no unnamed encoding.

    The encoding needs glibc's localedef with its character maps (Debian: locales); all else is tried without it, too.
    """
    (tmp_path / "tour").mkdir()
    command = [sys.executable, "-X", "warn_default_encoding", "-m", "tests.portability.tour", str(tmp_path / "tour"),
               "without_posix", "unnamed_encodings_are_errors"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, env=os.environ | encoded(tmp_path, *HABIT))
    assert done.returncode == 0, done.stderr.decode(errors="replace")


def encoded(folder: Path, language: str, charmap: str) -> dict[str, str]:
    """An environment whose encoding is `charmap`; empty where none can be made."""
    name = folder / f"{language}.{charmap}"
    made = shutil.which("localedef") and subprocess.run(
        ["localedef", "--no-warnings=ascii", "-f", charmap, "-i", language, str(name)], capture_output=True)
    if not made or not name.exists():
        return {}
    changes = {"LOCPATH": str(folder), "LC_ALL": name.name, "PYTHONUTF8": "0"}
    print_it = [sys.executable, "-c", "import locale; print(locale.getpreferredencoding())"]
    assert subprocess.run(print_it, env=os.environ | changes, capture_output=True).stdout.strip() == charmap.encode()
    return changes


@pytest.mark.slow
def test_every_text_names_its_encoding() -> None:
    """Of files, and of what other programs print. ruff finds few of them: it has to know that something is a path."""
    found = [where for where, name, call in calls(*ALL) if "encoding" not in given(call) and (
        opens_text(name, call) or ast.unparse(call.func).startswith("subprocess.")
        and given(call) & {"text", "universal_newlines", "errors"})]
    assert found == []


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16"])
def test_settings_that_an_editor_of_windows_saved_are_read(encoding: str, tmp_path: Path) -> None:
    """Notepad and PowerShell put a mark at the start of a file."""
    file = tmp_path / "settings.json"
    file.write_text('{"backbone": "b", "seed": 7}', encoding=encoding)
    made: TrainConfig = config("--config", str(file))
    assert made.seed == 7 and read_json(tmp_path, file.name) == {"backbone": "b", "seed": 7}
