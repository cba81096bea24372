"""Text from outside for Streamlit's labels and messages: nothing in it is ever read as Markdown."""

import re
import string

from sparsecbm.figures.escaping import visible

_MARKDOWN = re.compile(f"([{re.escape(string.punctuation)}])")


def as_markdown(text: str) -> str:
    """The text for a Streamlit label or message: one line, every punctuation mark escaped."""
    return _MARKDOWN.sub(r"\\\1", re.sub(r"[ \t\n]+", " ", visible(text)).strip(" "))


def shortened(text: str, most: int = 160) -> str:
    """The text on one line, cut with an ellipsis at a word where it is longer than `most` characters."""
    line = " ".join(text.split())
    if len(line) <= most:
        return line
    return line[:most].rsplit(" ", 1)[0] + " …"
