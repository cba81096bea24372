"""What a table's own spellings may mean."""

import pytest

from sparsecbm.data.records import Record, Reject
from sparsecbm.data.tables import guessed_name, other_spellings
from sparsecbm.schema import CEBAB, SENTIMENT


@pytest.mark.parametrize(("cell", "meant"), [
    ("POSITIVE", "Positive"), ("pos", "Positive"), ("neg", "Negative"), (" unk", "unknown"), ("po", None),
    ("great", None), ("1", None),
])
def test_values(cell: str, meant: str | None) -> None:
    assert guessed_name(cell, SENTIMENT) == meant


@pytest.mark.parametrize(("cell", "meant"), [("5 Stars", "5"), ("1 star", "1"), ("0", None), ("star", None)])
def test_labels_as_people_read_them(cell: str, meant: str | None) -> None:
    assert guessed_name(cell, CEBAB.labels, CEBAB.label_display) == meant


def test_only_other_spellings_count() -> None:
    rows = [Record(1, {"a": "pos", "b": "Positive"}, 0.0), Reject(2, "", "", "", 0.0),
            Record(3, {"a": "pos", "b": 1.0}, 0.5), Record(4, {"a": None, "b": " "}, 1.0)]
    assert other_spellings(rows, ["a", "b"], SENTIMENT) == {"pos": 2, "1": 1}
