"""Text from outside, shown as it is: nothing in it is ever read as HTML, as Markdown or as a direction command."""

import html
import re
import string
import unicodedata

_MARKDOWN = re.compile(f"([{re.escape(string.punctuation)}])")
#: Invisible characters that belong to ordinary text: emoji are joined by them, some scripts need them.
_HARMLESS = {"\n", "\t", "\u200c", "\u200d", "\ufeff", "\u00ad"}


def visible(text: str) -> str:
    """The text with control and direction characters replaced by a visible mark, e.g. `[U+202E]`.

    A left-out character would hide what the model read; one left in could reorder the words on the screen.
    """
    return "".join(f"[U+{ord(c):04X}]" if unicodedata.category(c) in ("Cc", "Cf", "Cs", "Co") and c not in _HARMLESS
                   and not _is_emoji_tag(c) else c for c in text.replace("\r\n", "\n"))


def as_html(text: str) -> str:
    """The text for HTML content or a quoted attribute."""
    return html.escape(visible(text), quote=True)


def as_markdown(text: str) -> str:
    """The text for a Streamlit label or message: one line, every punctuation mark escaped."""
    return _MARKDOWN.sub(r"\\\1", re.sub(r"[ \t\n]+", " ", visible(text)).strip(" "))


def shortened(text: str, most: int = 160) -> str:
    """The text on one line, cut with an ellipsis at a word where it is longer than `most` characters."""
    line = " ".join(text.split())
    if len(line) <= most:
        return line
    return line[:most].rsplit(" ", 1)[0] + " …"


def _is_emoji_tag(character: str) -> bool:
    return "\U000e0020" <= character <= "\U000e007f"
