"""A slice as parts of an address: what `to_params` writes, `from_params` reads back."""

import math
import re
from urllib.parse import quote, unquote

from sparsecbm.errors import InputError
from sparsecbm.failures.outcomes import OUTCOMES, Outcome
from sparsecbm.failures.slices import Bound, Slice, Words
from sparsecbm.failures.tags import Tag
from sparsecbm.fields import Field, Parts, read_fields, tuple_of, write_fields
from sparsecbm.schema import ConceptSchema


def to_params(chosen: Slice) -> dict[str, list[str]]:
    """The conditions as lists of text, which JSON and an address can hold; what says nothing is left out."""
    return write_fields(FIELDS, chosen, Slice())


def from_params(parts: Parts, schema: ConceptSchema) -> tuple[Slice, tuple[str, ...]]:
    """The slice of some parts, and a message for each that cannot be used. Good parts are kept, unknown names passed
    over: the address says other things, too.
    """
    return read_fields(FIELDS, parts, Slice(), schema)


def _value(given: str, schema: ConceptSchema) -> tuple[str, str]:
    concept = next((name for name in schema.concepts if given.startswith(f"{name}=")), None)  # a name may hold a "="
    if concept is None:
        raise InputError(f"{given!r} came; allowed: concept=value, such as {schema.concepts[0]}={schema.values[0]}, "
                         f"of {', '.join(schema.concepts)}.")
    value = given.removeprefix(f"{concept}=")
    return concept, schema.values[schema.value_index(value, concept)]


def _text(given: str, _: ConceptSchema) -> str:
    if not given.strip():
        raise InputError("Nothing came; allowed: at least one character that is no blank.")
    return given


def _outcome(given: str, _: ConceptSchema) -> Outcome:
    return Outcome(given)


def _tag(given: str, _: ConceptSchema) -> Tag:
    return Tag(given)


def _cell(given: str, _: ConceptSchema) -> tuple[str, str]:
    column, separator, cell = given.partition("=")
    if not separator:
        raise InputError(f"{given!r} came; allowed: column=cell.")
    return unquote(column), cell


def _words(given: str, _: ConceptSchema) -> Words:
    found = re.fullmatch(r"(\d{0,9})\.\.(\d{0,9})", given, re.ASCII)
    low, high = (int(bound) if bound else None for bound in found.groups()) if found else (None, None)
    if (low is None and high is None) or (low is not None and high is not None and low > high):
        raise InputError(f"{given!r} came; allowed: two whole numbers from the least to the most, such as 20..40, 20.. "
                         "or ..40.")
    return low, high


def _range(given: str, _: ConceptSchema) -> tuple[str, float | None, float | None]:
    column, _separator, bounds = given.partition("=")
    low, dots, high = bounds.partition("..")
    try:
        numbers = [float(bound) if bound else None for bound in (low, high)]
    except ValueError:
        numbers = []
    if not dots or not numbers or numbers == [None, None] or any(n is not None and math.isnan(n) for n in numbers):
        raise InputError(f"{given!r} came; allowed: column=least..most, such as price=10..20, or one end left out.")
    return unquote(column), numbers[0], numbers[1]


def _bounds(bounds: tuple[Bound, Bound], _: object = None) -> str:
    return "..".join("" if bound is None else repr(bound) for bound in bounds)


def _equal(pair: tuple[str, str], _: object) -> str:
    return f"{pair[0]}={pair[1]}"


def _column_cell(pair: tuple[str, str], _: object) -> str:
    return f"{quote(pair[0], safe='')}={pair[1]}"


def _column_range(given: tuple[str, Bound, Bound], _: object) -> str:
    return f"{quote(given[0], safe='')}={_bounds(given[1:])}"


def _labels(schema: ConceptSchema) -> tuple[str, ...]:
    return schema.labels


#: How an address, or a file, holds a slice.
FIELDS = (
    Field("outcome", _outcome, allowed=OUTCOMES, attribute="outcomes", gather=tuple_of),
    Field("true", allowed=_labels, attribute="true_labels", gather=tuple_of),
    Field("said", allowed=_labels, attribute="predicted_labels", gather=tuple_of),
    Field("told", _value, _equal, attribute="true_values", gather=tuple_of),
    Field("read", _value, _equal, attribute="predicted_values", gather=tuple_of),
    Field("misread", allowed=lambda schema: schema.concepts, gather=tuple_of),
    Field("tag", _tag, allowed=tuple(Tag), attribute="tags", gather=tuple_of),
    Field("untagged", _tag, allowed=tuple(Tag), gather=tuple_of),
    Field("says", _text, gather=tuple_of),
    Field("words", _words, _bounds),
    Field("cell", _cell, _column_cell, attribute="cells", gather=tuple_of),
    Field("range", _range, _column_range, attribute="ranges", gather=tuple_of),
    Field("id", _text, attribute="ids", gather=tuple_of),
    Field("mark", _text, attribute="marks", gather=tuple_of),
)
