"""The documentation holds: its commands are the real ones, its code runs, what it points to is there."""

import argparse
import re
import shlex
from pathlib import Path

import pytest

from sparsecbm.__main__ import build_parser

ROOT = Path(__file__).parents[1]
README = (ROOT / "README.md").read_text()
START = "pip install -r requirements.txt && streamlit run app.py"
TEST = "pip install -r requirements-dev.txt && pytest"


def blocks(language: str) -> list[str]:
    """The fenced code blocks of the README in one language."""
    return re.findall(rf"^```{language}\n(.*?)^```$", README, re.MULTILINE | re.DOTALL)


def commands() -> dict[str, argparse.ArgumentParser]:
    """The parser of every command."""
    action = next(a for a in build_parser()._actions if isinstance(a, argparse._SubParsersAction))
    return dict(action.choices)


OPTIONS = [(name, action) for name, parser in commands().items() for action in parser._actions]


def test_the_two_commands_stand_first_and_alone() -> None:
    assert blocks("sh")[:2] == [f"{START}\n", f"{TEST}\n"]


def test_ci_runs_the_command_of_the_readme() -> None:
    lines = [line for line in (ROOT / ".ci/run").read_text().splitlines() if line and not line.startswith("#")]
    assert lines[-1] == TEST


@pytest.mark.parametrize("command", commands())
def test_every_command_has_help_and_an_example(command: str) -> None:
    parser = commands()[command]
    assert parser.description
    assert f"python -m sparsecbm {command} " in README


@pytest.mark.parametrize(("command", "action"), OPTIONS, ids=[f"{name} {action.dest}" for name, action in OPTIONS])
def test_every_option_has_help_and_stands_in_the_readme(command: str, action: argparse.Action) -> None:
    assert action.help
    row = next(line for line in README.splitlines() if line.startswith(f"| `{command}"))
    named = [name for name in action.option_strings or [str(action.metavar)] if name not in ("-h", "--help")]
    assert all(re.search(rf"(^|[` ]){re.escape(name)}`", row) for name in named), f"{named} not in: {row}"


def test_no_option_is_documented_that_is_not_there() -> None:
    for name, parser in commands().items():
        row = next(line for line in README.splitlines() if line.startswith(f"| `{name}"))
        known = {option for action in parser._actions for option in action.option_strings}
        assert set(re.findall(r"`(--[a-z-]+)`", row)) <= known


@pytest.mark.parametrize("line", [
    line for block in blocks("sh") for line in block.splitlines() if line.startswith("python -m sparsecbm ")
])
def test_every_example_is_a_command_line_that_is_understood(line: str) -> None:
    words = shlex.split(line)
    assert words[:3] == ["python", "-m", "sparsecbm"]
    build_parser().parse_args(words[3:])


@pytest.mark.parametrize("code", blocks("python"), ids=lambda code: code.splitlines()[0])
def test_python_in_the_readme_runs(code: str, capsys: pytest.CaptureFixture[str]) -> None:
    exec(compile(code, "README.md", "exec"), {})
    assert capsys.readouterr().out


@pytest.mark.parametrize("path", sorted(
    {path for path in re.findall(r"\]\(([^)#]+)\)", README) if "://" not in path}
    | set(re.findall(r"`((?:sparsecbm|pages|tests|benchmarks|checkpoints)/[\w./-]*)`", README))
))
def test_what_the_readme_points_to_is_there(path: str) -> None:
    assert (ROOT / path).exists()


def test_the_changelog_has_a_place_for_what_is_new() -> None:
    assert "\n## [Unreleased]\n" in (ROOT / "CHANGELOG.md").read_text()
