"""A checkpoint has the same bytes, and so the same hash, where lines end differently."""

import hashlib
from pathlib import Path

import pytest

from sparsecbm.model.checkpoint import add_metrics, content_hash, hashed_files, write_notes
from sparsecbm.paths import write_text
from sparsecbm.shipped import DEFAULT_CHECKPOINT
from tests.helpers import saved_checkpoint
from tests.portability.simulated import windows_line_ends
from tests.portability.source import PRODUCT, ROOT, calls, git, given, opens_text


@pytest.mark.slow
def test_a_clone_that_converts_line_ends_has_the_shipped_checkpoint(tmp_path: Path) -> None:
    """As Git for Windows does unless it is told not to. The hash of every file is that of the one committed."""
    if not (ROOT / ".git").exists():
        pytest.skip("this is no clone")
    folder = DEFAULT_CHECKPOINT.relative_to(ROOT).as_posix()
    git("clone", "--quiet", "--no-checkout", "--depth=1", "--config", "core.autocrlf=true", "--config", "core.eol=crlf",
        ROOT.as_uri(), str(tmp_path))
    git("checkout", "--quiet", "HEAD", "--", ".gitattributes", folder, cwd=tmp_path)
    copied = tmp_path / folder
    committed = {name: blob for _, _, blob, name in (line.split() for line in git(
        "ls-tree", "HEAD", f"{folder}/", cwd=tmp_path).splitlines())}
    for path in copied.iterdir():
        content = path.read_bytes()
        blob = hashlib.sha1(b"blob %d\0" % len(content) + content).hexdigest()
        assert committed[f"{folder}/{path.name}"] == blob, path.name
    assert len(hashed_files(copied)) == len(hashed_files(DEFAULT_CHECKPOINT)) >= 5
    if not git("status", "--porcelain", "--", folder).strip():
        assert content_hash(copied) == content_hash(DEFAULT_CHECKPOINT)


def test_a_checkpoint_that_windows_writes_has_the_same_bytes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Settings, tokenizer, measurements and card, also those that a library writes."""
    here, there = tmp_path / "here", tmp_path / "there"
    for folder in (here, there):
        saved_checkpoint(folder)
        write_notes(folder, {"dev": {}}, "A card\nof lines\n")
        add_metrics(folder, {"more": 1})
        windows_line_ends(monkeypatch.setattr)  # for the second one
    assert content_hash(there) == content_hash(here)
    assert {path.name: path.read_bytes() for path in there.iterdir()} == {
        path.name: path.read_bytes() for path in here.iterdir()}


def test_what_is_simulated_are_the_ends_of_lines_of_windows(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    windows_line_ends(monkeypatch.setattr)
    file = tmp_path / "file.txt"
    file.write_text("one\ntwo", encoding="utf-8")
    assert file.read_bytes() == b"one\r\ntwo"
    write_text(file, "one\ntwo")
    assert file.read_bytes() == b"one\ntwo"


@pytest.mark.slow
def test_every_text_file_that_the_product_writes_says_how_lines_end() -> None:
    found = [where for where, name, call in calls(*PRODUCT)
             if opens_text(name, call) == "w" and name != "TextIOWrapper" and "newline" not in given(call)]
    assert found == []
