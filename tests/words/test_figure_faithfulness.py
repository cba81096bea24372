"""The removal curve starts at the whole review and shows the random orders' whole range."""

import numpy as np
import pytest

from sparsecbm.types import Target
from sparsecbm.words.faithfulness import Faithfulness
from sparsecbm.words.figure_faithfulness import removal_curve, removal_table


def measured(target: Target) -> Faithfulness:
    """Two shares of the words and two random orders."""
    return Faithfulness(
        target, "integrated-gradients", 32, "deletion", np.array([0.5, 1.0]), 0.9, np.array([0.3, 0.2]),
        np.array([0.8, 0.9]), np.array([[0.8, 0.2], [0.6, 0.2]]), np.array([[0.5, 0.9], [0.4, 0.9]]), 0.5, 1.0)


def test_every_curve_starts_at_the_whole_review() -> None:
    low, high, mean, own = removal_curve(measured(Target("food", "Negative")), "Title").data
    assert all(list(trace.x) == [0, 50, 100] and trace.y[0] == pytest.approx(90) for trace in (low, high, mean, own))
    assert list(own.y) == pytest.approx([90, 30, 20]) and own.name == "in the order of the scores"
    assert (low.y[1], mean.y[1], high.y[1]) == pytest.approx((60, 70, 80))
    assert high.fill == "tonexty" and high.name == "2 random orders"


def test_the_title_is_on_it_and_the_axis_fits_the_target() -> None:
    figure = removal_curve(measured(Target("food", "Negative")), "Without its words: food = Negative")
    assert figure.layout.title.text == "Without its words: food = Negative"
    assert figure.layout.yaxis.range == (0, 102)
    contrast = removal_curve(measured(Target(None, "2", "4")), "Title")
    assert contrast.layout.yaxis.range == (-102, 102) and "difference" in contrast.layout.yaxis.title.text


def test_the_table_holds_the_same_numbers() -> None:
    table = removal_table(measured(Target("food", "Negative")))
    assert table.to_numpy().tolist() == [[0, 90, 90, 90, 90], [50, 30, 70, 60, 80], [100, 20, 20, 20, 20]]
