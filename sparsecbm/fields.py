"""Fields of a value as text: one table says how each is written into an address or a file, and how it is read back.

    FIELDS = (Field("section", allowed=SECTIONS), Field("page", whole_number(1_000_000)), Field("tag", gather=tuple_of))

What equals the default of the value is not written. A part that cannot be read is reported and left at its default.
"""

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from operator import attrgetter
from typing import Any, TypeVar

from sparsecbm.errors import InputError, unknown_name

Value = TypeVar("Value")
#: Name in the address -> what was given, in order.
Parts = Mapping[str, Sequence[str]]


def _as_given(given: str, _: Any) -> Any:
    return given


def _as_text(item: Any, _: Any) -> str:
    return str(item)


@dataclass(frozen=True)
class Field:
    """One field of a value; every function gets the context of the page, such as a schema, as its last argument.

    `name` is what the address calls it, `attribute` what the value does: the same unless it says otherwise, and with a
    dot where it is a field of a field. Only what is `allowed` is read, if that is given. `read` raises InputError, and
    `write` is its inverse. A field that may come several times has `gather`, which makes its value of the items read.
    """

    name: str
    read: Callable[[str, Any], Any] = _as_given
    write: Callable[[Any, Any], str] = _as_text
    allowed: Collection[str] | Callable[[Any], Collection[str]] | None = None
    attribute: str = ""
    gather: Callable[[Sequence[Any], Any], Any] | None = None

    def of(self, value: Any) -> Any:
        """What a value holds in this field."""
        return attrgetter(self.attribute or self.name)(value)

    def put(self, value: Value, new: Any) -> Value:
        """The value with something else in this field."""
        return _with(value, self.attribute or self.name, new)

    def texts(self, value: Any, context: Any) -> list[str]:
        """What the value holds in this field, as it is written."""
        found = self.of(value)
        items = [found] if self.gather is None else found.items() if isinstance(found, Mapping) else found
        return [self.write(item, context) for item in items]

    def parsed(self, texts: Sequence[str], context: Any) -> tuple[Any, list[str]]:
        """What some texts say, None where they say nothing that can be used, and a message for each that cannot."""
        items, problems = [], list[str]()
        for given in dict.fromkeys(texts) if self.gather else texts[-1:]:
            try:
                items.append(self._item(given, context))
            except InputError as error:
                problems.append(f"{error} (The address says {self.name}={given}.)")
        if self.gather is None:
            if len(texts) > 1:
                problems.append(f"The address gives {self.name!r} {len(texts)} times; the last one counts.")
            return items[0] if items else None, problems
        if not items:
            return None, problems
        try:
            found = self.gather(items, context)
        except InputError as error:
            given = " and ".join(f"{self.name}={one}" for one in texts)
            return None, [*problems, f"{error} (The address says {given}.)"]
        if len(found) < len(items):
            problems.append(f"The address gives {self.name!r} twice for the same; the last one counts.")
        return found, problems

    def _item(self, given: str, context: Any) -> Any:
        if self.allowed is not None:
            allowed = self.allowed(context) if callable(self.allowed) else self.allowed
            if given not in allowed:
                raise InputError(unknown_name(self.name, given, tuple(allowed)))
        return self.read(given, context)


def read_fields(
    fields: Sequence[Field], parts: Parts, start: Value, context: Any = None
) -> tuple[Value, tuple[str, ...]]:
    """What some parts make of a value that all is at its default in, and a message for every one that cannot be used.

    Parts that no field is named after are passed over.
    """
    problems = list[str]()
    for field in fields:
        if parts.get(field.name):
            found, unusable = field.parsed(parts[field.name], context)
            problems += unusable
            if found is not None:
                start = field.put(start, found)
    return start, tuple(problems)


def write_fields(fields: Sequence[Field], value: Value, start: Value, context: Any = None) -> dict[str, list[str]]:
    """The parts that `read_fields` makes the value of; what equals `start` is left out."""
    return {field.name: field.texts(value, context) for field in fields if field.of(value) != field.of(start)}


def fitting(fields: Sequence[Field], value: Value, start: Value, context: Any = None) -> Value:
    """The value without what could not be read in this context: it may come from another one."""
    for field in fields:
        if field.of(value) != field.of(start):
            try:
                found, problems = field.parsed(field.texts(value, context), context)
            except LookupError:  # what another schema has
                found, problems = None, [""]
            if problems:
                value = field.put(value, field.of(start) if found is None else found)
    return value


def switch(name: str, attribute: str = "") -> Field:
    """A field that is on or off."""
    return Field(name, lambda given, _: given == "on", lambda on, _: "on" if on else "off", ("on", "off"), attribute)


def whole_number(most: int) -> Callable[[str, Any], int]:
    """Reads a number from 1 to `most`."""

    def read(given: str, _: Any) -> int:
        number = int(given) if given.isascii() and given.isdigit() and len(given) <= len(str(most)) else 0
        if not 1 <= number <= most:
            raise InputError(f"{given[:80]!r} came; allowed: a whole number from 1 to {most:,}.")
        return number

    return read


def tuple_of(items: Sequence[Any], _: Any) -> tuple[Any, ...]:
    """Gathers items that may come in any number."""
    return tuple(items)


def _with(value: Value, path: str, new: Any) -> Value:
    head, _, rest = path.partition(".")
    changed: Value = replace(value, **{head: _with(getattr(value, head), rest, new) if rest else new})  # type: ignore[type-var]
    return changed
