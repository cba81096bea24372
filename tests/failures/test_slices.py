"""Which rows a slice has, field by field on nine rows, and what of it a source cannot have."""

from typing import Any

import numpy as np
import pytest

from sparsecbm.errors import InputError
from sparsecbm.failures.outcomes import Outcome
from sparsecbm.failures.slices import Slice
from sparsecbm.failures.tags import Tag
from tests.failures.toys import the_nine

TEXTS = ("We waited.", "He’s waiting", "wait", "one two three", "a b", "one", "one two", "x", "y")
COLUMNS: dict[str, Any] = {"kind": ["irony", "plain", None, "irony", "=SUM", "plain", "", "a=b", "x"],
                           "price": [10.0, 20.0, None, 30.0, 5.0, 20.5, -1.0, 19.0, 20.0]}


def rows(**fields: Any) -> list[int]:
    """The rows of a slice of the nine."""
    analysis = the_nine(texts=TEXTS, columns=COLUMNS)
    return np.flatnonzero(Slice(**fields).rows(analysis, {"follow up": {"r1", "r4"}, "mine": {"r4", "gone"}})).tolist()


def test_the_rows_of_every_kind_of_condition() -> None:
    for fields, expected in [
        ({}, [0, 1, 2, 3, 4, 5, 6, 7, 8]),
        ({"outcomes": (Outcome.BOTH_WRONG, Outcome.LABEL_WRONG)}, [2, 4, 5]),
        ({"true_labels": ("bad",)}, [2, 3, 4]),
        ({"predicted_labels": ("bad", "fair")}, [2, 3, 6, 7, 8]),
        ({"true_labels": ("bad",), "predicted_labels": ("good",)}, [4]),
        ({"true_values": (("soup", "Negative"),)}, [2, 3, 4, 8]),
        ({"true_values": (("soup", "Negative"), ("soup", "unknown"), ("room", "unknown"))}, [2, 3]),
        ({"predicted_values": (("room", "Positive"), ("room", "Negative"))}, [1, 4, 8]),
        ({"misread": ("soup",)}, [3, 4, 5, 8]),
        ({"misread": ("soup", "room")}, [4]),
        ({"tags": (Tag.FIXABLE,)}, [4]),
        ({"untagged": (Tag.FIXABLE,)}, [0, 1, 2, 3, 5, 6, 7, 8]),
        ({"says": ("WAITED",)}, [0]),
        ({"says": ("he's waiting",)}, [1]),
        ({"says": ("one", "two")}, [3, 6]),
        ({"words": (2, 2)}, [0, 1, 4, 6]),
        ({"words": (3, None)}, [3]),
        ({"cells": (("kind", "irony"), ("kind", "a=b"))}, [0, 3, 7]),
        ({"cells": (("kind", ""),)}, [2, 6]),
        ({"ranges": (("price", 19.0, 20.0),)}, [1, 7, 8]),
        ({"ranges": (("price", None, 5.0),)}, [4, 6]),
        ({"ids": ("r8 ", "r0", "gone")}, [0, 8]),
        ({"marks": ("follow up",)}, [1, 4]),
        ({"marks": ("follow up", "mine")}, [4]),
    ]:
        assert rows(**fields) == expected


def test_what_the_source_has_not_is_refused() -> None:
    for fields, allowed in [
        ({"true_labels": ("6",)}, "bad, fair, good"), ({"predicted_values": (("decor", "Negative"),)}, "soup, room"),
        ({"true_values": (("soup", "meh"),)}, "Negative, unknown, Positive"), ({"misread": ("decor",)}, "soup, room"),
        ({"cells": (("price", "20"),)}, "kind"), ({"ranges": (("kind", 1.0, 2.0),)}, "price"),
        ({"tags": (Tag.RARE,)}, "fewer than 100"), ({"marks": ("gone",)}, "follow up, mine"),
        ({"says": (" ",)}, "blank"),
    ]:
        with pytest.raises(InputError, match=allowed):
            rows(**fields)


def test_what_does_not_fit_is_left_out_alone_and_told() -> None:
    analysis = the_nine(texts=TEXTS, columns=COLUMNS)
    asked = Slice(true_labels=("bad", "6"), tags=(Tag.RARE, Tag.FIXABLE), words=(1, None), marks=("gone",),
                  cells=(("city", "Rome"),))
    fitting, problems = asked.fitting(analysis)
    assert fitting == Slice(true_labels=("bad",), tags=(Tag.FIXABLE,), words=(1, None))
    assert len(problems) == 4 and all("llowed" in problem for problem in problems)
    assert fitting.fitting(analysis) == (fitting, ())


def test_taking_a_field_away_leaves_the_others() -> None:
    one = Slice(true_labels=("bad",), words=(1, None))
    assert one.conditions == ("true_labels", "words")
    assert one.without("words") == Slice(true_labels=("bad",))
    assert one.without("words", "true_labels", "predicted_labels") == Slice()
