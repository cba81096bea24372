"""What a table's own spellings may mean."""

from sparsecbm.data.own_table import NOT_LABELLED, guessed_name, other_spellings
from sparsecbm.data.records import Record, Reject
from sparsecbm.schema import CEBAB, SENTIMENT


def test_values_and_labels_as_people_spell_them() -> None:
    for cell, meant in (("POSITIVE", "Positive"), ("pos", "Positive"), ("neg", "Negative"), (" unk", "unknown"),
                        ("po", None), ("1", None), ("Good", "Positive"), ("great", "Positive"), ("bad", "Negative"),
                        ("-", "Negative"), ("n/a", "unknown"), ("None", "unknown"), ("meh", None)):
        assert guessed_name(cell, SENTIMENT) == meant, cell
    for cell, meant in (("5 Stars", "5"), ("1 star", "1"), ("0", None), ("star", None), ("good", None),
                        ("N/A", NOT_LABELLED)):
        assert guessed_name(cell, CEBAB.labels, CEBAB.label_display) == meant, cell


def test_only_other_spellings_count() -> None:
    rows = [Record(1, {"a": "pos", "b": "Positive"}, 0.0), Reject(2, "", "", "", 0.0),
            Record(3, {"a": "pos", "b": 1.0}, 0.5), Record(4, {"a": None, "b": " "}, 1.0)]
    assert other_spellings(rows, ["a", "b"], SENTIMENT) == {"pos": 2, "1": 1}
