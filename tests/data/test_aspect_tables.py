"""Yelp, and CEBaB with noisy concepts: four concepts and a rating under CEBaB's label policy."""

import csv
from pathlib import Path

import pytest

from sparsecbm.data import load_split
from sparsecbm.errors import DataError
from sparsecbm.schema import CEBAB

HEADER = ("description", "review_majority", "noise_aspect_majority", "food_aspect_majority",
          "ambiance_aspect_majority", "service_aspect_majority", "parking")
ROWS = (("Fine, but loud.\nWent twice.", "4", "Negative", "Positive", "unknown", "", "Positive"),
        ("Odd.", "no majority", "unknown", "no majority", "Negative", "unknown", ""))
FILES = {
    ("yelp", "train"): "train_yelp_exclusive_new_concept_single.csv",
    ("yelp", "dev"): "dev_yelp_new_concept_single.csv",
    ("cebab-noisy", "train"): "train_cebab_new_concept_single.csv",
    ("cebab-noisy", "dev"): "dev_cebab_new_concept_single.csv",
}


def write(folder: Path, name: str, *rows: tuple[str, ...], header: tuple[str, ...] = HEADER) -> Path:
    with (folder / name).open("w", encoding="utf-8", newline="") as file:
        csv.writer(file).writerows([header, *rows])
    return folder


@pytest.mark.parametrize("named", FILES, ids="/".join)
def test_the_four_concepts_and_the_rating_are_read(named: tuple[str, str], tmp_path: Path) -> None:
    again, blank = ("Odd.", *ROWS[0][1:]), (" ", *ROWS[0][1:])
    split = load_split(named[0], write(tmp_path, FILES[named], *ROWS, again, blank), named[1])
    assert split.schema == CEBAB and split.name == named[1] and split.texts == [row[0] for row in ROWS]
    assert split.labels.tolist() == [3, -1]
    assert split.concepts.tolist() == [[2, 1, 1, 0], [-1, 0, 1, 1]]  # food, ambiance, service, noise
    assert split.shares[0, 0].tolist() == [0, 0, 1] and split.shares[1, 0] == pytest.approx(1 / 3)
    assert split.report.dropped == {"text seen before": 1, "blank text": 1}
    assert sorted(split.report.notes.values()) == [1, 1, 1]


def test_wrong_rows_and_files_are_told(tmp_path: Path) -> None:
    name = FILES["yelp", "dev"]
    with pytest.raises(DataError, match="line 2: review_majority is '6'; allowed: 1, 2, 3, 4, 5"):
        load_split("yelp", write(tmp_path, name, ("Odd.", "6", *ROWS[0][2:])), "dev")
    with pytest.raises(DataError, match="column 'service_aspect_majority' is missing"):
        load_split("yelp", write(tmp_path, name, ROWS[0][:5], header=HEADER[:5]), "dev")
    with pytest.raises(DataError, match="has no train_yelp.*; splits present: dev"):
        load_split("yelp", tmp_path, "train")
    with pytest.raises(DataError, match="Unknown split 'train_exclusive'; allowed: train, dev, test"):
        load_split("yelp", tmp_path, "train_exclusive")
