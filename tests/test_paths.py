"""Outputs apart from inputs, `~`, and files that are replaced whole or not at all."""

import errno
import os
from collections.abc import Callable
from pathlib import Path

import pytest

from sparsecbm.batch.compute_store import cache_folder
from sparsecbm.data.catalogue import catalogue
from sparsecbm.errors import InputError
from sparsecbm.paths import check_file, keep_apart, path_in, path_of, place_of, replacing, write_text
from sparsecbm.revision.panel_patches import patch_store
from sparsecbm.schema import CEBAB
from sparsecbm.studies.database import database_url
from sparsecbm.subnetworks.panel_selection import missing_folder
from tests.helpers import symlink


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Files and folders under several names each."""
    for name in ("data/a.csv", "data/deep/b.csv", "other/c.csv"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(name, encoding="utf-8")
    symlink(tmp_path / "link.csv", tmp_path / "data/a.csv")
    symlink(tmp_path / "linked", tmp_path / "data")
    os.link(tmp_path / "data/a.csv", tmp_path / "A.csv")  # as where the case of letters makes no other file
    symlink(tmp_path / "other/back.csv", tmp_path / "data/deep/b.csv")
    return tmp_path


@pytest.mark.parametrize(("output", "source", "how"), [
    ("data/a.csv", "data/a.csv", "is"), ("other/../data/a.csv", "data/a.csv", "is"), ("data/a.csv", "link.csv", "is"),
    ("link.csv", "data/a.csv", "is"), ("A.csv", "data/a.csv", "is"), ("data/a.csv", "A.csv", "is"),
    ("linked/a.csv", "data/a.csv", "is"), ("data", "data", "is"), ("linked", "data", "is"),
    ("data/a.csv", "data", "lies in"), ("linked/deep/b.csv", "data", "lies in"), ("data/a.csv", "hub:data", "lies in"),
    ("data/a.csv", "hub:data#part", "lies in"), ("data", "data/deep/b.csv", "holds"), ("data", "linked/a.csv", "holds"),
    ("data/deep", "other/back.csv", "holds"), ("other", "other/back.csv", "holds"),
])
def test_an_output_that_is_an_input_is_refused(
    output: str, source: str, how: str, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(folder)
    with pytest.raises(InputError, match=f"{how} the input"):
        keep_apart([Path("other/new.csv"), Path(output)], [None, "other/c.csv" if how != "holds" else None, source])


@pytest.mark.parametrize(("output", "source"), [
    ("other/c.csv", "data"), ("new.csv", "data/a.csv"), ("data/new.csv", "data"), ("data/deep", "data"),
    ("data/deep", "data/a.csv"), ("data/a.csv", "owner/name"), ("data/a.csv", "hub:owner/name"),
])
def test_others_are_not(output: str, source: str, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(folder)
    keep_apart([Path(output)], [source, None])


def test_home_is_meant_by_a_tilde_and_nobodys_home_is_told(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    for variable in ("HOME", "USERPROFILE"):
        monkeypatch.setenv(variable, str(tmp_path))
    assert path_of("~/a.csv") == tmp_path / "a.csv" and path_of("a~b/~") == Path("a~b/~")
    assert [place_of(one) for one in ("~/a", "hub:~/a", "owner/name", "hub:owner/name#part", "90%")] == [
        str(tmp_path / "a"), f"hub:{tmp_path / 'a'}", "owner/name", "hub:owner/name#part", "90%"]
    monkeypatch.setenv("SPARSECBM_TEST", "~/b")
    assert path_in("SPARSECBM_TEST") == tmp_path / "b" and path_in("SPARSECBM_NONE") is None
    monkeypatch.setattr(Path, "expanduser", lambda _: (_ for _ in ()).throw(RuntimeError("Could not determine home")))
    with pytest.raises(InputError, match="no home folder"):
        path_of("~nobody/a.csv")


@pytest.mark.parametrize(("variable", "path"), [
    ("SPARSECBM_CACHE", cache_folder), ("SPARSECBM_PATCHES", lambda: patch_store().folder),
    ("SPARSECBM_CHECKPOINTS", missing_folder), ("SPARSECBM_STUDIES", lambda: Path(str(database_url().database))),
    ("SPARSECBM_DATA", lambda: catalogue(CEBAB)["folder-dev"].read.args[0]),  # type: ignore[attr-defined]
])
def test_so_it_is_in_every_variable(
    variable: str, path: Callable[[], Path], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    for home in ("HOME", "USERPROFILE"):
        monkeypatch.setenv(home, str(tmp_path))
    monkeypatch.delenv("SPARSECBM_DATABASE_URL", raising=False)
    monkeypatch.setenv(variable, "~/x")
    assert path() == tmp_path / "x"


def test_a_file_is_replaced_whole_or_stays(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "notes.txt"
    write_text(path, "é\n")
    assert path.read_bytes() == "é\n".encode()

    def full(*_: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    for owner, name in ((os, "fsync"), (Path, "replace"), (Path, "write_bytes")):
        with monkeypatch.context() as patched, pytest.raises(OSError, match="No space"):
            patched.setattr(owner, name, full)
            write_text(path, "new")
    with pytest.raises(ZeroDivisionError), replacing(path) as new:
        new.write_text("half", encoding="utf-8")
        raise ZeroDivisionError
    assert [one.name for one in tmp_path.iterdir()] == ["notes.txt"] and path.read_bytes() == "é\n".encode()


def test_where_no_file_can_be_written_is_told_before(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="The patch '.*' is a folder"):
        check_file(tmp_path, "The patch")
    with pytest.raises(InputError, match="no folder that exists"):
        check_file(tmp_path / "none" / "a.csv", "The patch")
