"""`corrections` from the command line, on a tiny model's schema and a database of its own."""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from sparsecbm.__main__ import main
from sparsecbm.corrections.compute_store import CorrectionStore
from sparsecbm.corrections.label_correction import schema_hash
from sparsecbm.schema import CEBAB
from tests.corrections.toys import TEXT, a_correction
from tests.helpers import saved_checkpoint


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> list[str]:
    """The option that names a tiny model."""
    return ["--checkpoint", str(saved_checkpoint(tmp_path_factory.mktemp("checkpoint")))]


@pytest.fixture(autouse=True)
def _two_corrections(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("SPARSECBM_DATABASE_URL", raising=False)
    monkeypatch.setenv("SPARSECBM_STUDIES", str(tmp_path / "studies.sqlite"))
    with CorrectionStore.open() as store:
        store.add(a_correction(), a_correction(1, "unknown", who="Bo\x1b[31m"),
                  a_correction(2, schema=schema_hash(CEBAB)))


@pytest.fixture
def run(capsys: pytest.CaptureFixture[str]) -> Any:
    """Run `corrections` and return what standard output held; standard error must stay empty."""
    def run(*arguments: str) -> str:
        assert main(["corrections", *arguments]) == 0
        out, err = capsys.readouterr()
        assert err == ""
        return out
    return run


def test_list_and_undo(run: Any, model: list[str]) -> None:
    found = json.loads(run("list", "--json", *model))
    assert [one["who"] for one in found["corrections"]] == ["Bo\x1b[31m", "Ada"]  # and not those of another schema
    assert (found["texts"], found["pairs"], found["same"]) == (1, 1, 0) and len(found["counting"]) == 2
    shown = run("list", *model)
    assert "\x1b" not in shown and a_correction().id in shown and "The soup was tasty" in shown
    assert "2 corrections of 1 texts, of which 2 count; of 1 pairs of people, 0 said the same" in shown
    assert a_correction().id not in run("list", "--most", "1", *model)
    assert json.loads(run("undo", a_correction().id, "--who", "Cy", "--json")) == {"undone": True}
    assert "before" in run("undo", a_correction().id, "--who", "Cy")
    found = json.loads(run("list", "--json", *model))
    assert found["counting"] == [a_correction(1).id]
    assert [one["undone_by"] for one in found["corrections"]] == [None, "Cy"]
    assert "undone" in run("list", *model)


def test_export_and_import_into_another_database(
    run: Any, model: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    run("undo", a_correction().id, "--who", "Cy")
    files = [tmp_path / "all.csv", tmp_path / "all.JSONL"]
    for file in files:
        assert json.loads(run("export", str(file), "--json", *model)) == {"rows": 2, "file": str(file)}
    now = tmp_path / "now.csv"
    assert "1 rows" in run("export", str(now), "--current", *model)
    assert now.read_text(encoding="utf-8") == f'text,label,soup,room\n"{TEXT}",,unknown,\n'
    monkeypatch.setenv("SPARSECBM_STUDIES", str(tmp_path / "other.sqlite"))
    assert "no correction" in run("list", *model)
    assert json.loads(run("import", str(files[0]), "--json", *model)) == {"rows": 2, "new": 2, "undone": 1}
    assert "0 new, 2 there already" in run("import", str(files[1]), *model)
    assert len(json.loads(run("list", "--json", *model))["counting"]) == 1


@pytest.mark.parametrize(("arguments", "part"), [
    ([], "ACTION"), (["lst"], "'lst'"), (["undo", "nope", "--who", "Ada"], "no correction 'nope'"),
    (["undo", "nope"], "--who"), (["undo", a_correction().id, "--who", " "], "name"),
    (["export", "{folder}/x.xlsx"], "'.xlsx'"), (["export", "{folder}/no/x.csv"], "no folder"),
    (["import", "{folder}/no.csv"], "no file"), (["list", "--checkpoint", "{folder}"], "lacks"),
    (["import", "{folder}/other.jsonl"], "another schema"),
])
def test_wrong_requests(
    arguments: list[str], part: str, model: list[str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """One line on standard error, nothing on standard output, nothing written."""
    other = saved_checkpoint(tmp_path / "cebab", schema=CEBAB)
    assert main(["corrections", "export", str(tmp_path / "other.jsonl"), "--checkpoint", str(other)]) == 0
    capsys.readouterr()
    with_model = [] if "--checkpoint" in arguments or not arguments or arguments[0] in ("undo", "lst") else model
    assert main(["corrections", *(one.format(folder=tmp_path) for one in arguments), *with_model]) == 2
    out, err = capsys.readouterr()
    assert out == "" and err.count("\n") == 1 and part in err
    assert not list(tmp_path.glob("*.xlsx"))
    with CorrectionStore.open() as store:
        assert len(store.history()) == 3 and not any(kept.undo for kept in store.history())


def test_a_file_that_has_one_wrong_row_adds_nothing(run: Any, model: list[str], tmp_path: Path, capsys: Any) -> None:
    file = tmp_path / "all.csv"
    run("export", str(file), *model)
    lines = file.read_text(encoding="utf-8").replace("0" * 30, "1" * 30).splitlines()
    file.write_text("\n".join([*lines, lines[1].replace(",soup,", ",noise,")]), encoding="utf-8")
    assert main(["corrections", "import", str(file), *model]) == 2
    assert "line 4" in capsys.readouterr().err
    with CorrectionStore.open() as store:
        assert len(store.history()) == 3


def test_help_loads_nothing_heavy() -> None:
    code = ("import sys; from sparsecbm.corrections import command; from sparsecbm.cli.parser import Parser; "
            "command.add(Parser().add_subparsers()); print(*sys.modules)")
    printed = subprocess.run([sys.executable, "-c", code], capture_output=True, encoding="utf-8", check=True).stdout
    assert not {"torch", "sqlalchemy", "numpy", "pandas"} & set(printed.split())
