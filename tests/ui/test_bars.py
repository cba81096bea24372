"""Bars have the length of their number, and the number stands beside them."""

import html
import re

import numpy as np
import pytest

from sparsecbm.figures.text import percent
from sparsecbm.ui.bars import distribution_html, label_bars_html
from tests.builders import a_prediction


def widths(page: str) -> list[float]:
    return [float(width) for width in re.findall(r"[;\"]width:([\d.]+)%", page)]


def test_a_label_bar_is_as_long_as_its_probability() -> None:
    prediction = a_prediction(label="2")
    page = label_bars_html(prediction, "After", changed=True)
    assert widths(page) == pytest.approx(100 * prediction.label_probabilities, abs=0.01)
    spoken = re.search(r'aria-label="After: ([^"]*)"', page)
    assert spoken and f"2 stars {percent(float(prediction.label_probabilities[1]))}" in html.unescape(spoken[1])
    bold = [row for row in page.split("<div ") if "font-weight:700" in row]
    assert len(bold) == 1 and "2 stars" in bold[0]


def test_an_untouched_distribution_has_one_bar_a_value() -> None:
    page = distribution_html(("a", "b"), np.array([0.25, 0.75]), np.array([0.25, 0.75]))
    assert widths(page) == [25.0, 75.0] and "→" not in page


def test_a_set_distribution_shows_both() -> None:
    page = distribution_html(("a", "b"), np.array([0.25, 0.75]), np.array([1.0, 0.0]))
    assert widths(page) == [25.0, 100.0, 75.0, 0.0]
    assert f"{percent(0.25)} → <b>{percent(1.0)}</b>" in page and f"{percent(0.75)} → <b>{percent(0.0)}</b>" in page


@pytest.mark.parametrize(("share", "text"), [
    (0, "0"), (0.001, "<1"), (0.5, "50"), (0.999, ">99"), (1, "100"),
])
def test_a_probability_never_looks_certain_when_it_is_not(share: float, text: str) -> None:
    assert percent(float(share)) == f"{text}\u00a0%"
