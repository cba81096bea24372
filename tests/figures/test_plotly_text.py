"""Names in charts stay text."""

import pytest

from sparsecbm.figures.style import DARK_PAPER, MOST_SHOWN, PAPER, contrast, layout, plain, short, ticks


@pytest.mark.parametrize(("name", "shown"), [
    ("food", "food"), ("<b>food</b>", "&lt;b&gt;food&lt;/b&gt;"), ("a\nb", "a b"), ("a\u202eb", "a[U+202E]b"),
    ("R&B", "R&amp;B"), ("it's", "it's"),
])
def test_a_name_is_no_markup(name: str, shown: str) -> None:
    assert plain(name) == shown


def test_a_long_name_is_cut_before_it_is_escaped() -> None:
    assert short("<" * 100) == "&lt;" * (MOST_SHOWN - 1) + "…"
    assert short("x" * MOST_SHOWN) == "x" * MOST_SHOWN


def test_names_that_look_like_numbers_keep_their_order() -> None:
    axis = ticks(("10", "2"))
    assert axis["tickvals"] == [0, 1] and axis["ticktext"] == ["10", "2"]


@pytest.mark.parametrize("dark", [False, True])
def test_axes_have_the_full_contrast_of_text(dark: bool) -> None:
    made = layout("Title", 100, dark, xaxis={"title": {"text": "percent"}, "range": [0, 1]})
    fonts = made["xaxis"]["tickfont"], made["yaxis"]["tickfont"], made["xaxis"]["title"]["font"]
    assert made["xaxis"]["title"]["text"] == "percent" and made["xaxis"]["range"] == [0, 1]
    assert all(contrast(font["color"], DARK_PAPER if dark else PAPER) >= 7 for font in fonts)
