"""The checks that read the code instead of running it: ruff over everything, mypy (strict) over the library."""

import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]


def bans(folder: str, line: str) -> subprocess.CompletedProcess[str]:
    """What ruff says of one line in a file of a folder, as to bans only."""
    command = ["ruff", "check", "--select", "TID251,T201", "--stdin-filename", f"{folder}/planted.py", "-"]
    return subprocess.run([sys.executable, "-m", *command], cwd=ROOT, input=f"{line}\n", capture_output=True, text=True)


@pytest.mark.parametrize("command", [["ruff", "check", "."], ["mypy", "--cache-dir=/dev/null"]],
                         ids=lambda command: command[0])
def test_nothing_is_found(command: list[str]) -> None:
    result = subprocess.run([sys.executable, "-m", *command], cwd=ROOT, capture_output=True, text=True)
    assert result.returncode == 0, result.stdout + result.stderr


@pytest.mark.parametrize(("folder", "line"), [
    ("sparsecbm", "import streamlit"),
    ("sparsecbm/model", "from tests.helpers import tiny"),
    ("pages", "import torch"),
    (".", "from captum.attr import Saliency"),
    ("sparsecbm/ui", "import transformers"),
    ("sparsecbm/data", 'print("x")'),
])
def test_ruff_finds_what_a_folder_must_not_do(folder: str, line: str) -> None:
    """The bans differ by folder and stand in three files; this is what they come to."""
    found = bans(folder, line)
    assert found.returncode == 1 and ("TID251" in found.stdout or "T201" in found.stdout)


@pytest.mark.parametrize(("folder", "line"), [
    ("sparsecbm/ui", "import streamlit"),
    ("pages", "import streamlit"),
    (".", "import streamlit"),
    ("sparsecbm/model", "import torch"),
    ("tests/model", "from tests.helpers import tiny"),
    ("benchmarks", "import torch"),
])
def test_ruff_lets_a_folder_do_its_work(folder: str, line: str) -> None:
    found = bans(folder, line)
    assert found.returncode == 0, found.stdout
