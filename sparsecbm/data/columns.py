"""Which column of a table holds what: one rule for names of columns, whoever looks for one.

Names are compared in any case and without blanks around them. Where several columns are then called alike, the one that
is spelt exactly so is meant; without such a one, whoever asked has to say which.
"""

import re
import unicodedata
from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace

from sparsecbm.data.text_form import names_in
from sparsecbm.errors import DataError
from sparsecbm.schema import ConceptSchema

#: Words of a column's name that suggest what it holds, the likeliest first.
TEXT_NAMES = ("text", "document", "review", "description", "sentence", "content", "comment", "body", "message")
LABEL_NAMES = ("label", "gold", "score", "class", "target")
ID_NAME = "id"


@dataclass(frozen=True)
class Columns:
    """Which column of a table holds what; without `id`, rows are numbered.

    `concepts` maps a concept to its column. `label_names` and `value_names` map how the table spells labels and values
    to the schema's names, e.g. {"pos": "Positive"}, or to NOT_ANNOTATED, and `own_names` those of single concepts; what
    they do not list is read as `spellings.meaning` says. `also` are further columns to read, such as a date.
    """

    text: str
    id: str | None = None
    label: str | None = None
    concepts: Mapping[str, str] = field(default_factory=dict)
    label_names: Mapping[str, str] = field(default_factory=dict)
    value_names: Mapping[str, str] = field(default_factory=dict)
    also: tuple[str, ...] = ()
    own_names: Mapping[str, Mapping[str, str]] = field(default_factory=dict)

    @property
    def used(self) -> tuple[str, ...]:
        """The columns that are read."""
        some = (self.text, self.id, self.label, *self.concepts.values(), *self.also)
        return tuple(dict.fromkeys(column for column in some if column is not None))

    def of_table(self, found: Sequence[str], table: str = "The table") -> "Columns":
        """The same columns as a table with the columns `found` spells them; DataError when one is not there."""
        spelt = {column: column_called(column, found, table) for column in self.used}
        return replace(
            self, text=spelt[self.text], id=None if self.id is None else spelt[self.id],
            label=None if self.label is None else spelt[self.label],
            concepts={concept: spelt[column] for concept, column in self.concepts.items()},
            also=tuple(spelt[column] for column in self.also))


def folded(name: str) -> str:
    """A name as it is compared with others: in any case, in any width of its letters, without blanks around it."""
    return unicodedata.normalize("NFKC", name).casefold().strip()


def column_called(name: str, found: Sequence[str], table: str = "The table") -> str:
    """The column of this name among `found`, as the table spells it; DataError for none, or several to choose from."""
    alike = [column for column in found if folded(column) == folded(name)]
    if name in alike:
        return name
    if len(alike) == 1:
        return alike[0]
    if alike:
        raise DataError(f"{table} has {len(alike)} columns called {name[:80]!r}: {names_in(alike)}. Name one of these, "
                        "spelt exactly so.")
    raise DataError(f"{table} has no column {name[:80]!r}; columns there: {names_in(found)}. Name one of these.")


def suggest_columns(
    found: Sequence[str], schema: ConceptSchema | None = None, text: str | None = None, id: str | None = None
) -> Columns:
    """The columns that hold texts and ids; with a schema also label and concepts. `text` and `id` name those known.

    The others are suggested by their names: whole, or as words of a longer one, such as "review_text". DataError when
    a named column is not there, or none suggests a text, or several do by the same name.

    >>> suggest_columns(("review_text", "stars", "food"), CEBAB)
    Columns(text='review_text', id=None, label='stars', concepts={'food': 'food'}, ...)
    """
    if text is not None:
        text = column_called(text, found)
    ids = [column for column in found if folded(column) == ID_NAME]
    if id is not None or ids:
        id = column_called(id or ID_NAME, found)
    concepts, label = dict[str, str](), None
    if schema is not None:
        for concept in schema.concepts:
            column = column_named(found, (concept,), (text, id, *concepts.values()))
            if column is not None:
                concepts[concept] = column
        label = column_named(found, ("label", schema.label_title, *_units(schema), *LABEL_NAMES),
                             (text, id, *concepts.values()))
    if text is None:
        taken = (id, label, *concepts.values())
        text = column_named(found, TEXT_NAMES, taken)
        if text is None and len(found) == 1 and found[0] not in taken:
            text = found[0]
    if text is None:
        raise DataError(f"No column is called {', '.join(TEXT_NAMES)}; columns there: {names_in(found)}. Say which "
                        "holds the text.")
    return Columns(text, id, label, concepts)


def column_named(found: Sequence[str], names: Sequence[str], taken: Collection[str | None]) -> str | None:
    """The column whose name is one of these, or has one as words; whole names win over words."""
    free = [column for column in found if column not in taken]
    whole = {folded(column) for column in free}
    for name in names:
        if folded(name) in whole:
            alike = [column for column in free if folded(column) == folded(name)]
            if len(alike) > 1:
                raise DataError(f"{len(alike)} columns are called {name!r}: {names_in(alike)}. Say which is meant.")
            return alike[0]
    words = {column: _words(column) for column in free if not folded(column).endswith(ID_NAME)}
    return next((column for name in names for column, said in words.items() if _words(name) in said), None)


def _words(name: str) -> str:
    return " ".join(["", *re.split(r"[\W_]+", folded(name)), ""])


def _units(schema: ConceptSchema) -> list[str]:
    """What labels are counted in: words that several of them bear as people read them, such as "stars"."""
    said = Counter(word for display in schema.label_display for word in set(_words(display).split()))
    return [word for word, times in said.items() if times > 1 and not word.isdecimal()]
