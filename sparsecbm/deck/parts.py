"""What a scene shows, as plain values that check themselves: text, words with scores, bars, a table, a chart.

They come from files of others, too. All text is plain text: whoever draws a part escapes it.
"""

from collections.abc import Iterable
from typing import Annotated, Literal

from pydantic import ConfigDict, Field
from pydantic.dataclasses import dataclass

from sparsecbm.deck.figure import check_figure
from sparsecbm.errors import InputError
from sparsecbm.types import Word

STRICT = ConfigDict(extra="forbid", allow_inf_nan=False)

Share = Annotated[float, Field(ge=0, le=1)]


@dataclass(frozen=True, config=STRICT)
class Passage:
    """A sentence that says what is seen, or, as a `quote`, the review itself."""

    text: str
    quote: bool = False
    kind: Literal["text"] = "text"


@dataclass(frozen=True, config=STRICT)
class Heatmap:
    """A review with a score per word, in logits; `spans` are (start, end, score) in the order of the text.

    `limit` is the score that gets the full colour, and `subject` what positive scores speak for.
    """

    text: str
    spans: tuple[tuple[int, int, float], ...]
    limit: Annotated[float, Field(gt=0)]
    subject: str
    kind: Literal["words"] = "words"

    def __post_init__(self) -> None:
        position = 0
        for start, end, _ in self.spans:
            if not position <= start < end <= len(self.text):
                raise InputError(f"A word from {start} to {end} came; allowed: words one after another within the "
                                 f"text's {len(self.text):,} characters. Pin the words again.")
            position = end

    @property
    def words(self) -> tuple[Word, ...]:
        """The words that have a score."""
        return tuple(Word(self.text[start:end], start, end) for start, end, _ in self.spans)

    @property
    def scores(self) -> tuple[float, ...]:
        """One per word."""
        return tuple(score for _, _, score in self.spans)


@dataclass(frozen=True, config=STRICT)
class Bars:
    """Probabilities as bars under a heading; the one called `top` stands out, and `pale` ones are those from before."""

    heading: str
    rows: tuple[tuple[str, Share], ...]
    top: str = ""
    pale: bool = False
    kind: Literal["bars"] = "bars"


@dataclass(frozen=True, config=STRICT)
class Table:
    """Cells as they are read; every row has a cell for each column."""

    columns: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    kind: Literal["table"] = "table"

    def __post_init__(self) -> None:
        _check_widths(self.rows, len(self.columns))


@dataclass(frozen=True, config=STRICT)
class Chart:
    """A plotly figure as JSON, as it is drawn on light and on dark paper; `alt` says it in words, `table` in numbers.

    InputError for figures that are not of the kinds that this program draws.
    """

    light: str
    dark: str
    alt: str
    table: Table | None = None
    kind: Literal["chart"] = "chart"

    def __post_init__(self) -> None:
        check_figure(self.light)
        check_figure(self.dark)


Part = Passage | Heatmap | Bars | Table | Chart


def _check_widths(rows: Iterable[tuple[str, ...]], columns: int) -> None:
    for row in rows:
        if len(row) != columns:
            raise InputError(f"A row of {len(row)} cells came for a table of {columns} columns; allowed: a cell for "
                             "each column. Pin the table again.")
