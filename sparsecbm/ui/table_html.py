"""A plain table of text."""

from collections.abc import Sequence

from sparsecbm.figures.escaping import as_html

_CELL = "padding:.25rem .6rem .25rem 0;text-align:left;vertical-align:top;overflow-wrap:anywhere"


def table_html(
    caption: str, columns: Sequence[str], rows: Sequence[Sequence[str]], pale: Sequence[bool] | None = None
) -> str:
    """A table, all text in it escaped; `caption` is read aloud. Rows that are `pale` stand in italics."""
    head = "".join(f'<th scope="col" style="{_CELL}">{as_html(name)}</th>' for name in columns)
    body = "".join(
        f'<tr style="{"font-style:italic" if dim else ""}">'
        + "".join(f'<td style="{_CELL}">{as_html(cell)}</td>' for cell in row) + "</tr>"
        for row, dim in zip(rows, pale or [False] * len(rows), strict=True))
    return (f'<table aria-label="{as_html(caption)}" style="width:100%;border-collapse:collapse;font-size:.9rem">'
            f"<thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>")
