"""`study` from the command line, on a tiny model and a database of its own."""

import json
from pathlib import Path
from typing import Any

import pytest

from sparsecbm.__main__ import main
from sparsecbm.model.checkpoint import load_checkpoint
from sparsecbm.studies.protocol import Protocol
from sparsecbm.studies.store import Store
from tests.helpers import saved_checkpoint
from tests.studies.toys import a_protocol


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> list[str]:
    """The options that name a tiny model."""
    folder = tmp_path_factory.mktemp("checkpoint")
    return ["--checkpoint", str(saved_checkpoint(folder)), "--device", "cpu"]


@pytest.fixture
def protocol(model: list[str]) -> Protocol:
    return a_protocol(checkpoint=load_checkpoint(model[1], "cpu").hash, name="Soup\x1b[31m")


@pytest.fixture
def study(protocol: Protocol, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """A study in the database that the environment names."""
    monkeypatch.delenv("SPARSECBM_DATABASE_URL", raising=False)
    monkeypatch.setenv("SPARSECBM_STUDIES", str(tmp_path / "studies.sqlite"))
    with Store.open() as store:
        return store.add_study(protocol)


@pytest.fixture
def run(capsys: pytest.CaptureFixture[str]) -> Any:
    """Run `study` and return what standard output held; standard error must stay empty."""
    def run(*arguments: str) -> str:
        assert main(["study", *arguments]) == 0
        out, err = capsys.readouterr()
        assert err == ""
        return out
    return run


def test_simulate_export_replay_and_withdraw(run: Any, study: str, model: list[str], tmp_path: Path) -> None:
    made = json.loads(run("simulate", study, "--participants", "2", "--seed", "3", "--json", *model))
    assert made["participants"] == made["finished"] == 2 and {arm["arm"] for arm in made["arms"]} == {
        "prediction", "overrides"}
    assert json.loads(run("results", study, "--simulated", "--json")) == made
    (listed,) = json.loads(run("list", "--json"))["studies"]
    assert (listed["id"], listed["enrolled"], listed["simulated"], listed["closed"]) == (study, 0, 2, False)
    account = json.loads(run("export", study, str(tmp_path / "out"), "--json"))
    assert (account["participants"], account["cases"]) == (2, 8)
    again = json.loads(run("replay", str(tmp_path / "out"), "--json", *model))
    assert again["predictions"] == again["identical"] > 8 and again["changed"] == []
    with Store.open() as store:
        code = store.courses(study, ("simulated",))[0].participant.code
    assert json.loads(run("withdraw", code, "--json"))["events"] > 10
    with Store.open() as store:
        assert [note.kind for note in store.notes(study)] == ["results", "exported", "withdrawn"]
        assert len(store.courses(study, ("simulated",))) == 1


def test_what_people_read(run: Any, study: str, model: list[str], tmp_path: Path, protocol: Protocol) -> None:
    output = run("simulate", study, "--participants", "2", *model)
    for part in ("2 participants, 2 of them finished", "over-reliance", "RAIR", "(Holm)", "model of right_with"):
        assert part in output, part
    listed = run("list")
    assert "\x1b" not in listed and study in listed and "open" in listed
    assert "2 participants" in run("export", study, str(tmp_path / "out"))
    output = run("replay", str(tmp_path / "out"), *model)
    assert "the same checkpoint" in output and "predictions identical, 0 changed" in output
    file = tmp_path / "protocol.json"
    file.write_text(json.dumps(protocol.to_json()), encoding="utf-8")
    output = run("simulate", str(file), "--participants", "2", "--repeats", "1", *model)
    assert "1 simulated studies of 2 participants" in output
    run("simulate", str(file), "--participants", "1", *model)
    with Store.open() as store:  # of a file, nothing is kept
        assert len(store.courses(study, ("simulated",))) == 2


@pytest.mark.parametrize("width", ["8", "200"])
def test_no_table_cuts_an_id(
    width: str, run: Any, study: str, model: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", width)
    listed, shown = run("list"), run("simulate", study, "--participants", "2", *model)
    assert study in listed and "…" not in listed and "…" not in shown
    assert "overrides" in shown and "(over-reliance)" in shown and "┃┃" not in listed


def test_an_id_with_blanks_around_it_is_found_by_every_command(
    run: Any, study: str, model: list[str], tmp_path: Path
) -> None:
    made = json.loads(run("simulate", f" {study}\n", "--participants", "1", "--json", *model))
    assert made["participants"] == 1
    assert json.loads(run("results", f"{study} ", "--simulated", "--json"))["participants"] == 1
    assert json.loads(run("export", f" {study}.", str(tmp_path / "out"), "--json"))["study"] == study
    with Store.open() as store:
        code = store.courses(study, ("simulated",))[0].participant.code
    assert json.loads(run("withdraw", f" {code.lower()} ", "--json"))["events"] > 10


def test_an_export_that_cannot_be_made_leaves_no_folder(study: str, tmp_path: Path, capsys: Any) -> None:
    deep = tmp_path / "new" / "x"
    assert main(["study", "export", "nope", str(deep)]) == 2 and not deep.parent.exists()
    (tmp_path / "full").mkdir()
    (tmp_path / "full" / "mine.txt").write_text("mine", encoding="utf-8")
    assert main(["study", "export", study, str(tmp_path / "full")]) == 2
    assert [path.name for path in (tmp_path / "full").iterdir()] == ["mine.txt"]
    with Store.open() as store:
        assert not store.notes(study)  # nothing was exported


@pytest.mark.parametrize(("arguments", "part"), [
    ([], "ACTION"), (["lst"], "'lst'"), (["export", "nowhere", "x"], "no study 'nowhere'"),
    (["withdraw", "AAAA"], "has this code"),
    (["replay", "nowhere"], "not an exported study"), (["simulate", "nowhere"], "no study 'nowhere'"),
    (["simulate", "{study}", "--participants", "0"], "0 participants"),
    (["simulate", "{study}", "--participants", "10001"], "1 to 10,000"),
    (["simulate", "{study}", "--participants", "9" * 400], "999 participants; allowed"),
    (["simulate", "{study}", "--repeats", "0"], "0 repeats"), (["simulate", "{study}", "--repeats", "99999"], "10,000"),
    (["list", "--jsn"], "'--jsn'"),
    (["simulate", "{study}", "--skill", "2"], "skill 2"), (["simulate", "{study}", "--policy", "best"], "'best'"),
])
def test_wrong_requests(arguments: list[str], part: str, study: str, capsys: pytest.CaptureFixture[str]) -> None:
    """One line on standard error, nothing on standard output."""
    assert main(["study", *(argument.format(study=study) for argument in arguments)]) == 2
    out, err = capsys.readouterr()
    assert out == "" and err.count("\n") == 1 and part in err
