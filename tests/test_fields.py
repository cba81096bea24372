"""Fields of a value as text: there and back, what cannot be read, and what no longer fits."""

from dataclasses import dataclass

import pytest

from sparsecbm.errors import InputError
from sparsecbm.fields import Field, fitting, read_fields, switch, tuple_of, whole_number, write_fields


@dataclass(frozen=True)
class Inner:
    tags: tuple[str, ...] = ()


@dataclass(frozen=True)
class Value:
    page: int = 1
    shown: bool = True
    colour: str | None = None
    pair: tuple[str, ...] | None = None
    inner: Inner = Inner()


def two(items: list[str], _: object) -> tuple[str, ...]:
    if len(items) != 2:
        raise InputError(f"{len(items)} came; allowed: two.")
    return tuple(items)


#: The context is the colours that there are.
FIELDS = (
    Field("page", whole_number(99)), switch("show", "shown"), Field("colour", allowed=lambda colours: colours),
    Field("pair", gather=two), Field("tag", attribute="inner.tags", gather=tuple_of),
)
WHOLE = Value(7, False, "red", ("a", "b"), Inner(("x", "y = z")))


@pytest.mark.parametrize("value", [Value(), WHOLE])
def test_there_and_back(value: Value) -> None:
    parts = write_fields(FIELDS, value, Value(), ["red"])
    assert bool(parts) == (value != Value())
    assert read_fields(FIELDS, parts, Value(), ["red"]) == (value, ())


@pytest.mark.parametrize(("parts", "kept"), [
    ({"page": ["0"]}, Value()), ({"page": ["100"]}, Value()), ({"page": ["٣"]}, Value()),
    ({"page": ["2", "3"]}, Value(3)), ({"show": ["maybe"]}, Value()), ({"colour": ["green"]}, Value()),
    ({"pair": ["a"]}, Value()), ({"pair": ["a", "a"]}, Value()),
])
def test_what_cannot_be_read_is_named_once_and_the_rest_is_kept(parts: dict[str, list[str]], kept: Value) -> None:
    found, problems = read_fields(FIELDS, parts | {"tag": ["x"], "other": ["1"]}, Value(), ["red"])
    assert found.inner == Inner(("x",)) and (found.page, found.shown, found.colour, found.pair) == (
        kept.page, kept.shown, kept.colour, kept.pair)
    assert len(problems) == 1 and next(iter(parts)) in problems[0]


def test_what_another_context_has_not_goes_back_to_its_default() -> None:
    assert fitting(FIELDS, WHOLE, Value(), ["red"]) == WHOLE
    assert fitting(FIELDS, WHOLE, Value(), ["blue"]) == Value(7, False, None, ("a", "b"), Inner(("x", "y = z")))
