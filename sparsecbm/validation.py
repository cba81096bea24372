"""Values from outside, checked by pydantic before they are believed."""

from collections.abc import Callable
from typing import Any, TypeVar

from pydantic import ValidationError

from sparsecbm.errors import InputError

Form = TypeVar("Form")


def validated(validate: Callable[[Any], Form], values: Any, source: str) -> Form:
    """What a `TypeAdapter`'s method makes of the values; InputError names `source`, the first fault and what came."""
    try:
        return validate(values)
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(str(part) for part in first["loc"])[:80] or "the whole"
        raise InputError(f"{source}: {where} is wrong: {first['msg']} (got {repr(first['input'])[:80]}).") from None
