"""Pairs of rewritten reviews: counted by hand on toy families, and on the official file where it is at hand."""

from pathlib import Path
from typing import Any

import pytest

from sparsecbm.data.cebab import load_pairs
from sparsecbm.errors import DataError
from tests.data.releases import RawRow, raw, without, write

OFFICIAL = Path(__file__).parents[3] / "shared" / "data" / "cebab"


def member(number: int, family: str, edit_type: str, **changes: Any) -> RawRow:
    """A text of a family; without an edit type it is the original."""
    return raw(number, original_id=family, edit_type=edit_type, is_original=not edit_type, **changes)


def family() -> list[RawRow]:
    """An original with good food; food rewritten twice, service once."""
    return [
        member(1, "a", ""),
        member(2, "a", "food", food_aspect_majority="Negative"),
        member(3, "a", "food", food_aspect_majority="unknown"),
        member(4, "a", "service", service_aspect_majority="Positive"),
    ]


def found(folder: Path, rows: list[RawRow]) -> set[tuple[int, ...]]:
    pairs = load_pairs(write(folder, "dev", rows), "dev")
    columns = (pairs.base, pairs.counterfactual, pairs.concept, pairs.before, pairs.after)
    return set(zip(*(column.tolist() for column in columns), strict=True))


def test_the_pairs_of_a_family(tmp_path: Path) -> None:
    """Each rewriting with the original, both ways, and the two of food with each other; values Negative, unknown,
    Positive are 0, 1, 2 and the aspects food and service 0 and 2."""
    assert found(tmp_path, family()) == {
        (1, 0, 0, 0, 2), (0, 1, 0, 2, 0), (2, 0, 0, 1, 2), (0, 2, 0, 2, 1), (1, 2, 0, 0, 1), (2, 1, 0, 1, 0),
        (3, 0, 2, 2, 1), (0, 3, 2, 1, 2),
    }


@pytest.mark.parametrize("value", ["Positive", "no majority", "", None], ids=["same", "no majority", "empty", "none"])
def test_a_pair_needs_two_settled_values_that_differ(tmp_path: Path, value: str | None) -> None:
    rows = family()
    rows[1]["food_aspect_majority"] = value
    pairs = load_pairs(write(tmp_path, "dev", rows), "dev")
    unsettled = value != "Positive"  # with the same value it still differs from the third text, whose food is unknown
    assert pairs.all == 8 and len(pairs) == (4 if unsettled else 6)


def test_families_do_not_mix_and_are_numbered(tmp_path: Path) -> None:
    rows = [*family(), member(5, "b", ""), member(6, "b", "food", food_aspect_majority="Negative")]
    pairs = load_pairs(write(tmp_path, "dev", rows), "dev")
    assert pairs.original.tolist() == [0] * 8 + [1] * 2
    assert {tuple(pair) for pair in zip(pairs.base[8:], pairs.counterfactual[8:], strict=True)} == {(4, 5), (5, 4)}


def test_dropped_rows_are_in_no_pair_and_the_others_keep_their_numbers(tmp_path: Path) -> None:
    rows = family()
    rows.insert(0, member(7, "a", "food", description=" "))
    assert found(tmp_path, rows) == found(tmp_path / "without", family())


@pytest.mark.parametrize("column", ["original_id", "edit_type", "is_original"])
def test_a_missing_column(tmp_path: Path, column: str) -> None:
    with pytest.raises(DataError, match=f"row 1: column '{column}' is missing"):
        load_pairs(write(tmp_path, "dev", [without(row, column) for row in family()]), "dev")


def test_without_any_pair(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="no two texts of one original"):
        load_pairs(write(tmp_path, "dev", family()[:1]), "dev")


@pytest.mark.skipif(not OFFICIAL.is_dir(), reason="needs the official files of CEBaB")
def test_the_official_dev_split() -> None:
    pairs = load_pairs(OFFICIAL, "validation")
    assert (pairs.all, len(pairs), len(set(pairs.original.tolist()))) == (4160, 3898, 271)
