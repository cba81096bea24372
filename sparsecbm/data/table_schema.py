"""The schema of a user's table: which columns hold what, the names and their order, and how rows are split.

It is a JSON file that `schema` proposes and a person edits. Every mistake in it is one sentence that says what is
allowed.
"""

import heapq
import json
import re
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import field
from pathlib import Path
from typing import Any

from pydantic import ConfigDict, TypeAdapter
from pydantic.dataclasses import dataclass

from sparsecbm.config import from_json
from sparsecbm.data.columns import Columns
from sparsecbm.data.spellings import comparable
from sparsecbm.errors import ConfigError, DataError
from sparsecbm.schema import ConceptSchema
from sparsecbm.validation import is_blank

#: The version of the form of this file.
FORMAT = 1
#: How many concepts, values of a concept and labels a table may have.
MOST_CONCEPTS, MOST_VALUES, MOST_LABELS = 20, 7, 10
#: The splits that rows can be in, by how long they are held out: a text of several stays in the last of them.
SPLITS = ("train", "dev", "test")

_STRICT = ConfigDict(extra="forbid")
_NAME = re.compile(r"[\w.-]{1,60}")
#: An answer in JSON, which is written on one line.
_ANSWER = re.compile(r'\{\n *"name": .*?\n *\}', re.DOTALL)


@dataclass(frozen=True, config=_STRICT)
class Answer:
    """A value or a label. `cells` are what else the column may say for it; `rows` counts it in the table, for people.

    Without `cells`, its name counts in any case, and a number in any spelling.
    """

    name: str
    cells: tuple[str, ...] | None = None
    display: str | None = None
    rows: int | None = None


@dataclass(frozen=True, config=_STRICT)
class LabelColumn:
    """The label: its column, what it is called, and its names in their order."""

    column: str
    title: str
    labels: tuple[Answer, ...]
    not_annotated: int | None = None


@dataclass(frozen=True, config=_STRICT)
class ConceptColumn:
    """A concept: its column, its name, a line of help, and its values in their order."""

    column: str
    name: str
    help: str
    values: tuple[Answer, ...]
    not_annotated: int | None = None


@dataclass(frozen=True, config=_STRICT)
class SplitRule:
    """How rows are split into train, dev and test.

    column  says each row's split, by the names in `cells`; without it, rows are dealt by chance
    dev     shares of the rows that are dealt to dev and test, 0..1
    group   rows with the same cell in this column stay together
    """

    column: str | None = None
    cells: Mapping[str, tuple[str, ...]] | None = None
    dev: float = 0.15
    test: float = 0.15
    seed: int = 0
    group: str | None = None

    def __post_init__(self) -> None:
        if not 0 < self.dev < 1 or not 0 <= self.test < 1 or self.dev + self.test >= 1:
            raise ConfigError(f"dev is {self.dev} and test is {self.test}; allowed: shares of the rows, dev more than "
                              "0, that leave some to train on.")
        if self.column is None and self.cells:
            raise ConfigError("Cells name splits, but no column holds them; allowed: both or none. Name the column.")
        if unknown := [name for name in self.cells or {} if name not in SPLITS]:
            raise ConfigError(f"Split {unknown[0]!r} is unknown; allowed: {', '.join(SPLITS)}.")
        _once("cells of splits", [cell for cells in (self.cells or {}).values() for cell in cells])

    @property
    def shares(self) -> tuple[float, float, float]:
        """The parts of the rows in train, dev and test."""
        return 1 - self.dev - self.test, self.dev, self.test


@dataclass(frozen=True, config=_STRICT)
class TableSchema:
    """What a table's columns hold. `guesses` says what was guessed and why, and `left_out` why a column is not used.

    `document` is what one text and what several are called. Of a table on the Hub, `hub_split` is read.
    """

    format: int
    name: str
    document: tuple[str, str]
    text: str
    label: LabelColumn
    concepts: tuple[ConceptColumn, ...]
    splits: SplitRule = field(default_factory=SplitRule)
    id: str | None = None
    weight: str | None = None
    hub_split: str = "train"
    rows: int | None = None
    guesses: Mapping[str, str] = field(default_factory=dict)
    left_out: Mapping[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        if not _NAME.fullmatch(self.name):
            raise ConfigError(f"The schema is called {self.name[:80]!r}; allowed: up to 60 letters, digits, _, . and "
                              "-.")
        _within("concepts", len(self.concepts), 1, MOST_CONCEPTS)
        _answers(f"labels of {self.label.title!r}", self.label.labels, MOST_LABELS)
        for one in self.concepts:
            _answers(f"values of {one.name!r}", one.values, MOST_VALUES)
        _once("columns", [self.text, self.label.column, *(one.column for one in self.concepts)])
        _once("names of label and concepts", [self.label.title, *(one.name for one in self.concepts)])
        _concept_schema(self)  # says what cannot be one

    @property
    def schema(self) -> ConceptSchema:
        """The names that a model of this table speaks of."""
        return _concept_schema(self)

    @property
    def columns(self) -> Columns:
        """Which column holds what; the split's, the group's and the weight's are read besides."""
        also = (self.splits.column, self.splits.group, self.weight)
        return Columns(
            self.text, self.id, self.label.column, {one.name: one.column for one in self.concepts},
            _spelt(self.label.labels), also=tuple(dict.fromkeys(column for column in also if column is not None)),
            own_names={one.name: _spelt(one.values) for one in self.concepts})

    def written(self) -> str:
        """The file, without what is not set; an answer stands on one line, so that order is changed by moving lines."""
        plain = TypeAdapter(TableSchema).dump_python(self, mode="json", exclude_none=True)
        text = json.dumps(plain, indent=1, ensure_ascii=False)
        return _ANSWER.sub(lambda found: re.sub(r"\n *", " ", found[0]), text)


def _concept_schema(table: TableSchema) -> ConceptSchema:
    values = in_one_order([[value.name for value in one.values] for one in table.concepts])
    own = tuple(tuple(value for value in values if value in {one.name for one in concept.values})
                for concept in table.concepts)
    labels = table.label.labels
    return ConceptSchema(
        table.name, tuple(one.name for one in table.concepts), values, tuple(label.name for label in labels),
        table.label.title, tuple(label.display or label.name for label in labels),
        tuple(one.help for one in table.concepts), *table.document,
        concept_values=() if all(one == values for one in own) else own)


def read_table_schema(path: Path) -> TableSchema:
    """Read and check a schema; DataError where there is none, ConfigError for what is wrong in it."""
    try:
        values: Any = json.loads(path.read_bytes())  # in UTF-8, or in UTF-16 as PowerShell writes it
    except (OSError, ValueError, RecursionError) as error:
        raise DataError(f"{path} cannot be read as a schema ({str(error)[:120]}); allowed: the JSON that `schema` "
                        "writes. Check the path and the file.") from None
    if not isinstance(values, dict) or "format" not in values:
        raise DataError(f"{path} is no schema of a table; allowed: a JSON object with format {FORMAT}. Let `schema` "
                        "propose one.")
    if values["format"] != FORMAT:
        raise DataError(f"{path} is a schema of format {str(values['format'])[:20]!r}; this version reads {FORMAT}. "
                        "Use the version that wrote it, or let `schema` propose a new one.")
    try:
        return from_json(TableSchema, values, path)
    except ConfigError as error:
        where = "" if str(error).startswith(str(path)) else f"{path}: "
        raise ConfigError(f"{where}{error}") from None


def in_one_order(lists: Sequence[Sequence[str]]) -> tuple[str, ...]:
    """All names, each once, so that every list keeps its order; ConfigError where two lists contradict each other.

    >>> in_one_order([("low", "high"), ("low", "medium", "high"), ("no", "yes")])
    ('low', 'medium', 'high', 'no', 'yes')
    """
    seen = {name: place for place, name in enumerate(dict.fromkeys(name for names in lists for name in names))}
    after: dict[str, set[str]] = {name: set() for name in seen}
    for names in lists:
        for one, other in zip(names, names[1:], strict=False):
            after[one].add(other)
    waiting = Counter(other for others in after.values() for other in others)
    ready = [(place, name) for name, place in seen.items() if not waiting[name]]
    found = list[str]()
    while ready:
        _, name = heapq.heappop(ready)
        found.append(name)
        for other in after[name]:
            waiting[other] -= 1
            if not waiting[other]:
                heapq.heappush(ready, (seen[other], other))
    if len(found) < len(seen):
        rest = ", ".join(name for name in seen if name not in found)
        raise ConfigError(f"The values {rest} come in different orders in different concepts; allowed: one order "
                          "wherever they come. Move them.")
    return tuple(found)


def _spelt(answers: Sequence[Answer]) -> dict[str, str]:
    return {cell: answer.name for answer in answers for cell in (answer.name, *(answer.cells or ()))}


def _answers(what: str, answers: Sequence[Answer], most: int) -> None:
    _within(what, len(answers), 2, most)
    if any(is_blank(answer.name) for answer in answers):
        raise ConfigError(f"One of the {what} has no name; allowed: a name that can be seen. An empty cell is not "
                          "annotated and needs none.")
    _once(f"cells of the {what}", [cell for answer in answers
                                   for cell in {comparable(cell) for cell in (answer.name, *(answer.cells or ()))}])


def _within(what: str, count: int, least: int, most: int) -> None:
    if not least <= count <= most:
        raise ConfigError(f"{count:,} {what} came; allowed: {least} to {most}. Leave some out, or put several under "
                          "one name by its cells.")


def _once(what: str, names: Sequence[str]) -> None:
    name, times = Counter(map(comparable, names)).most_common(1)[0] if names else ("", 0)
    if times > 1:
        raise ConfigError(f"{name[:60]!r} comes {times} times among the {what}; allowed: once. Rename or remove one.")
