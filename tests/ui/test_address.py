"""A view and its address are two forms of one thing."""

import pytest

from sparsecbm.schema import CEBAB
from sparsecbm.types import Target
from sparsecbm.ui.address import View, from_address, to_address


def as_lists(parts: dict[str, str | list[str]]) -> dict[str, list[str]]:
    return {name: part if isinstance(part, list) else [part] for name, part in parts.items()}


@pytest.mark.parametrize("view", [
    View(),
    View("Good soup & \"more\"? 100 % = #1 🍜 \n next line"),
    View("x", Target("food", "Negative"), "3", {"food": (0.0, 0.0, 1.0), "noise": (0.2, 0.3, 0.5)}, False),
    View("x", Target(None, "5")),
])
def test_there_and_back(view: View) -> None:
    again, problems = from_address(as_lists(to_address(view, CEBAB)), CEBAB)
    assert again == view and not problems


def test_the_models_own_choices_stay_out_of_the_address() -> None:
    assert to_address(View("x"), CEBAB) == {"text": "x"}


def test_a_long_review_stays_out_but_its_settings_do_not() -> None:
    view = View("é" * 1001, overrides={"food": (1.0, 0.0, 0.0)})  # each é takes six characters of an address
    assert not view.fits_address
    assert to_address(view, CEBAB) == {"override": ["food=Negative"]}
    assert View("é" * 1000).fits_address


def test_one_bad_part_does_not_take_the_good_ones_along() -> None:
    parts = {"text": ["x"], "override": ["food=Positive", "fud=Positive", "noise=7"], "label": ["5"], "target": ["??"]}
    view, problems = from_address(parts, CEBAB)
    assert view == View("x", None, "5", {"food": (0.0, 0.0, 1.0)})
    assert len(problems) == 3
    assert all(given in " ".join(problems) for given in ("fud", "noise=7", "??"))


def test_a_concept_that_is_set_twice_is_said() -> None:
    view, problems = from_address({"override": ["food=Positive", "food=Negative"]}, CEBAB)
    assert view.overrides == {"food": (1.0, 0.0, 0.0)} and "food twice" in problems[0]


def test_edited_means_that_the_after_side_may_differ() -> None:
    assert not View("x", label="3").edited
    assert View("x", overrides={"food": (1.0, 0.0, 0.0)}).edited and View("x", residual=False).edited
