"""The common core and own parts, on masks made by hand."""

import pytest

from sparsecbm.subnetworks.figure import (
    CORE,
    OWN,
    SOME,
    UNUSED,
    concept_parts,
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


def test_the_bars_are_percent_of_all_weights_and_the_hover_has_the_counts() -> None:
    bars = {bar.name: bar for bar in sharing_bars(THREE, "Title", False).data}
    assert {name: list(bar.x) for name, bar in bars.items()} == {
        CORE: [20, 20, 20], SOME: [10, 10, 0], OWN: [20, 10, 0], UNUSED: [50, 60, 80]}
    assert bars[OWN].customdata[0] == "food: 2 of 10 weights"
    assert bars[SOME].marker.pattern.shape == "/", "told by more than its colour"


def test_a_single_concept_has_no_core() -> None:
    alone = concept_parts(counts_of({"total": ["110000"]}, ("food",), 1))
    assert [int(alone[part][0]) for part in (CORE, SOME, OWN, UNUSED)] == [0, 0, 2, 4]


def test_the_sharing_bar_counts_every_weight_once_and_leaves_out_the_residual() -> None:
    assert list(users_bars(THREE, "Title", False).data[0].y) == pytest.approx([40, 30, 10, 20])
    assert users_table(THREE)["weights"].tolist() == [4, 3, 1, 2]


def test_the_table_has_the_same_numbers() -> None:
    assert sharing_table(THREE).to_numpy().tolist() == [
        ["food", 2, 1, 2, 5, 50.0], ["room", 2, 1, 1, 6, 40.0], ["noise", 2, 0, 0, 8, 20.0]]


def test_the_sentence_says_what_the_picture_shows() -> None:
    said = sharing_text(THREE).replace("\u00a0", " ")
    assert said == ("Of 10 weights that can be switched off, each concept is read with 20.0 to 50.0 %, its subnetwork. "
                    "20.0 % are a common core that all 3 concepts use; 0.0 to 20.0 % belong to one concept alone, and "
                    "0.0 to 10.0 % it shares with some of the others. 40.0 % are used by none of them.")
    assert "shares with some" not in sharing_text(LAYERS.summed(["total", "total"]))
