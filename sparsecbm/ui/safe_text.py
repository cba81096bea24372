"""Text from outside, made safe for Markdown and HTML, and a plain table of it."""

import re
import string
from collections.abc import Sequence

from sparsecbm.figures.text import as_html, visible

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


def clean_text(text: str | None) -> str:
    """The text, empty for none, without the halves of characters that no address and no file can hold."""
    return (text or "").encode("utf-8", "replace").decode()


_CELL = "padding:.25rem .6rem .25rem 0;text-align:left;vertical-align:top;overflow-wrap:anywhere"


def table_html(
    caption: str, columns: Sequence[str], rows: Sequence[Sequence[str]], pale: Sequence[bool] | None = None
) -> str:
    """A table, all text in it escaped; `caption` is read aloud. Rows that are `pale` stand in italics."""
    head = "".join(f'<th scope="col" style="{_CELL};overflow-wrap:break-word">{as_html(name)}</th>' for name in columns)
    body = "".join(
        f'<tr style="{"font-style:italic" if dim else ""}">'
        + "".join(f'<td style="{_CELL}">{as_html(cell)}</td>' for cell in row) + "</tr>"
        for row, dim in zip(rows, pale or [False] * len(rows), strict=True))
    return (f'<table aria-label="{as_html(caption)}" style="width:100%;border-collapse:collapse;font-size:.9rem">'
            f"<thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>")
