"""What the cells of a column of labels or values mean: names of the schema in other spellings, or "not annotated"."""

import re
from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence

from sparsecbm.data.columns import folded
from sparsecbm.data.records import Record, Reject
from sparsecbm.validation import is_blank

#: What a spelling means that says that a label or value was not annotated.
NOT_ANNOTATED = ""

#: How tables write that there is no label or value, by their letters and digits alone: "n/a" and "#NA" are one word.
_MISSING = frozenset((
    "na", "nan", "nat", "none", "null", "nil", "1qnan", "1ind", "nomajority", "noannotation", "norating", "nolabel",
    "notavailable", "notannotated", "notrated", "notlabelled", "notlabeled", "unannotated", "unrated", "unlabelled",
    "unlabeled"))
_NULL = r"\N"  # what databases write into text files
#: How tables write that a text does not say.
_UNSAID = frozenset(("unknown", "?", "not mentioned"))
#: Words that mean the same answer wherever one of the names is among them.
_ALIKE = (frozenset(("negative", "neg", "bad", "poor", "-")), frozenset(("positive", "pos", "good", "great", "+")))
#: A number as tables write it: 5, 05, 5.0, or 5,0 where a comma stands before decimals.
_NUMBER = re.compile(r"[+-]?\d{1,15}(\.\d{1,15}|,\d{1,2})?")
#: A shorter beginning of a name could be chance.
_LEAST_BEGINNING = 3


def cell_name(value: object) -> str:
    """A cell as an id, label or value, without blanks around it: 5 and 5.0 are "5", nothing is ""."""
    if value is None or value != value:  # only NaN differs from itself
        return ""
    return str(int(value)) if isinstance(value, float) and value.is_integer() else str(value).strip()


def meaning(cell: str, names: Sequence[str]) -> str | None:
    """The name that a cell is, in any case or as a number; NOT_ANNOTATED for "NA" and the like; else None.

    >>> meaning("5.0", ("1", "5")), meaning("NA", ("1", "5")), meaning("6", ("1", "5"))
    ('5', '', None)
    """
    if cell in names:
        return cell
    number, same = number_in(cell), folded(cell)
    alike = [name for name in names if folded(name) == same] or [
        name for name in names if number is not None and number_in(name) == number]
    if len(alike) == 1:
        return alike[0]
    return NOT_ANNOTATED if _says_nothing(cell) else None


def _says_nothing(cell: str) -> bool:
    """True of "NA" and the like, whatever signs stand in or around it, and where nothing can be seen.

    Half a character is something: a cell that was damaged.
    """
    if is_blank(cell.encode(errors="replace").decode()) or cell.strip() == _NULL:
        return True
    return re.sub(r"[\W_]", "", folded(cell)) in _MISSING


def guessed_meaning(cell: str, names: Sequence[str], display: Sequence[str] = ()) -> str | None:
    """The name that a cell is or most likely means, None where none is likely.

    "good" means "Positive" and "5 stars" means "5". `display` are the names as people read them, in the same order.
    """
    same = folded(cell)
    shown = [folded(name) for name in display or names]
    exact = [name for name, one in zip(names, shown, strict=True) if one == same]
    known = meaning(cell, names)
    if known is not None or exact:
        return exact[0] if known is None else known
    for spelt in (map(folded, names), shown):
        begun = [name for name, one in zip(names, spelt, strict=True) if one.startswith(same)]
        if len(begun) == 1 and len(same) >= _LEAST_BEGINNING:
            return begun[0]
    for words in (*_ALIKE, _UNSAID):
        alike = [name for name in names if folded(name) in words]
        if same in words and len(alike) == 1:
            return alike[0]
    return NOT_ANNOTATED if same in _UNSAID else None


def comparable(cell: str) -> str:
    """What two cells have in common that mean the same name: a number in one spelling, or the name in one case.

    >>> comparable("5.0") == comparable("05"), comparable("Good ") == comparable("good")
    (True, True)
    """
    number = number_in(cell)
    return folded(cell) if number is None else f"{number:.15g}"


def spellings(records: Iterable[Record | Reject], columns: Collection[str]) -> Counter[str]:
    """How often some columns hold what; empty cells are not counted."""
    found = Counter(cell_name(record.cells.get(column)) for record in records if isinstance(record, Record)
                    for column in columns)
    return Counter({cell: count for cell, count in found.items() if cell})


def counted_from_elsewhere(cells: Iterable[str], names: Sequence[str]) -> Mapping[str, str]:
    """What numbers mean that seem to begin elsewhere than the names, such as 0 to 4 where those are 1 to 5; in order.

    Empty where the names are no numbers, all numbers are names, or there is no one way to move them there.
    """
    numbers = {cell: number for cell in cells if (number := number_in(cell)) is not None}
    places = {number_in(name): name for name in names}
    allowed = [number for number in places if number is not None]
    found = set(numbers.values())
    if len(allowed) < len(names) or found <= set(allowed):
        return {}
    low, high = min(found), max(found)
    by = min(allowed) - low if low < min(allowed) else max(allowed) - high
    moved = {number + by for number in found}
    if not moved <= set(allowed) or abs(by) != 1 and len(found) < len(allowed):
        return {}
    return {cell: places[number + by] for cell, number in sorted(numbers.items(), key=lambda one: one[1])}


def number_in(cell: str) -> float | None:
    """The number that a cell is, None where it is none."""
    number = folded(cell)
    return float(number.replace(",", ".")) if _NUMBER.fullmatch(number) else None
