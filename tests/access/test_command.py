"""`access`: people are listed, added and removed; passwords come from the terminal or standard input."""

import io
import json
from pathlib import Path

import pytest

from sparsecbm.__main__ import main
from sparsecbm.access.people import People, Person

SECRET = "correct horse battery"


def access(file: Path, *arguments: str) -> int:
    return main(["access", *arguments, "--people", str(file)])


def test_people_come_change_and_go(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "people.json"
    monkeypatch.setattr("sys.stdin", io.StringIO(f"{SECRET}\n"))
    assert access(file, "add", "Ana", "--role", "analyst") == 0
    assert People(file).check("ana", SECRET) == Person("ana", "analyst")
    assert access(file, "add", "bo@example.org", "--no-password") == 0
    capsys.readouterr()
    assert access(file, "list", "--json") == 0
    assert json.loads(capsys.readouterr().out)["people"] == [
        {"name": "ana", "role": "analyst"}, {"name": "bo@example.org", "role": "viewer"}]
    assert access(file, "add", "ana", "--no-password", "--role", "admin") == 0
    assert People(file).check("ana", SECRET) == Person("ana", "admin")
    assert access(file, "remove", "ana") == 0 and People(file).named("ana") is None


@pytest.mark.parametrize("arguments", [("add",), ("remove", "nobody"), ("add", "bo", "--role", "root")])
def test_what_cannot_be_done_leaves_no_file(
    tmp_path: Path, arguments: tuple[str, ...], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("sys.stdin", io.StringIO(f"{SECRET}\n"))
    assert access(tmp_path / "people.json", *arguments) == 2
    assert "allowed" in capsys.readouterr().err and not (tmp_path / "people.json").exists()
