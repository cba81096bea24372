"""Links that are wrong in part: said in plain words, the rest kept."""

import pytest

from tests.app.screen import address, bars, fine, open_explain, press, set_concept

REVIEW = "The soup was cold."


@pytest.mark.parametrize(("part", "given", "said"), [
    ("override", "fod=Positive", "allowed: food, ambiance, service, noise"),
    ("override", "food=Great", "allowed: Negative, unknown, Positive"),
    ("override", "food=0.9,0.9,0.9", "must lie in 0..1 and sum to 1"),
    ("override", "food=0.5,0.5", "give 3, for Negative, unknown, Positive"),
    ("override", "food", "food=Positive"),
    ("target", "food", "concept=value or label=name"),
    ("target", "label=9", "allowed: 1, 2, 3, 4, 5"),
    ("label", "six", "allowed: 1, 2, 3, 4, 5"),
    ("residual", "maybe", "allowed: on, off"),
    ("target", "food=Great", "allowed: Negative, unknown, Positive"),
    ("target", "label=2:2", "compares '2' with itself"),
    ("method", "magic", "allowed: integrated-gradients, gradient-x-input, occlusion, shapley"),
    ("steps", "0", "allowed: 1 or more"),
    ("steps", "many", "a whole number from 1 to 10,000"),
    ("steps", "9" * 5000, "a whole number from 1 to 10,000"),
    ("compare", "magic", "allowed: integrated-gradients"),
    ("part", "wine", "allowed: food, ambiance, service, noise, residual"),
    ("hidden", "0", "numbers of words from 1"),
    ("hidden", "99", "allowed: 1 to 5, the words that were read"),
    ("txet", "hello", "allowed: text, target, label, override, residual, method, steps, compare, part, hidden, edit"),
])
def test_a_bad_part_is_named_with_what_is_allowed(part: str, given: str, said: str) -> None:
    parts: dict[str, str | list[str]] = {"text": REVIEW, "override": ["noise=Positive"]}
    parts[part] = ["noise=Positive", given] if part == "override" else given
    at = fine(open_explain(**parts))
    notice = at.warning[0].value.replace("\\", "")
    assert said in notice and (part if part == "txet" else given) in notice
    assert address(at) == {"text": [REVIEW], "override": ["noise=Positive"]}
    assert bars(at, "Before") != bars(at, "After")


def test_the_notice_stays_until_it_is_dismissed() -> None:
    at = fine(open_explain(text=REVIEW, label="six"))
    assert fine(set_concept(at, "food", "Positive")).warning
    assert not fine(press(at, "Dismiss")).warning
    assert address(at)["override"] == ["food=Positive"]


def test_settings_without_a_review_are_kept_for_it() -> None:
    at = fine(open_explain(override="food=Positive"))
    assert at.info and address(at) == {"override": ["food=Positive"]}


def test_markdown_in_the_address_is_shown_as_text() -> None:
    at = fine(open_explain(text=REVIEW, label="![x](https://example.org/x.png) <img src=x> :red[y] $z$"))
    assert r"\!\[x\]\(https\:\/\/example\.org\/x\.png\) \<img src\=x\> \:red\[y\] \$z\$" in at.warning[0].value
