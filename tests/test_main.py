"""The command line as a whole: exit codes, and one line on standard error for every mistake."""

import argparse
import errno
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from sparsecbm.__main__ import COMMANDS, build_parser, main
from sparsecbm.cli.console import say, show_table
from sparsecbm.cli.parser import input_path, input_place, output_path
from sparsecbm.errors import SparseCBMError
from tests.helpers import symlink

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


PATHS = (input_path, input_place, output_path)


def leaves(parser: argparse.ArgumentParser, *words: str) -> Iterator[tuple[tuple[str, ...], list[argparse.Action]]]:
    """Every command with its options, such as ("study", "export")."""
    inner = [action for action in parser._actions if isinstance(action, argparse._SubParsersAction)]
    for action in inner:
        for name, command in action.choices.items():
            yield from leaves(command, *words, name)
    if not inner:
        yield words, [action for action in parser._actions if action.dest != "help"]


LEAVES = dict(leaves(build_parser()))


def filled(action: argparse.Action, value: str) -> list[str]:
    return [*action.option_strings[:1], value]


def test_every_path_is_declared_as_one(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """So `~` is a home folder in it, and it is kept apart from the others."""
    for variable in ("HOME", "USERPROFILE"):
        monkeypatch.setenv(variable, str(tmp_path))
    named = [(words, action) for words, actions in LEAVES.items() for action in actions
             if any(part in str(action.metavar) for part in ("FILE", "DIR", "FOLDER", "PATH"))
             or action.dest in ("backbone", "start")]
    assert [(words, action.dest) for words, action in named if action.type not in PATHS] == []
    assert {(*words, action.dest) for words, action in named if action.type is output_path} == {
        ("predict", "output"), ("intervene", "save_patch"), ("train", "output"), ("backbone", "output"),
        ("compress", "output"), ("access", "people"), ("study", "export", "folder"), ("corrections", "export", "file"),
        ("corrections", "adopt", "into")}
    assert {str(action.type("~/x")) for _, action in named if callable(action.type)} == {str(tmp_path / "x")}


@pytest.mark.parametrize(("words", "source"), [
    (words, action.dest) for words, actions in LEAVES.items() if any(one.type is output_path for one in actions)
    for action in actions if action.type in (input_path, input_place)])
def test_no_command_writes_over_what_it_reads(
    words: tuple[str, ...], source: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    kept, line = tmp_path / "kept.csv", list(words)
    kept.write_text("text\nGood soup\n", encoding="utf-8")
    symlink(tmp_path / "link.csv", kept)
    for action in LEAVES[words]:
        if action.type is output_path:
            line += filled(action, str(tmp_path / "link.csv"))
        elif action.dest == source:
            line += filled(action, str(kept))
        elif action.required:
            line += filled(action, "x")
    assert main(line) == 2 and "is the input" in error_line(capsys)
    assert kept.read_text(encoding="utf-8") == "text\nGood soup\n"


@pytest.mark.parametrize("source", ["y.csv.rejects.jsonl", "y.csv.parts/in.csv"])
def test_predict_keeps_a_table_that_is_called_as_its_side_files_are(
    source: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / source).parent.mkdir(exist_ok=True)
    (tmp_path / source).write_text('{"text": "Good soup"}\n', encoding="utf-8")
    assert main(["predict", "--input", str(tmp_path / source), "--output", str(tmp_path / "y.csv"), "--restart"]) == 2
    assert "the input" in error_line(capsys) and (tmp_path / source).exists()


class Closed:
    """Standard output whose reader has gone, or whose disk is full."""

    encoding = "utf-8"

    def __init__(self, number: int) -> None:
        self.number = number

    def write(self, _: str = "") -> int:
        raise OSError(self.number, os.strerror(self.number))

    flush = fileno = write

    def isatty(self) -> bool:
        return False


@pytest.mark.parametrize("output", [lambda _: say("x"), lambda _: show_table("", ["a"], [["b"]]), lambda _: None])
@pytest.mark.parametrize(("number", "code"), [(errno.EPIPE, 0), (errno.EINVAL, 0), (errno.ENOSPC, 2)])
def test_a_reader_that_has_seen_enough_is_no_error(
    output: object, number: int, code: int, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Windows calls a closed pipe an invalid argument."""
    monkeypatch.setattr("sparsecbm.words.command.run", output)
    monkeypatch.setattr(sys, "stdout", Closed(number))
    assert main(["explain", "x"]) == code
    assert ("No space" in capsys.readouterr().err) == (code == 2)


@pytest.mark.slow
@pytest.mark.parametrize("encoding", ["cp1252", "ascii"])
def test_a_narrow_console_and_a_closed_pipe_as_real_processes(encoding: str) -> None:
    def run(*arguments: str, output: int) -> subprocess.CompletedProcess[bytes]:
        return subprocess.run([sys.executable, "-m", "sparsecbm", *arguments], stdout=output, stderr=subprocess.PIPE,
                              cwd=ROOT, env=os.environ | {"PYTHONIOENCODING": encoding})

    failed = run("explain", "x", "é✓", output=subprocess.PIPE)
    assert failed.returncode == 2 and failed.stderr.count(b"\n") == 1 and b"Traceback" not in failed.stderr
    assert "é".encode(encoding, "backslashreplace") + b"\\u2713" in failed.stderr
    reader, writer = os.pipe()
    os.close(reader)
    helped = run("predict", "--help", output=writer)
    os.close(writer)
    assert (helped.returncode, helped.stderr) == (0, b"")


@pytest.mark.slow
@pytest.mark.parametrize("text", ["Good soup", "Good soup \udcff"])
def test_a_missing_checkpoint_as_a_real_process(text: str, tmp_path: Path) -> None:
    """Through the interpreter, where libraries could print and Python could trace back."""
    command = [sys.executable, "-m", "sparsecbm", "explain", os.fsencode(text) if "\udcff" in text else text,
               "--json", "--checkpoint", str(tmp_path / "none")]
    result = subprocess.run(command, capture_output=True, cwd=ROOT)
    assert (result.returncode, result.stdout) == (2, b"")
    assert len(result.stderr.splitlines()) == 1
