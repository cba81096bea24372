"""Patches in a folder: found again, kept apart, and never reached beyond it."""

import os
from pathlib import Path

import pytest

from sparsecbm.errors import InputError
from sparsecbm.file_names import kept_name
from sparsecbm.revision.compute_patch import SUFFIX, PatchStore, patch_bytes
from tests.helpers import HOSTILE, symlink
from tests.revision.test_patch import a_patch, same


@pytest.fixture
def store(tmp_path: Path) -> PatchStore:
    return PatchStore(tmp_path / "deep" / "patches")


def test_an_empty_store_lists_nothing_and_makes_nothing(store: PatchStore) -> None:
    assert store.list() == () and not store.folder.exists()


def test_what_is_saved_is_listed_newest_first_loaded_and_deleted(store: PatchStore) -> None:
    times = {"old": "2026-01-31T12:00:00+00:00", "new": "2026-01-31T12:30:00+00:00",
             "between": "2026-01-31T11:15:00-01:00"}
    files = {name: store.save(a_patch(name=name, created=created)) for name, created in times.items()}
    listed = store.list()
    assert [one.patch.name for one in listed if one.patch] == ["new", "between", "old"]
    assert [one.file for one in listed] == [files[name] for name in ("new", "between", "old")]
    assert same(store.load(files["old"]), a_patch(name="old"))
    store.delete(files["old"])
    assert len(store.list()) == 2
    with pytest.raises(InputError, match="no patch"):
        store.load(files["old"])


def test_a_patch_travels_as_bytes(store: PatchStore, tmp_path: Path) -> None:
    file = store.save(a_patch())
    other = PatchStore(tmp_path / "other")
    assert other.add(store.export(file)) == file and same(other.load(file), a_patch())
    assert store.export(file) == patch_bytes(a_patch())
    with pytest.raises(InputError, match="damaged"):
        other.add(store.export(file)[:-1])
    assert len(other.list()) == 1


def test_a_name_is_taken_once(store: PatchStore) -> None:
    store.save(a_patch())
    with pytest.raises(InputError, match="already .*'kinder waiters'"):
        store.save(a_patch(note="other"))
    with pytest.raises(InputError, match="already"):
        store.add(patch_bytes(a_patch()))
    assert [one.patch.note for one in store.list() if one.patch] == ["They smiled."]


@pytest.mark.parametrize("name", [
    "../../etc/passwd", "/etc/passwd", "..", ".", "a\x00b", "con", "-rf", "~", "x" * 80, "a/b", "a\\b", "a:b|c?*",
    "é", "餐厅",
    *(text[:80] for text in HOSTILE.values()),
])
def test_any_name_is_a_file_in_the_folder(name: str, store: PatchStore) -> None:
    file = store.save(a_patch(name=name))
    assert [path.name for path in store.folder.iterdir()] == [file]
    assert file.isascii() and len(file) < 100 and file[0].isalnum() and not set(file) & set('/\\:*?"<>| \x00')
    (listed,) = store.list()
    assert listed.patch and listed.patch.name == name and same(store.load(file), a_patch(name=name))


def test_like_names_have_files_of_their_own() -> None:
    assert len({kept_name(name, "patch", SUFFIX).lower() for name in ("a b", "a-b", "A b", "a b ", "a/b")}) == 5


@pytest.mark.parametrize("file", [
    "", ".", "..", "../secret.safetensors", "/etc/passwd", "a\x00.safetensors", "secret.txt", "deep/inner.safetensors",
    "link.safetensors", "folder.safetensors", ".new.safetensors",
])
def test_nothing_outside_the_folder_is_reached(file: str, store: PatchStore) -> None:
    secret = store.folder.parent / "secret.safetensors"
    (store.folder / "deep").mkdir(parents=True)
    (store.folder / "folder.safetensors").mkdir()
    for path in (secret, store.folder / "deep" / "inner.safetensors", store.folder / "secret.txt",
                 store.folder / ".new.safetensors"):
        path.write_bytes(patch_bytes(a_patch()))
    symlink(store.folder / "link.safetensors", secret)
    for call in (store.load, store.delete, store.export):
        with pytest.raises(InputError, match="no patch"):
            call(file)
    assert secret.exists() and (store.folder / "secret.txt").exists()
    assert os.path.islink(store.folder / "link.safetensors")


def test_files_that_cannot_be_read_are_listed_last_with_their_problem(store: PatchStore) -> None:
    file = store.save(a_patch())
    (store.folder / "broken.safetensors").write_bytes(b"broken")
    (store.folder / "notes.txt").write_text("not mine", encoding="utf-8")
    good, bad = store.list()
    assert (good.file, good.problem) == (file, "") and (bad.file, bad.patch) == ("broken.safetensors", None)
    assert "damaged" in bad.problem
    store.delete("broken.safetensors")
    assert len(store.list()) == 1
