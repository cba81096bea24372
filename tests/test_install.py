"""Everything that says on what Python and how SparseCBM is installed says the same, and in words that a shell knows."""

import re
import sys
import tomllib
from pathlib import Path
from typing import Any

import pytest
import yaml
from packaging.requirements import Requirement
from packaging.specifiers import SpecifierSet

ROOT = Path(__file__).parents[1]
INSTALL, CONTRIBUTING = ROOT / "docs/install.md", ROOT / "docs/contributing.md"
DOCUMENTS = [ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md"))]
#: A fenced block of each shell, and how it turns a virtual environment on.
SHELLS = {"sh": "source .venv/bin/activate", "powershell": r".venv\Scripts\Activate.ps1",
          "bat": r".venv\Scripts\activate.bat"}


def text_of(path: Path) -> str:
    return path.read_text(encoding="utf-8")


def blocks(language: str, path: Path) -> list[list[str]]:
    """The fenced blocks of one language as lines."""
    found = re.findall(rf"^```{language}\n(.*?)^```$", text_of(path), re.MULTILINE | re.DOTALL)
    return [block.splitlines() for block in found]


@pytest.fixture(scope="module")
def pythons() -> list[str]:
    """The versions that the package may be installed on, the oldest first."""
    allowed = SpecifierSet(tomllib.loads(text_of(ROOT / "pyproject.toml"))["project"]["requires-python"])
    return [f"3.{minor}" for minor in range(8, 40) if f"3.{minor}.0" in allowed]


@pytest.fixture(scope="module")
def jobs() -> dict[str, Any]:
    workflow = yaml.safe_load(text_of(ROOT / ".github/workflows/tests.yml"))
    found: dict[str, Any] = workflow["jobs"]
    return found


def test_one_range_of_pythons_is_said_everywhere(pythons: list[str]) -> None:
    assert 1 < len(pythons) < 10 and f"{sys.version_info.major}.{sys.version_info.minor}" in pythons
    project = tomllib.loads(text_of(ROOT / "pyproject.toml"))["project"]
    named = [line.rpartition(" ")[2] for line in project["classifiers"] if re.search(r":: 3\.\d+$", line)]
    assert named == pythons
    said = re.compile(r"Python\s+(3\.\d+(?:\s+\w+\s+[\w.]*\w)?)")
    claims = [(path.name, claim) for path in DOCUMENTS for claim in said.findall(text_of(path))]
    assert {name for name, _ in claims} == {"README.md", "install.md"}
    assert {claim for _, claim in claims} == {f"{pythons[0]} to {pythons[-1]}"}


def test_the_releases_that_the_documents_name_are_those_that_are_pinned() -> None:
    lines = text_of(ROOT / "requirements.txt").splitlines()
    pins = {found.name: str(found.specifier) for line in lines
            if (given := line.partition("#")[0].strip()) for found in [Requirement(given)]}
    named = re.findall(r"\b(torch|streamlit)[ =]+([\d.]*\d)", text_of(INSTALL))
    assert {name for name, _ in named} == {"torch", "streamlit"}
    assert all(pins[name] == f"=={release}" for name, release in named)


@pytest.mark.parametrize(("shell", "activate"), SHELLS.items())
def test_each_shell_has_one_block_that_begins_with_a_virtual_environment(
    shell: str, activate: str, pythons: list[str]
) -> None:
    whole, = [block for block in blocks(shell, INSTALL) if len(block) > 2]
    assert whole[0].endswith("-m venv .venv") and whole[1] == activate
    assert whole[2:] == ["pip install -r requirements.txt", "streamlit run app.py"]
    assert shell == "sh" or f"py -{pythons[-1]} " in whole[0]


def test_no_line_is_one_that_only_some_shells_know() -> None:
    for path in DOCUMENTS:
        for shell in (*SHELLS, "text", "bash"):
            for block in blocks(shell, path):
                assert path.name == "README.md" or not any("&&" in line for line in block), path
        assert not re.search(r"(?:^|`)[A-Z_]{3,}=\S+ +[a-z]", text_of(path), re.MULTILINE), path


def test_the_workflow_runs_what_the_documents_say(jobs: dict[str, Any], pythons: list[str]) -> None:
    quick, everything = jobs["quick"], jobs["everything"]
    matrix = quick["strategy"]["matrix"]
    assert matrix["python"] == [pythons[0], pythons[-1]]
    assert {name.partition("-")[0] for name in matrix["os"]} == {"ubuntu", "windows", "macos"}
    commands = [step["run"] for step in quick["steps"] if "run" in step]
    documented = {*re.findall(r"`([^`\n]+)`", text_of(CONTRIBUTING)),
                  *(line for block in blocks("sh", CONTRIBUTING) for line in block)}
    assert len(commands) == 2 and set(commands) <= documented
    last, = [step["run"] for step in everything["steps"] if "run" in step]
    assert (ROOT / last.removeprefix("bash ")).is_file() and f":{pythons[0]}-" in everything["container"]
    assert all(step.keys() & {"uses", "run"} for job in jobs.values() for step in job["steps"])
