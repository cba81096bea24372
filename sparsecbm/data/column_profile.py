"""What the columns of a table hold: how many cells are filled, how long they are, and which names come how often."""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from sparsecbm.data.columns import folded
from sparsecbm.data.records import Record, Reject
from sparsecbm.data.spellings import NOT_ANNOTATED, cell_name, comparable, meaning, number_in

#: Different cells of a column that are counted; a column of more holds no names.
MOST_COUNTED = 1_000
#: Orders that people know, each from one end to the other.
SCALES = (
    ("very negative", "negative", "neutral", "mixed", "unknown", "positive", "very positive"),
    ("no", "unknown", "maybe", "yes"), ("false", "unknown", "true"), ("none", "low", "medium", "high", "critical"),
    ("none", "minor", "moderate", "major", "severe", "critical"), ("never", "rarely", "sometimes", "often", "always"),
    ("terrible", "bad", "poor", "fair", "ok", "good", "great", "excellent"), ("small", "medium", "large"),
)


@dataclass
class Profile:
    """A column: `filled` cells of `rows`, words in all of them, and how often each cell comes, as it is spelt.

    `several` is True where cells hold lists or objects, and `uncounted` where there were more than MOST_COUNTED.
    `unsaid` has the words that are read as "not annotated".
    """

    column: str
    rows: int = 0
    filled: int = 0
    words: int = 0
    cells: Counter[str] = field(default_factory=Counter)
    unsaid: Counter[str] = field(default_factory=Counter)
    several: bool = False
    uncounted: bool = False

    def add(self, value: object) -> None:
        """Count one more cell."""
        self.rows += 1
        self.several |= isinstance(value, list | dict)
        if self.several:
            return
        cell = cell_name(value)
        if meaning(cell, ()) == NOT_ANNOTATED:
            self.unsaid.update([cell] if cell else [])
            return
        self.filled += 1
        self.words += len(cell.split())
        if cell in self.cells or len(self.cells) < MOST_COUNTED:
            self.cells[cell] += 1
        else:
            self.uncounted = True

    @property
    def mean_words(self) -> float:
        """Of a filled cell."""
        return self.words / max(self.filled, 1)

    @property
    def names(self) -> dict[str, int]:
        """The names that cells mean, a number in its shortest and a word in its commonest spelling, and their rows."""
        found = dict[str, Counter[str]]()
        for cell, count in self.cells.items():
            found.setdefault(comparable(cell), Counter())[cell] += count
        return {key if number_in(key) is not None else spelt.most_common(1)[0][0]: spelt.total()
                for key, spelt in found.items()}

    def unfit(self, most: int) -> str:
        """Why it holds no names, of which there may be 2 to `most`; empty where it does."""
        if self.several:
            return "its cells hold lists or objects"
        if not self.filled:
            return "it is empty"
        names = len(self.names)
        if self.uncounted or names > most:
            return f"it has {'more than ' * self.uncounted}{names:,} different values, and 2 to {most} are allowed"
        return f"it says {next(iter(self.names))[:60]!r} in all rows" if names < 2 else ""


def profiles(records: Iterable[Record | Reject], columns: Sequence[str]) -> tuple[dict[str, Profile], int]:
    """What each column holds, and how many records cannot be used."""
    found, unusable = {column: Profile(column) for column in columns}, 0
    for record in records:
        if isinstance(record, Reject):
            unusable += 1
            continue
        for column, profile in found.items():
            profile.add(record.cells.get(column))
    return found, unusable


def in_order(names: Iterable[str]) -> tuple[tuple[str, ...], str]:
    """Names from one end to the other as far as that is known, and how it was: by number, by scale, or by letters."""
    listed = list(names)
    numbers = {name: number for name in listed if (number := number_in(name)) is not None}
    if len(numbers) == len(listed):
        return tuple(sorted(listed, key=numbers.__getitem__)), "by number"
    for scale in SCALES:
        if {folded(name) for name in listed} <= set(scale):
            return tuple(sorted(listed, key=lambda name: scale.index(folded(name)))), "by a scale that people know"
    return tuple(sorted(listed, key=folded)), "by letters: put them in your order"
