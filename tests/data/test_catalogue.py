"""The catalogue by data set: several of one schema, each in the server's folder or one of its own in it."""

from pathlib import Path

import pytest

from sparsecbm.data.catalogue import DATA_VARIABLE, catalogue, load_split
from sparsecbm.data.named_split import NamedSplit, is_named_split, named_split
from sparsecbm.errors import DataError, InputError
from sparsecbm.schema import CEBAB, IMDB_C
from tests.data import releases, test_aspect_tables, test_mams


def test_every_data_set_of_a_schema_is_offered_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(DATA_VARIABLE, str(tmp_path))
    releases.write(tmp_path, "dev", [releases.raw(1)])
    releases.write(tmp_path, "train_exclusive", [releases.raw(2)])
    test_aspect_tables.write(tmp_path, "dev_yelp_new_concept_single.csv", *test_aspect_tables.ROWS)
    (tmp_path / "mams").mkdir()
    test_mams.write(tmp_path / "mams", test_mams.sentence("Soup.", "food+ staff-"), name="train.xml")
    found = catalogue(CEBAB)
    assert list(found) == ["samples", "folder-dev", "folder-yelp-dev", "folder-train_exclusive", "folder-mams-train"]
    texts = [found[name].read().texts for name in list(found)[1:]]
    assert texts == [(releases.raw(1)["description"],), tuple(row[0] for row in test_aspect_tables.ROWS),
                     (releases.raw(2)["description"],), ("Soup.",)]
    unrated = found["folder-mams-train"].read()
    assert unrated.name == "MAMS train" and not unrated.has_labels and unrated.has_values
    assert list(catalogue(IMDB_C)) == ["folder-dev"]  # nothing of it is there, which reading it says
    with pytest.raises(DataError, match="IMDB-dev-manual.csv"):
        catalogue(IMDB_C)["folder-dev"].read()


def test_reviews_made_of_clauses_are_a_split_too() -> None:
    made = load_split("clauses", "3", "7")
    assert (len(made), made.name, made.report.split) == (7, "7", "7") and (made.labels == -1).all()
    assert load_split("clauses", "4", "7").texts != made.texts == load_split("clauses", "3", "7").texts
    with pytest.raises(DataError, match="a seed and a number of reviews"):
        load_split("clauses", "data", "train")


@pytest.mark.parametrize(("text", "expected"), [
    ("yelp:data/yelp:train", NamedSplit("yelp", "data/yelp", "train")),
    ("yelp:data/yelp.zip:train=0.5", NamedSplit("yelp", "data/yelp.zip", "train", 0.5)),
    ("cebab:hub:CEBaB/CEBaB:train_inclusive=2", NamedSplit("cebab", "hub:CEBaB/CEBaB", "train_inclusive", 2.0)),
    (r"mams:C:\data\mams:dev", NamedSplit("mams", r"C:\data\mams", "dev")),
    ("clauses:0:4000=0.3", NamedSplit("clauses", "0", "4000", 0.3)),
])
def test_a_split_is_named_in_one_word(text: str, expected: NamedSplit) -> None:
    assert is_named_split(text) and named_split(text) == expected


@pytest.mark.parametrize("text", ["hub:CEBaB/CEBaB", r"C:\data", "yelp", "data/yelp", "nothing:x:train"])
def test_places_alone_name_no_split(text: str) -> None:
    assert not is_named_split(text)


@pytest.mark.parametrize("text", ["yelp:train", "yelp::train", "yelp:data:", "yelp:data:train=", "yelp:data:train=x"])
def test_what_is_wrong_with_a_named_split_is_told(text: str) -> None:
    with pytest.raises(InputError, match="allowed: "):
        named_split(text)
