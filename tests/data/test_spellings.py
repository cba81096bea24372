"""What the cells of a table's labels and values mean."""

from typing import Any

from sparsecbm.data.records import Record, Reject
from sparsecbm.data.spellings import (
    NOT_ANNOTATED,
    cell_name,
    counted_from_elsewhere,
    guessed_meaning,
    meaning,
    spellings,
)
from sparsecbm.schema import CEBAB, IMDB_C, SENTIMENT
from tests.helpers import TOY

TENS = tuple(map(str, range(1, 11)))


def test_a_number_is_the_same_label_however_it_is_written() -> None:
    cells: list[Any] = ["5", "5.0", 5, 5.0, " 5 ", "05", "5.00", "5,0", "+5", "\uff15"]
    assert {meaning(cell_name(cell), CEBAB.labels) for cell in cells} == {"5"}
    for cell in ("5.5", "50", "5,000", "5e0", "five", "5 5", "0", "-5"):
        assert meaning(cell, CEBAB.labels) is None, cell
    assert meaning("1.0", TENS) == "1" and meaning("10.0", TENS) == "10"
    assert meaning("05", ("5", "05")) == "05" and meaning("5.0", ("5", "05")) is None  # which of both is not said
    assert meaning("1.0", SENTIMENT) is None


def test_names_are_the_same_in_any_case() -> None:
    assert meaning(" POSITIVE ", SENTIMENT) == "Positive" and meaning("Good", TOY.labels) == "good"
    assert meaning("a", ("A", "a")) == "a" and meaning("\u00c9", ("e\u0301",)) == "e\u0301"


def test_what_says_that_nobody_annotated_is_no_name() -> None:
    for cell in ("", "NA", "nan", "None", "N/A", "n/a", "null", "No majority", "<NA>", "#N/A", "\u200b", "\\N", "-NaN",
                 "(null)", "no_majority", "No-Majority", "n.a", "1.#QNAN", "-1.#IND", "Not available", "unlabelled",
                 "No annotation", "\uff2e\uff21"):
        for schema in (CEBAB, IMDB_C, TOY):
            assert {meaning(cell, names) for names in (schema.labels, schema.values)} == {NOT_ANNOTATED}, cell
            assert guessed_meaning(cell, schema.values) == NOT_ANNOTATED
    assert meaning("none", ("None", "some")) == "None"  # the schema's own name comes first
    for cell in ("N", "n", "no", "-", "?", ".", "#", "missing", "nana", "not", "1", "\ud83d"):  # these say something
        assert meaning(cell, SENTIMENT) is None, cell


def test_values_and_labels_as_people_spell_them() -> None:
    for cell, meant in (("POSITIVE", "Positive"), ("pos", "Positive"), ("neg", "Negative"), (" unk", "unknown"),
                        ("po", None), ("1", None), ("Good", "Positive"), ("great", "Positive"), ("bad", "Negative"),
                        ("-", "Negative"), ("?", "unknown"), ("not mentioned", "unknown"), ("meh", None)):
        assert guessed_meaning(cell, SENTIMENT) == meant, cell
    for cell, meant in (("5 Stars", "5"), ("1 star", "1"), ("0", None), ("star", None), ("good", None),
                        ("3.0", "3"), ("unknown", NOT_ANNOTATED)):
        assert guessed_meaning(cell, CEBAB.labels, CEBAB.label_display) == meant, cell


def test_good_and_bad_mean_nothing_where_the_names_are_others() -> None:
    assert guessed_meaning("pos", TOY.labels) == "good"
    assert guessed_meaning("neg", ("Positive", "Negative")) == "Negative"
    for names in (("low", "middle", "high"), ("yes", "no"), ("good", "great")):
        assert guessed_meaning("pos", names) is None and guessed_meaning("bad", names) is None


def test_numbers_that_begin_elsewhere_than_the_labels() -> None:
    for cells, names, moved in [
        ("01234", CEBAB.labels, {"0": "1", "1": "2", "2": "3", "3": "4", "4": "5"}),
        (["0.0", "3.0"], CEBAB.labels, {"0.0": "1", "3.0": "4"}),
        ("024x", CEBAB.labels, {"0": "1", "2": "3", "4": "5"}),
        ("123", ("0", "1", "2"), {"1": "0", "2": "1", "3": "2"}),
        (["-1", "0", "1"], ("1", "2", "3"), {"-1": "1", "0": "2", "1": "3"}),
        ("12345", CEBAB.labels, {}), ("1234", CEBAB.labels, {}), ("012345", CEBAB.labels, {}), ("9", CEBAB.labels, {}),
        ("01", SENTIMENT, {}), ("", CEBAB.labels, {}),
    ]:
        assert counted_from_elsewhere(cells, names) == moved, cells


def test_every_spelling_is_counted() -> None:
    rows = [Record(1, {"a": "pos", "b": "Positive"}, 0.0), Reject(2, "", "", "", 0.0),
            Record(3, {"a": "pos", "b": 1.0}, 0.5), Record(4, {"a": None, "b": " "}, 1.0)]
    assert spellings(rows, ["a", "b"]) == {"pos": 2, "Positive": 1, "1": 1}
