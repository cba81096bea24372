"""Corrections written by hand, of the toy schema."""

from datetime import UTC, datetime, timedelta
from typing import Any

from sparsecbm.corrections.label_correction import Correction, schema_hash
from sparsecbm.studies.log import stamp
from tests.helpers import TOY

START = datetime(2026, 1, 31, 12, tzinfo=UTC)
TEXT = "The soup was tasty, the room felt shabby."


def a_correction(number: int = 0, new: str = "Positive", **changes: Any) -> Correction:
    """Ada says that the soup is Positive, so many seconds after START; the number is also the id."""
    values: dict[str, Any] = {
        "id": f"{number:032d}", "text": TEXT, "field": "soup", "old": "Negative", "new": new, "who": "Ada",
        "at": stamp(START + timedelta(seconds=number)), "checkpoint": "abc", "schema": schema_hash(TOY)}
    return Correction(**values | changes)
