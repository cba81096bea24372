"""A schema that a table suggests. What was guessed is said, with the reason, so that a person can mend it."""

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from sparsecbm.data.column_profile import Profile, in_order, profiles
from sparsecbm.data.columns import ID_NAME, LABEL_NAMES, TEXT_NAMES, column_called, column_named, folded
from sparsecbm.data.spellings import number_in
from sparsecbm.data.table_schema import (
    FORMAT,
    MOST_CONCEPTS,
    MOST_LABELS,
    MOST_VALUES,
    Answer,
    ConceptColumn,
    LabelColumn,
    SplitRule,
    TableSchema,
)
from sparsecbm.data.table_source import TableSource
from sparsecbm.data.table_split import LEAST_ROWS, SPLIT_CELLS
from sparsecbm.data.text_form import names_in
from sparsecbm.errors import DataError
from sparsecbm.figures.text import plural
from sparsecbm.paths import HUB_PREFIX

#: Words of a column's name that suggest what it holds, the likeliest first.
_LABELS = ("label", "rating", "stars", "sentiment", *LABEL_NAMES, "outcome", "verdict", "priority", "category")
_SPLITS, _WEIGHTS = ("split", "fold", "partition", "subset"), ("weight", "sample_weight")
_GROUPS = ("group", "group_id", "original_id", "thread_id", "conversation_id")
#: Names that a column of texts may bear and a document, too.
_DOCUMENTS = ("review", "comment", "message", "sentence")
#: A column of texts has on average at least so many words.
_LEAST_WORDS = 3.0
#: What a model calls parts of its own.
_TAKEN = ("label", "residual")


@dataclass(frozen=True)
class Wishes:
    """What the user knows of the table; None is guessed."""

    text: str | None = None
    label: str | None = None
    concepts: tuple[str, ...] | None = None
    id: str | None = None
    document: tuple[str, str] | None = None
    hub_split: str = "train"


@dataclass
class _Found:
    """The columns that are left, and what was guessed of the others."""

    table: str
    left: dict[str, Profile]
    guesses: dict[str, str] = field(default_factory=dict)

    def take(self, column: str) -> Profile:
        return self.left.pop(column)

    def named(self, name: str) -> str:
        return column_called(name, tuple(self.left), self.table)

    def unfit(self, most: int) -> str:
        """Why each column holds no names."""
        said = "; ".join(f"{one.column!r}: {one.unfit(most)}" for one in self.left.values())
        return said[:600] or "none is left"

    def called(self, what: str, names: Sequence[str]) -> str | None:
        """The first column with one of these names, taken."""
        column = next((column for column in self.left if folded(column) in names), None)
        if column is not None:
            self.guesses[what] = f"{column!r} by its name"
            self.take(column)
        return column


def propose(table: TableSource, source: str, wishes: Wishes = Wishes()) -> TableSchema:
    """The schema of a table that was opened from `source`. It asks nothing, and reads the whole table once.

    DataError where the table has no column of texts, no label or no concept, or too few rows.
    """
    all_profiles, unusable = profiles(table.records(table.columns), table.columns)
    found = _Found(table.label, all_profiles)
    text = found.take(_text(found, wishes.text))
    if text.filled < LEAST_ROWS:
        raise DataError(f"{table.label} has {text.filled} rows with a text in {text.column!r}; allowed: {LEAST_ROWS} "
                        "or more, to learn from some and score on others. Add rows.")
    ids = found.called("id", (ID_NAME,)) if wishes.id is None else found.take(found.named(wishes.id)).column
    split, group, weight = _split_column(found), found.called("splits.group", _GROUPS), _weight(found)
    label = _label(found, wishes)
    document = wishes.document or _document(found, text.column, source)
    concepts = _concepts(found, wishes, document[0])
    if unusable:
        found.guesses["rows"] = f"{unusable:,} more cannot be read; training counts them as dropped"
    return TableSchema(
        format=FORMAT, name=_name(source), document=document, text=text.column, label=label, concepts=concepts,
        splits=SplitRule(split, SPLIT_CELLS if split else None, group=group), id=ids, weight=weight,
        hub_split=wishes.hub_split, rows=text.filled, guesses=found.guesses,
        left_out={profile.column: profile.unfit(MOST_VALUES) or "it was not asked for"
                  for profile in found.left.values()})


def _text(found: _Found, wished: str | None) -> str:
    if wished is not None:
        return found.named(wished)
    column = column_named(tuple(found.left), TEXT_NAMES, ())
    if column is not None and found.left[column].mean_words >= _LEAST_WORDS:
        found.guesses["text"] = f"{column!r} by its name"
        return column
    longest = max(found.left.values(), key=lambda one: one.mean_words * (not one.several))
    if longest.mean_words >= _LEAST_WORDS and not longest.several:
        found.guesses["text"] = f"{longest.column!r} has the longest texts, {longest.mean_words:.0f} words on average"
        return longest.column
    raise DataError(f"{found.table} has no column of texts: none is called {', '.join(TEXT_NAMES)} or has "
                    f"{_LEAST_WORDS:.0f} words in a cell on average; columns there: {names_in(tuple(found.left))}. "
                    "Name it with --text-column.")


def _label(found: _Found, wishes: Wishes) -> LabelColumn:
    if wishes.label is not None:
        column = found.named(wishes.label)
        _fit(found, column, "label", MOST_LABELS)
    else:
        taken = {found.named(concept) for concept in wishes.concepts or ()}
        fit = [one.column for one in found.left.values() if not one.unfit(MOST_LABELS) and one.column not in taken]
        if not fit:
            raise DataError(f"{found.table} has no column that could be the label ({found.unfit(MOST_LABELS)}); "
                            f"allowed: a column of 2 to {MOST_LABELS} names. Add one, or put several names under one.")
        column = column_named(fit, _LABELS, ()) or fit[-1]
        said = "by its name" if column_named(fit, _LABELS, ()) else "as the last column of a few names"
        found.guesses["label"] = f"{column!r} {said}"
    profile = found.take(column)
    return LabelColumn(column, _title(column), _answers(found, "label.labels", profile), profile.rows - profile.filled)


def _concepts(found: _Found, wishes: Wishes, document: str) -> tuple[ConceptColumn, ...]:
    if wishes.concepts is not None:
        columns = [found.named(concept) for concept in wishes.concepts]
        for column in columns:
            _fit(found, column, "concept", MOST_VALUES)
    else:
        columns = [one.column for one in found.left.values() if not one.unfit(MOST_VALUES)][:MOST_CONCEPTS]
        found.guesses["concepts"] = f"columns of 2 to {MOST_VALUES} names, up to {MOST_CONCEPTS} of them"
    if not columns:
        raise DataError(f"{found.table} has no column that could be a concept ({found.unfit(MOST_VALUES)}); allowed: "
                        f"columns of 2 to {MOST_VALUES} names. Add some, or put several names under one.")
    made = list[ConceptColumn]()
    for column in columns:
        profile, name = found.take(column), _title(column)
        name = f"the {name}" if name in _TAKEN else name
        values = _answers(found, f"concepts.{name}", profile)
        made.append(ConceptColumn(column, name, f"What the {document} says of {name}.", values,
                                  profile.rows - profile.filled))
    return tuple(made)


def _fit(found: _Found, column: str, what: str, most: int) -> None:
    problem = found.left[column].unfit(most)
    if problem:
        raise DataError(f"{found.table}: column {column!r} cannot be the {what}: {problem}. Name another column, or "
                        "put several of its values under one name in the table.")


def _answers(found: _Found, what: str, profile: Profile) -> tuple[Answer, ...]:
    names = profile.names
    ordered, how = in_order(names)
    found.guesses[what] = f"in order {how}"
    rare = [name for name in ordered if names[name] < 2]
    if rare:
        found.guesses[what] += f"; {', '.join(map(repr, rare))} in one row only, which is too few to learn and to score"
    if profile.unsaid:
        found.guesses[what] += f"; {', '.join(map(repr, profile.unsaid))} read as not annotated, unless it is listed"
    return tuple(Answer(name, rows=names[name]) for name in ordered)


def _split_column(found: _Found) -> str | None:
    known = {cell: name for name, cells in SPLIT_CELLS.items() for cell in cells}
    fit = [column for column, profile in found.left.items()
           if {"train", "dev"} <= {known.get(folded(cell), "") for cell in profile.cells} <= set(SPLIT_CELLS)]
    return found.called("splits.column", [folded(column) for column in fit if folded(column) in _SPLITS])


def _weight(found: _Found) -> str | None:
    fit = [column for column, profile in found.left.items()
           if profile.filled == profile.rows and all((number_in(cell) or 0) > 0 for cell in profile.cells)]
    return found.called("weight", [folded(column) for column in fit if folded(column) in _WEIGHTS])


def _document(found: _Found, text: str, source: str) -> tuple[str, str]:
    """What a document and several are called, by the column of texts or the name of the file."""
    words = re.split(r"[\W_]+", folded(text))
    stem = re.split(r"[\W_]+", folded(_stem(source)))[-1]
    word = next((word for word in _DOCUMENTS if word in words), "")
    if not word and stem.isalpha() and stem.endswith("s") and not stem.endswith("ss"):
        word = f"{stem[:-3]}y" if stem.endswith("ies") else stem[:-1]
    found.guesses["document"] = "by the name of the column of texts or of the file" if word else "no name suggests it"
    word = word or "document"
    return word, plural(word)


def _title(column: str) -> str:
    """A column's name as people read it."""
    return " ".join(column.replace("_", " ").split()) or column


def _stem(source: str) -> str:
    return source.removeprefix(HUB_PREFIX).partition("#")[0].rpartition("/")[2] if source.startswith(HUB_PREFIX) \
        else Path(source).stem


def _name(source: str) -> str:
    return re.sub(r"[^\w.-]+", "-", _stem(source)).strip("-")[:60] or "table"

