"""A view and its address are two forms of one thing."""

import pytest

from sparsecbm.schema import CEBAB
from sparsecbm.types import Target
from sparsecbm.ui.view import STATE, View, to_address

from_address = STATE.from_address


@pytest.mark.parametrize("view", [
    View(),
    View("Good soup & \"more\"? 100 % = #1 🍜 \n next line"),
    View("x", Target("food", "Negative"), "3", {"food": (0.0, 0.0, 1.0), "noise": (0.2, 0.3, 0.5)}, False),
    View("x", Target(None, "5")),
    View("x", Target(None, "2", "4"), method="shapley", steps=7, compare="occlusion", part="residual", hidden=(0, 11)),
    View("x", method="gradient-x-input", edit="y & z = <b>\n"),
    View("x", edit=""),
    View("x", beside="y & z = <b>\n"),
])
def test_there_and_back(view: View) -> None:
    again, problems = from_address(to_address(view, CEBAB), CEBAB)
    assert again == view and not problems


def test_the_models_own_choices_stay_out_of_the_address() -> None:
    assert to_address(View("x"), CEBAB) == {"text": ["x"]}


def test_a_long_review_stays_out_but_its_settings_do_not() -> None:
    view = View("é" * 1001, overrides={"food": (1.0, 0.0, 0.0)}, hidden=(3,))  # an é takes six characters there
    assert not view.fits_address
    assert to_address(view, CEBAB) == {"override": ["food=Negative"]}
    assert View("é" * 1000).fits_address and not View("é" * 1000, edit="x").fits_address


def test_a_second_review_is_the_first_to_stay_out() -> None:
    view = View("é" * 500, beside="é" * 501)
    assert view.fits_address and not view.beside_fits_address
    assert to_address(view, CEBAB) == {"text": [view.text]}
    assert to_address(View("é" * 500, beside="é" * 500), CEBAB)["beside"] == ["é" * 500]


def test_one_bad_part_does_not_take_the_good_ones_along() -> None:
    parts = {"text": ["x"], "override": ["food=Positive", "fud=Positive", "noise=7"], "label": ["5"], "target": ["??"]}
    view, problems = from_address(parts, CEBAB)
    assert view == View("x", None, "5", {"food": (0.0, 0.0, 1.0)})
    assert len(problems) == 3
    assert all(given in " ".join(problems) for given in ("fud", "noise=7", "??"))


@pytest.mark.parametrize(("parts", "kept", "said"), [
    ({"method": ["magic"], "steps": ["9"]}, View(steps=9), "allowed: integrated-gradients, gradient-x-input"),
    ({"method": ["occlusion"], "steps": ["9"]}, View(method="occlusion"), "occlusion takes no"),
    ({"steps": ["0"]}, View(), "from 1 to 10,000"),
    ({"steps": ["-3"]}, View(), "from 1 to 10,000"),
    ({"steps": ["1e9"]}, View(), "from 1 to 10,000"),
    ({"steps": ["9" * 5000]}, View(), "from 1 to 10,000"),
    ({"override": ["fod=Positive"]}, View(), "allowed: food, ambiance, service, noise"),
    ({"override": ["food=Great"]}, View(), "allowed: Negative, unknown, Positive"),
    ({"override": ["food=0.9,0.9,0.9"]}, View(), "must lie in 0..1 and sum to 1"),
    ({"override": ["food=0.5,0.5"]}, View(), "give 3, for Negative, unknown, Positive"),
    ({"override": ["food"]}, View(), "food=Positive"),
    ({"target": ["food"]}, View(), "concept=value or label=name"),
    ({"target": ["label=9"]}, View(), "allowed: 1, 2, 3, 4, 5"),
    ({"target": ["label=2:2"]}, View(), "compares '2' with itself"),
    ({"label": ["six"]}, View(), "allowed: 1, 2, 3, 4, 5"),
    ({"residual": ["maybe"]}, View(), "allowed: on, off"),
    ({"policy": ["best"]}, View(), "allowed: "),
    ({"section": ["no"]}, View(), "allowed: concepts, revise"),
    ({"unsure": ["wine"]}, View(), "allowed: food, ambiance"),
    ({"unsure": ["food"], "override": ["food=Positive"]}, View(overrides={"food": (0.0, 0.0, 1.0)}), "what it sets"),
    ({"steps": ["10001"]}, View(), "from 1 to 10,000"),
    ({"steps": ["٣"]}, View(), "from 1 to 10,000"),
    ({"method": ["shapley"], "compare": ["shapley"]}, View(method="shapley"), "compared with itself"),
    ({"part": ["wine"]}, View(), "allowed: food, ambiance, service, noise, residual"),
    ({"text": ["x"], "hidden": ["1,,2"]}, View("x"), "numbers of words from 1, with commas"),
    ({"text": ["x"], "hidden": ["3,1,3"], "edit": ["y"]}, View("x", edit="y"), "the edited text counts"),
    ({"hidden": ["3"]}, View(), "gives no text"),
    ({"edit": ["y"]}, View(), "gives no text"),
    ({"text": ["x", "y"]}, View("y"), "2 times"),
])
def test_a_bad_choice_is_named_and_left_out(parts: dict[str, list[str]], kept: View, said: str) -> None:
    view, problems = from_address(parts, CEBAB)
    assert view == kept
    assert len(problems) == 1 and said in problems[0]


def test_hidden_words_are_counted_from_one_and_sorted() -> None:
    assert from_address({"text": ["x"], "hidden": ["5,2,5"]}, CEBAB)[0].hidden == (1, 4)
    assert to_address(View("x", hidden=(1, 4)), CEBAB)["hidden"] == ["2,5"]


def test_a_concept_that_is_set_twice_is_said() -> None:
    view, problems = from_address({"override": ["food=Positive", "food=Negative"]}, CEBAB)
    assert view.overrides == {"food": (1.0, 0.0, 0.0)} and "twice" in problems[0]


def test_edited_means_that_the_after_side_may_differ() -> None:
    assert not View("x", label="3").edited
    assert View("x", overrides={"food": (1.0, 0.0, 0.0)}).edited and View("x", residual=False).edited
