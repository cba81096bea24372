"""The common core and own parts, on masks made by hand."""

import re

import pytest

from sparsecbm.subnetworks.figure_sharing import (
    CORE,
    OWN,
    SOME,
    UNUSED,
    concept_parts,
    concepts_alike,
    sharing_bars,
    sharing_table,
    sharing_text,
    users_bars,
    users_table,
)
from tests.subnetworks.masks import LAYERS, THREE, counts_of


def test_the_parts_of_every_concept_are_exact_and_add_up() -> None:
    parts = {name: list(counts) for name, counts in concept_parts(THREE).items()}
    assert parts == {CORE: [2, 2, 2], SOME: [1, 1, 0], OWN: [2, 1, 0], UNUSED: [5, 6, 8]}


def test_the_bars_are_shares_of_all_weights_and_the_hover_has_the_counts() -> None:
    bars = sharing_bars(THREE, "Title", False)
    shares = dict(zip([look.name for look in bars.looks], bars.shares.T.tolist(), strict=True))
    assert shares == {CORE: [0.2, 0.2, 0.2], SOME: [0.1, 0.1, 0], OWN: [0.2, 0.1, 0], UNUSED: [0.5, 0.6, 0.8]}
    assert "food, of 10 weights" in bars.hover[0] and f"{OWN}: 2 (20.0 %)" in bars.hover[0]
    assert [look.hatched for look in bars.looks] == [False, True, False, False], "not only by colour"
    drawn = [look.name for look in sharing_bars(LAYERS.summed(["total", "total"]), "Title", True).looks]
    assert SOME not in drawn, "what no concept has is not in the legend"


def test_bars_that_would_be_the_same_for_all_are_known() -> None:
    """Two concepts with three of eight weights each, one of them in common, as the sizes of the parts go."""
    assert not concepts_alike(THREE)
    assert concepts_alike(counts_of({"total": ["11100000", "10011000"]}, ("food", "room"), 2))


def test_one_colour_means_one_thing_in_both_pictures() -> None:
    looks = {look.name: look.colour for look in sharing_bars(THREE, "Title", False).looks}
    assert users_bars(THREE, "Title", False).data[0].marker.color == (
        looks[UNUSED], looks[OWN], looks[SOME], looks[CORE])


def test_a_single_concept_has_no_core() -> None:
    alone = concept_parts(counts_of({"total": ["110000"]}, ("food",), 1))
    assert [int(alone[part][0]) for part in (CORE, SOME, OWN, UNUSED)] == [0, 0, 2, 4]


def test_the_sharing_bar_counts_every_weight_once_and_leaves_out_the_residual() -> None:
    assert list(users_bars(THREE, "Title", False).data[0].y) == pytest.approx([40, 30, 10, 20])
    assert users_table(THREE)["weights"].tolist() == [4, 3, 1, 2]


def test_the_table_has_the_same_numbers() -> None:
    assert sharing_table(THREE).to_numpy().tolist() == [
        ["food", 2, 1, 2, 5, 50.0], ["room", 2, 1, 1, 6, 40.0], ["noise", 2, 0, 0, 8, 20.0]]


def test_the_finding_has_every_share() -> None:
    said = sharing_text(THREE).replace("\u00a0", " ")
    assert re.findall(r"[\d.]+(?: to [\d.]+)? %", said) == [
        "20.0 to 50.0 %", "20.0 %", "0.0 to 20.0 %", "0.0 to 10.0 %", "40.0 %"]
    without = sharing_text(LAYERS.summed(["total", "total"]))
    assert without.count("%") == said.count("%") - 1, "nothing is shared by some"
