"""Values and texts from outside, checked before they are used."""

from collections.abc import Callable
from typing import Any, TypeVar

import regex
from pydantic import ValidationError

from sparsecbm.errors import InputError

Form = TypeVar("Form")

# Blanks, control characters, and whatever Unicode says has no picture of its own.
_INVISIBLE = regex.compile(r"[\p{White_Space}\p{Default_Ignorable_Code_Point}\p{Cc}\p{Cf}\p{Cs}\u2800]*")


def is_blank(text: str) -> bool:
    """True when nothing of a text can be seen: it is empty, or holds only blanks and invisible characters.

    >>> is_blank("\u200b\u00ad "), is_blank("ok")
    (True, False)
    """
    return _INVISIBLE.fullmatch(text) is not None


def from_first_seen(text: str) -> str:
    """The text from its first character that can be seen.

    >>> from_first_seen("\u00a0 \u00ad=1")
    '=1'
    """
    found = _INVISIBLE.match(text)
    return text if found is None else text[found.end():]


def validated(validate: Callable[[Any], Form], values: Any, source: str) -> Form:
    """What a `TypeAdapter`'s method makes of the values; InputError names `source`, the first fault and what came."""
    try:
        return validate(values)
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(str(part) for part in first["loc"])[:80] or "the whole"
        raise InputError(f"{source}: {where} is wrong: {first['msg']} (got {repr(first['input'])[:80]}).") from None
