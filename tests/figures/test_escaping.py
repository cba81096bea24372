"""Foreign text never becomes HTML, and nothing in it stays hidden."""

import pytest

from sparsecbm.figures.text import as_html, visible


def test_markup_of_every_kind_is_escaped() -> None:
    assert as_html("<b a='1' b=\"2\">&amp;") == "&lt;b a=&#x27;1&#x27; b=&quot;2&quot;&gt;&amp;amp;"


@pytest.mark.parametrize(("hidden", "mark"), [
    ("\x00", "[U+0000]"), ("\x1b", "[U+001B]"), ("\u202e", "[U+202E]"), ("\u2066", "[U+2066]"), ("\u200b", "[U+200B]"),
    ("\ud800", "[U+D800]"), ("\r", "[U+000D]"),
])
def test_what_cannot_be_seen_gets_a_mark(hidden: str, mark: str) -> None:
    assert visible(f"a{hidden}b") == f"a{mark}b"


@pytest.mark.parametrize("text", ["a\nb\tc", "👩‍👩‍👧", "می‌خواهم", "\U0001f3f4\U000e0067\U000e0062\U000e007f", "Grüße"])
def test_ordinary_text_stays(text: str) -> None:
    assert visible(text) == text


def test_windows_line_ends_are_line_ends() -> None:
    assert visible("a\r\nb") == "a\nb"
