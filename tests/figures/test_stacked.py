"""Stacked bars as drawn: every share, marks over them, and names that are no markup."""

import numpy as np
import pytest

from sparsecbm.figures.stacked import Look, Marks, StackedBars

BARS = StackedBars("<b>Title", "Text", ("one", "two"), (Look("a", "#000000"), Look("b", "#FFFFFF", hatched=True),
                                                       Look("none", "#7A828C")),
                   np.array([[0.5, 0.1, 0.0], [0.2, 0.02, 0.0]]), ("first<br>row", "second"), "of all",
                   (Marks("chance", np.array([0.3, 0.4])),))


@pytest.mark.parametrize("dark", [False, True])
def test_every_share_is_drawn_and_large_ones_are_printed(dark: bool) -> None:
    first, second, marks = BARS.figure(dark).data
    assert [first.name, second.name, marks.name] == ["a", "b", "chance"], "a part that no bar has is not drawn"
    assert list(first.x) == [50, 20] and list(second.x) == [10, 2] and list(marks.x) == [30, 40]
    assert list(first.text) == ["50.0 %", "20.0 %"] and list(second.text) == ["10.0 %", ""]
    assert (first.marker.pattern.shape, second.marker.pattern.shape) == ("", "/"), "not only by colour"
    assert list(first.customdata) == list(BARS.hover)


def test_the_scale_ends_after_the_longest_bar_and_names_are_text() -> None:
    figure = BARS.figure(False)
    assert list(figure.layout.xaxis.range) == pytest.approx([0, 63]) and BARS.end == pytest.approx(0.63)
    assert figure.layout.title.text == "&lt;b&gt;Title" and list(figure.layout.yaxis.ticktext) == ["one", "two"]
