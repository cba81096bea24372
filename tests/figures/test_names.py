"""Names and numbers as people read them."""

import pytest

from sparsecbm.figures.text import clipped, isolated, percent, receipt_line, signed, target_name
from sparsecbm.schema import CEBAB
from sparsecbm.types import Target
from tests.builders import RECEIPT


@pytest.mark.parametrize(("target", "name"), [
    ("food=Positive", "food = Positive"),
    ("label=4", "rating = 4 stars"),
    ("label=2:4", "rating = 2 stars rather than 4 stars"),
    ("food=Positive:unknown", "food = Positive rather than unknown"),
])
def test_targets_are_named_as_people_say_them(target: str, name: str) -> None:
    assert target_name(Target.parse(target, CEBAB), CEBAB) == name


@pytest.mark.parametrize(("share", "text"), [(0.0, "0"), (0.001, "<1"), (0.5, "50"), (0.999, ">99"), (1.0, "100")])
def test_a_probability_is_never_rounded_to_certainty(share: float, text: str) -> None:
    assert percent(share) == f"{text}\u00a0%"


@pytest.mark.parametrize(("number", "text"), [(1.234, "+1.23"), (-0.5, "−0.50"), (-0.001, "0.00"), (0.004, "0.00")])
def test_what_rounds_to_zero_has_no_sign(number: float, text: str) -> None:
    assert signed(number) == text


def test_a_word_in_a_sentence_is_short_and_cannot_reorder_it() -> None:
    assert clipped("soup") == "soup" and clipped("o" * 3000, 24) == "o" * 24 + "…"
    assert isolated("مرق") == "\u2068مرق\u2069"


def test_a_receipt_is_one_line() -> None:
    assert receipt_line(RECEIPT, "gap 0") == "Checkpoint 0123456789ab · prediction · gap 0 · cpu float32 · 1.0 ms"
