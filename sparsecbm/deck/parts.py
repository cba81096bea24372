"""The parts of a scene, as plain values that check themselves: text, words with scores, bars, a table, a chart.

They can come from a file of somebody else. All text is plain text: whoever draws a part escapes it.
"""

from collections.abc import Iterable
from typing import Annotated, Literal

from pydantic import ConfigDict, Field
from pydantic.dataclasses import dataclass

from sparsecbm.deck.chart_json import check_chart
from sparsecbm.errors import InputError
from sparsecbm.types import Unread, Word

STRICT = ConfigDict(extra="forbid", allow_inf_nan=False)

#: The cell of a table that marks a wrong prediction; it is drawn in the colour of what opposes.
WRONG = "wrong"

Share = Annotated[float, Field(ge=0, le=1)]


@dataclass(frozen=True, config=STRICT)
class Passage:
    """A sentence about what the scene shows, or, as a `quote`, the document itself."""

    text: str
    quote: bool = False
    kind: Literal["text"] = "text"


@dataclass(frozen=True, config=STRICT)
class Heatmap:
    """A document with a score per word, in logits; `spans` are (start, end, score) in the order of the text.

    `limit` is the score that gets the full colour, and `subject` names what positive scores speak for. `unread` says
    for each word how much of it the model reads; it is empty where it reads all.
    """

    text: str
    spans: tuple[tuple[int, int, float], ...]
    limit: Annotated[float, Field(gt=0)]
    subject: str
    unread: tuple[Unread, ...] = ()
    kind: Literal["words"] = "words"

    def __post_init__(self) -> None:
        position = 0
        for start, end, _ in self.spans:
            if not position <= start < end <= len(self.text):
                raise InputError(f"Got a word from {start} to {end}; allowed: words one after another within the "
                                 f"text's {len(self.text):,} characters. Pin the words again.")
            position = end
        if self.unread and len(self.unread) != len(self.spans):
            raise InputError(f"Got {len(self.unread)} notes on unread words for {len(self.spans)} words; allowed: one "
                             "for each word, or none. Pin the words again.")

    @property
    def words(self) -> tuple[Word, ...]:
        """The words that have a score."""
        read: Unread = ""
        unread = self.unread or (read,) * len(self.spans)
        return tuple(Word(self.text[start:end], start, end, how)
                     for (start, end, _), how in zip(self.spans, unread, strict=True))

    @property
    def scores(self) -> tuple[float, ...]:
        """One per word."""
        return tuple(score for _, _, score in self.spans)


@dataclass(frozen=True, config=STRICT)
class Bars:
    """Probabilities as bars under a heading; the row `top` stands out, and `pale` bars are those before a change."""

    heading: str
    rows: tuple[tuple[str, Share], ...]
    top: str = ""
    pale: bool = False
    kind: Literal["bars"] = "bars"


@dataclass(frozen=True, config=STRICT)
class Table:
    """Cells of text; every row has a cell for each column."""

    columns: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    kind: Literal["table"] = "table"

    def __post_init__(self) -> None:
        _check_widths(self.rows, len(self.columns))


@dataclass(frozen=True, config=STRICT)
class Chart:
    """A plotly figure as JSON, for light and for dark paper; `alt` describes it in words, `table` in numbers.

    InputError for figures of kinds that this program does not draw.
    """

    light: str
    dark: str
    alt: str
    table: Table | None = None
    kind: Literal["chart"] = "chart"

    def __post_init__(self) -> None:
        check_chart(self.light)
        check_chart(self.dark)


Part = Passage | Heatmap | Bars | Table | Chart


def _check_widths(rows: Iterable[tuple[str, ...]], columns: int) -> None:
    for row in rows:
        if len(row) != columns:
            raise InputError(f"Got a row of {len(row)} cells for a table of {columns} columns; allowed: a cell for "
                             "each column. Pin the table again.")
