"""The command line as a whole: exit codes, and one line on standard error for every mistake."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from sparsecbm.__main__ import COMMANDS, build_parser, main
from sparsecbm.errors import SparseCBMError

ROOT = Path(__file__).parents[1]


def error_line(capsys: pytest.CaptureFixture[str]) -> str:
    """The one line of a failed command; nothing may stand on standard output."""
    out, err = capsys.readouterr()
    assert out == ""
    assert err.endswith("\n") and err.count("\n") == 1 and err.strip()
    assert "Traceback" not in err and "usage:" not in err
    return err


@pytest.mark.parametrize(("arguments", "parts"), [
    ([], ["No command", "app, explain, intervene", "--help"]),
    (["explian"], ["'explian'", "'explain'", "--help"]),
    (["explain"], ["TEXT", "explain --help"]),
    (["explain", "Good", "soup"], ["'soup'", "--override", "quotes"]),
    (["explain", "Good soup", "--jsn"], ["'--jsn'", "--json"]),
    (["explain", "Good soup", "--js"], ["'--js'", "--json"]),
    (["explain", "Good soup", "--override"], ["--override", "one argument", "--help"]),
    (["explain", "Good soup", "--device", "tpu"], ["'tpu'", "cpu", "Use one"]),
    (["explain", "Good \udcff soup"], ["byte 5", "UTF-8", "Convert"]),
    (["evaluate", "--json"], ["--data", "evaluate --help"]),
    (["evaluate", "--dataset", "cebap", "--data", "."], ["'cebap'", "cebab", "Use one"]),
    (["train", "--data", "d", "--output", "o", "--sparsity", "much"], ["'much'", "a number", "--help"]),
    (["train", "--data", "d", "--output", "o", "--epochs-dense", "1.5"], ["'1.5'", "whole number", "--help"]),
    (["train", "--data", "d", "--output", "o", "--kind", "spare"], ["'spare'", "'sparse'", "--help"]),
])
def test_a_mistake_is_one_line_that_says_what_came_and_what_is_allowed(
    arguments: list[str], parts: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(arguments) == 2
    line = error_line(capsys)
    assert [part for part in parts if part not in line] == []


@pytest.mark.parametrize(("error", "code", "part"), [
    (SparseCBMError("first\nsecond  third"), 2, "first second third"),
    (PermissionError(13, "Permission denied", "/x/y"), 2, "/x/y"),
    (KeyboardInterrupt(), 130, "--resume"),
])
def test_what_a_command_raises_becomes_one_line_and_an_exit_code(
    error: BaseException, code: int, part: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def fail(_: object) -> None:
        raise error

    monkeypatch.setattr("sparsecbm.words.command.run", fail)
    assert main(["explain", "x"]) == code
    assert part in error_line(capsys)


def test_a_bug_is_not_dressed_up_as_the_users_mistake(monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(_: object) -> None:
        raise ZeroDivisionError

    monkeypatch.setattr("sparsecbm.words.command.run", fail)
    with pytest.raises(ZeroDivisionError):
        main(["explain", "x"])


@pytest.mark.parametrize("command", [None, *COMMANDS])
def test_help_is_printed_and_succeeds(command: str | None, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as exit_:
        main([command, "--help"] if command else ["--help"])
    assert exit_.value.code == 0
    assert "usage: python -m sparsecbm" in capsys.readouterr().out


def test_a_text_that_starts_with_a_dash_can_be_given() -> None:
    assert build_parser().parse_args(["explain", "--json", "--", "-bad soup"]).text == "-bad soup"


@pytest.mark.slow
@pytest.mark.parametrize("text", ["Good soup", "Good soup \udcff"])
def test_a_missing_checkpoint_as_a_real_process(text: str, tmp_path: Path) -> None:
    """Through the interpreter, where libraries could print and Python could trace back."""
    command = [sys.executable, "-m", "sparsecbm", "explain", os.fsencode(text) if "\udcff" in text else text,
               "--json", "--checkpoint", str(tmp_path / "none")]
    result = subprocess.run(command, capture_output=True, cwd=ROOT)
    assert (result.returncode, result.stdout) == (2, b"")
    assert len(result.stderr.splitlines()) == 1
