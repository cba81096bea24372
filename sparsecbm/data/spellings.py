"""How a table spells labels and values, and which of the schema's names that may be: for a person to confirm."""

from collections import Counter
from collections.abc import Iterable, Sequence

from sparsecbm.data.records import Record, Reject
from sparsecbm.data.tables import cell_name

#: A shorter beginning of a name could be chance.
_LEAST_BEGINNING = 3


def other_spellings(records: Iterable[Record | Reject], columns: Iterable[str], names: Sequence[str]) -> Counter[str]:
    """How often some columns hold something else than these names, by what they hold; empty cells are not counted."""
    wanted = tuple(columns)
    found = Counter(cell_name(record.cells.get(column)) for record in records if isinstance(record, Record)
                    for column in wanted)
    return Counter({cell: count for cell, count in found.items() if cell and cell not in names})


def guessed_name(cell: str, names: Sequence[str], display: Sequence[str] = ()) -> str | None:
    """The name that a cell most likely means, as "POS" means "Positive" and "5 stars" "5"; None where none is meant.

    `display` are the names as people read them, in the same order.
    """
    folded = cell.casefold().strip()
    for spelt in (names, display or names):
        exact = [name for name, one in zip(names, spelt, strict=True) if one.casefold() == folded]
        begun = [name for name, one in zip(names, spelt, strict=True) if one.casefold().startswith(folded)]
        if exact:
            return exact[0]
        if len(begun) == 1 and len(folded) >= _LEAST_BEGINNING:
            return begun[0]
    return None
