"""What the loaded subnetworks can be compared with: only what this machine was told to offer."""

from pathlib import Path

import pytest

from sparsecbm.model.checkpoint import CONFIG_FILE, MASKS_FILE
from sparsecbm.subnetworks.comparison import sparsity_of
from sparsecbm.subnetworks.overlap import MaskOverlap
from sparsecbm.subnetworks.panel_selection import (
    OTHERS_VARIABLE,
    can_be_pruned,
    least_percent,
    missing_folder,
    other_checkpoints,
)
from tests.helpers import symlink
from tests.subnetworks.masks import THREE, counts_of


@pytest.fixture(autouse=True)
def _nothing_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(OTHERS_VARIABLE, raising=False)


def sparse(folder: Path) -> Path:
    """A folder that looks like a sparse checkpoint."""
    folder.mkdir(parents=True)
    for name in (CONFIG_FILE, MASKS_FILE):
        (folder / name).touch()
    return folder


def overlap(*masks: str) -> MaskOverlap:
    names = tuple("abc"[: len(masks)])
    return MaskOverlap(names, counts_of({"0": list(masks)}, names, len(names)), ("0",), ("query",))


def test_sparse_checkpoints_beside_the_loaded_one_are_offered(tmp_path: Path) -> None:
    mine = sparse(tmp_path / "mine")
    assert other_checkpoints(mine) == {}
    others = [sparse(tmp_path / name) for name in ("b", "a")]
    (tmp_path / "dense").mkdir()
    (tmp_path / "dense" / CONFIG_FILE).touch()
    (tmp_path / "notes.txt").touch()
    sparse(tmp_path / "deeper" / "hidden")
    assert other_checkpoints(mine) == {"a": others[1], "b": others[0]}
    assert list(other_checkpoints(mine)) == ["a", "b"]


def test_the_loaded_one_is_not_another_under_any_name(tmp_path: Path) -> None:
    mine = sparse(tmp_path / "mine")
    symlink(tmp_path / "alias", mine)
    assert other_checkpoints(tmp_path / "alias") == other_checkpoints(mine) == {}


def test_a_folder_of_checkpoints_can_be_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Of two of the same name, and of one that reads like a sparsity, the folder above is said as well."""
    mine, near = sparse(tmp_path / "here" / "mine"), sparse(tmp_path / "here" / "seed-1")
    far, odd, only = (sparse(tmp_path / "there" / name) for name in ("seed-1", "90%", "seed-2"))
    monkeypatch.setenv(OTHERS_VARIABLE, str(tmp_path / "there"))
    assert other_checkpoints(mine) == {"seed-1": near, "there/seed-1": far, "there/90%": odd, "seed-2": only}
    assert missing_folder() is None
    monkeypatch.setenv(OTHERS_VARIABLE, str(tmp_path / "here"))
    assert other_checkpoints(mine) == {"seed-1": near}, "the same folder counts once"


def test_a_named_folder_that_is_none_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    mine = sparse(tmp_path / "mine")
    monkeypatch.setenv(OTHERS_VARIABLE, str(tmp_path / "nowhere"))
    assert missing_folder() == tmp_path / "nowhere" and other_checkpoints(mine) == {}
    monkeypatch.setenv(OTHERS_VARIABLE, "")
    assert missing_folder() is None


@pytest.mark.parametrize(("text", "sparsity"), [
    ("90%", 0.9), ("87.5 %", 0.875), ("0%", 0.0), ("90", None), ("100%", None), ("-5%", None), ("runs/90%", None),
    ("90%x", None), ("", None), ("\u0669\u0660%", None),
])
def test_percent_name_a_sparsity(text: str, sparsity: float | None) -> None:
    assert sparsity_of(text) == sparsity


def test_only_higher_sparsities_than_of_any_mask_are_offered() -> None:
    """The sparsest mask keeps 2 of 10 weights, so 80 % is the least that all can reach."""
    three = MaskOverlap(("food", "room", "noise"), THREE, ("0",), ("query",))
    assert least_percent(three) == 80 and least_percent(overlap("111", "011")) == 33.4
    assert [can_be_pruned(three, text) for text in ("79%", "80%", "99.9%", "99.95%", "food")] == [
        False, True, True, False, False]
    assert least_percent(overlap("11", "00")) == 100


def test_whole_heads_and_neurons_are_pruned_over_the_network() -> None:
    """One matrix keeps 1 and 3 of 4, the other 3 and 1: half is kept by both, three quarters are gone from one each."""
    counts = counts_of({"0": ["1000", "1110"], "1": ["1110", "1000"]}, ("a", "b"), 2)
    layers, roles = ("0", "1"), ("query", "query")
    assert least_percent(MaskOverlap(("a", "b"), counts, layers, roles)) == 75
    assert least_percent(MaskOverlap(("a", "b"), counts, layers, roles, ("head", "head"))) == 50
