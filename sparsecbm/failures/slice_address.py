"""A slice as parts of an address: what `to_params` writes, `from_params` reads back."""

import math
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote, unquote

from sparsecbm.errors import InputError, unknown_name
from sparsecbm.failures.outcomes import OUTCOMES, Outcome
from sparsecbm.failures.slices import Bound, Slice, Words
from sparsecbm.failures.tags import Tag
from sparsecbm.schema import ConceptSchema


def to_params(chosen: Slice) -> dict[str, list[str]]:
    """The conditions as lists of text, which JSON and an address can hold; what says nothing is left out."""
    return {name: [part.write(item) for item in ([chosen.words] if part.field == "words" else
                                                 getattr(chosen, part.field))]
            for name, part in PARTS.items() if part.field in chosen.conditions}


def from_params(parts: Mapping[str, Sequence[str]], schema: ConceptSchema) -> tuple[Slice, tuple[str, ...]]:
    """The slice of some parts, and a message for each that cannot be used. Good parts are kept, unknown names passed
    over: the address says other things, too.
    """
    changes, problems = dict[str, Any](), list[str]()
    for name, part in PARTS.items():
        items = []
        for given in dict.fromkeys(parts.get(name, ())):
            try:
                items.append(part.read(given, schema))
            except InputError as error:
                problems.append(f"{error} (The address says {name}={given}.)")
        if items:
            changes[part.field] = items[-1] if part.field == "words" else tuple(items)
    return Slice(**changes), tuple(problems)


@dataclass(frozen=True)
class Part:
    """How one field of a slice is written, an element at a time, and read; reading raises InputError."""

    field: str
    write: Callable[[Any], str]
    read: Callable[[str, ConceptSchema], Any]


def _label(given: str, schema: ConceptSchema) -> str:
    return schema.labels[schema.label_index(given)]


def _concept(given: str, schema: ConceptSchema) -> str:
    return schema.concepts[schema.concept_index(given)]


def _value(given: str, schema: ConceptSchema) -> tuple[str, str]:
    concept = next((name for name in schema.concepts if given.startswith(f"{name}=")), None)  # a name may hold a "="
    if concept is None:
        raise InputError(f"{given!r} came; allowed: concept=value, such as {schema.concepts[0]}={schema.values[0]}, "
                         f"of {', '.join(schema.concepts)}.")
    value = given.removeprefix(f"{concept}=")
    return concept, schema.values[schema.value_index(value)]


def _text(given: str, _: ConceptSchema) -> str:
    if not given.strip():
        raise InputError("Nothing came; allowed: at least one character that is no blank.")
    return given


def _outcome(given: str, _: ConceptSchema) -> Outcome:
    if given not in OUTCOMES:
        raise InputError(unknown_name("outcome", given, OUTCOMES))
    return Outcome(given)


def _tag(given: str, _: ConceptSchema) -> Tag:
    if given not in tuple(Tag):
        raise InputError(unknown_name("tag", given, tuple(Tag)))
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


def _bounds(low: Bound, high: Bound) -> str:
    return "..".join("" if bound is None else repr(bound) for bound in (low, high))


def _equal(pair: tuple[str, str]) -> str:
    return f"{pair[0]}={pair[1]}"


#: Name in the address -> what it stands for.
PARTS: Mapping[str, Part] = {
    "outcome": Part("outcomes", str, _outcome), "true": Part("true_labels", str, _label), "said": Part("predicted_labels", str, _label),
    "told": Part("true_values", _equal, _value), "read": Part("predicted_values", _equal, _value),
    "misread": Part("misread", str, _concept), "tag": Part("tags", str, _tag), "untagged": Part("untagged", str, _tag),
    "says": Part("says", str, _text), "words": Part("words", lambda bounds: _bounds(*bounds), _words),
    "cell": Part("cells", lambda pair: f"{quote(pair[0], safe='')}={pair[1]}", _cell),
    "range": Part("ranges", lambda given: f"{quote(given[0], safe='')}={_bounds(*given[1:])}", _range),
    "id": Part("ids", str, _text), "mark": Part("marks", str, _text),
}
