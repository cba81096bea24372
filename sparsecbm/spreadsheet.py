"""Texts as cells of a table that a spreadsheet may open: none is run as a formula, and each can be read back."""

import unicodedata

from sparsecbm.validation import from_first_seen

#: What stands before a protected text: an apostrophe, as is usual, and a sign without width that nobody types (U+2060).
#: So a text that has an apostrophe of its own is never taken for one that was protected.
MARK = "'\u2060"
_SIGNS = tuple("=+-@")
#: Of these, a spreadsheet drops the first and then reads what follows.
_SKIPPED = tuple("\t\r\n")


def protected(text: str) -> str:
    """The text with MARK before it, where a spreadsheet could run it as a formula; others as they are.

    That is a text that begins with a tab or a new line, or with one of = + - @ in any width, be it after blanks and
    invisible characters, which some spreadsheets pass over. A text that begins with MARK gets a second one, so
    `unprotected` gives back every text.

    >>> protected("=1+1").encode("ascii", "backslashreplace"), protected("'=1+1"), protected("1 = 1")
    (b"'\\\\u2060=1+1", "'=1+1", '1 = 1')
    """
    first = unicodedata.normalize("NFKC", from_first_seen(text)[:1])
    runs = text.startswith(_SKIPPED) or first.startswith(_SIGNS)
    return MARK + text if runs or text.startswith(MARK) else text


def unprotected(cell: str) -> str:
    """The text that `protected` made the cell of. Cells of other programs stay as they are, with their apostrophes."""
    return cell.removeprefix(MARK)
