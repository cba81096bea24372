"""What is chosen on the Subnetworks page, to the address and back."""

import pytest

from sparsecbm.subnetworks.overlap import MaskOverlap
from sparsecbm.subnetworks.panel_selection import STATE, Known, Selection, chosen_pair, shown_passes, with_residual
from tests.subnetworks.masks import THREE

OVERLAP = MaskOverlap(("food", "room", "noise"), THREE, ("0",), ("query",))

KNOWN = Known(OVERLAP, ("seed-1",))


def read(selection: Selection) -> tuple[Selection, tuple[str, ...]]:
    return STATE.from_address(STATE.to_address(selection), KNOWN)


@pytest.mark.parametrize("selection", [
    Selection(), Selection(("food", "noise")), Selection(layer="0", show="expected"), Selection(concept="room"),
    Selection(("food", "residual"), "0", "difference", True, "noise"),
    Selection(leaning="noise", adds=True, section="review"),
])
def test_there_and_back(selection: Selection) -> None:
    assert read(selection) == (selection, ())


def test_what_a_page_starts_with_is_left_out() -> None:
    assert STATE.to_address(Selection()) == {}


def test_a_pair_with_the_residual_brings_it_along() -> None:
    selection, problems = STATE.from_address({"pair": ["food", "residual"]}, KNOWN)
    assert selection.residual and not problems


@pytest.mark.parametrize(("parts", "message"), [
    ({"pair": ["food", "food"]}, "two different ones of food, room, noise, residual"),
    ({"pair": ["food", "room", "noise"]}, "two different ones"),
    ({"pair": ["food", "wine"]}, "Unknown subnetwork 'wine'"),
    ({"layer": ["7"]}, "Unknown layer '7'; allowed: 0"),
    ({"residual": ["maybe"]}, "allowed: on, off"),
    ({"concept": ["residual"]}, "allowed: food, room, noise"),
    ({"leaning": ["wine"]}, "Unknown leaning 'wine'; allowed: food, room, noise"),
    ({"adds": ["yes"]}, "allowed: on, off"),
    ({"show": ["expected", "observed"]}, "2 times"),
    ({"against": ["70%"]}, "Unknown against '70%'; allowed: seed-1, 80% to 99.9%. Use one of these"),
    ({"against": ["../seed-2"]}, "allowed: seed-1, 80% to 99.9%"),
    ({"against": ["80% to 99.9%"]}, "Unknown against"),
])
def test_what_cannot_be_used_is_said_and_the_rest_kept(parts: dict[str, list[str]], message: str) -> None:
    given = {"concept": ["room"]} | parts
    selection, problems = STATE.from_address(given, KNOWN)
    assert len(problems) == 1 and message in problems[0]
    assert selection.concept == ("room" if "concept" not in parts else None)
    assert selection.pair is None and selection.layer is None and selection.against is None


def test_a_pair_is_the_same_pair_either_way_round() -> None:
    assert STATE.from_address({"pair": ["noise", "food"]}, KNOWN)[0] == Selection(("food", "noise"))


def test_no_pair_is_looked_at_until_one_is_chosen() -> None:
    assert chosen_pair(Selection(), OVERLAP) is None
    assert chosen_pair(Selection(("noise", "food")), OVERLAP) == (2, 0)


def test_without_the_residual_its_pair_goes() -> None:
    both = Selection(("food", "residual"), "0", residual=True)
    assert shown_passes(both, OVERLAP) == ("food", "room", "noise", "residual")
    assert with_residual(both, False, OVERLAP) == Selection(None, "0")
    other = Selection(("food", "room"), residual=True)
    assert with_residual(other, False, OVERLAP) == Selection(("food", "room"))
    assert shown_passes(Selection(), OVERLAP) == ("food", "room", "noise")
