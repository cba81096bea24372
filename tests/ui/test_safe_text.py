"""Foreign text never becomes Markdown."""

import string

from sparsecbm.ui.safe_text import as_markdown, shortened


def test_markup_of_every_kind_is_escaped() -> None:
    assert as_markdown(string.punctuation) == "".join(f"\\{mark}" for mark in string.punctuation)


def test_messages_stay_on_one_line_and_show_what_is_hidden() -> None:
    assert as_markdown("a\n\n# b\x1b") == "a \\# b\\[U\\+001B\\]"


def test_a_text_is_cut_between_words() -> None:
    assert shortened("one two three", 8) == "one two …"
    assert shortened("one two", 8) == "one two"
