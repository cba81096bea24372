"""A comparison word by word, as HTML."""

import html
import re

import pytest

from sparsecbm.figures.style import contrast
from sparsecbm.types import Word
from sparsecbm.words.panel_copy import WordChange, changes_html

CHANGES = tuple(WordChange(Word(text, 0, len(text)), *scores) for text, *scores in (
    ("soup", 0.5, 0.9), ("<b>cold", -1.0, None), ("hot", None, 1.0), ("was", 0.01, 0.01)))


def spans(dark: bool = False) -> list[str]:
    return changes_html(CHANGES, 1.0, dark).split("<span ")[1:]


def test_kept_words_show_both_scores_removed_and_added_ones_are_marked() -> None:
    soup, cold, hot, was = spans()
    assert "kept" in soup and "+0.50\u00a0→\u00a0+0.90" in soup
    assert "removed" in cold and "line-through" in cold and "−1.00" in cold and "background" not in cold
    assert "added" in hot and "underline" in hot and "+1.00" in hot
    assert "<sup" not in was, "a score that hardly matters stays in the title"


def test_words_are_escaped_and_none_is_lost() -> None:
    page = changes_html(CHANGES, 1.0, dark=False)
    assert "<b>" not in page
    assert html.unescape(re.sub(r"<sup.*?</sup>|<[^>]+>", "", page)) == "soup <b>cold hot was"


@pytest.mark.parametrize("dark", [False, True])
def test_shaded_words_set_both_colours_readably(dark: bool) -> None:
    pairs = re.findall(r"background:(#\w{6});color:(#\w{6})", "".join(spans(dark)))
    assert len(pairs) == 2 and min(contrast(*pair) for pair in pairs) >= 4.5
