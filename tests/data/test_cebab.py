"""The label policy, counted and never silent, on toy files and on the official release where it is at hand.

Set SPARSECBM_DATA to the folder with the release's JSON files to run the recount on them too.
"""

import json
import os
from collections import Counter
from pathlib import Path

import numpy as np
import pytest

from sparsecbm.data import load_split
from sparsecbm.data.cebab import load_cebab
from sparsecbm.errors import DataError
from sparsecbm.schema import CEBAB
from tests.data.releases import raw, toy_rows, without, write

#: Rows of each release file.
RELEASE = {"train_exclusive": 1755, "train_inclusive": 11728, "train_observational": 1755, "dev": 1673, "test": 1689}

DATA = Path(os.environ.get("SPARSECBM_DATA", "nowhere"))
FOUND = [name for name in RELEASE if (DATA / f"{name}.json").is_file()]

NEGATIVE, UNKNOWN, POSITIVE = range(3)


def test_labels_of_every_case(tmp_path: Path) -> None:
    split = load_cebab(write(tmp_path, "dev", toy_rows()), "dev")
    assert split.dataset["id"][:] == ["000001_000000", "000002_000000", "000003_000000", "000004_000000"]
    assert split.labels.tolist() == [3, -1, 3, 0]
    assert split.concepts.tolist() == [
        [POSITIVE, UNKNOWN, UNKNOWN, UNKNOWN],
        [POSITIVE, UNKNOWN, UNKNOWN, UNKNOWN],
        [-1, UNKNOWN, UNKNOWN, UNKNOWN],
        [POSITIVE, UNKNOWN, UNKNOWN, NEGATIVE],
    ]
    assert split.texts[1] == "Loud, but what a view!\nI'd return. \U0001f35c"


def test_shares_are_the_votes(tmp_path: Path) -> None:
    shares = load_cebab(write(tmp_path, "dev", toy_rows()), "dev").shares
    np.testing.assert_allclose(shares[0], [[0.0, 0.2, 0.8], [0.0, 1.0, 0.0], [0.0, 1.0, 0.0], [0.0, 1.0, 0.0]])
    np.testing.assert_allclose(shares[2, 0], [0.4, 0.2, 0.4])
    np.testing.assert_allclose(shares[3, 3], [0.6, 0.4, 0.0])


def test_everything_left_out_is_counted(tmp_path: Path) -> None:
    report = load_cebab(write(tmp_path, "dev", toy_rows()), "dev").report
    assert (report.read, report.kept) == (6, 4)
    assert report.dropped == {"blank text": 1, "id seen before": 1}
    assert report.notes == {
        "ambiance never asked (read as unknown)": 4,
        "food without a majority (no concept loss, no concept score)": 1,
        "noise never asked (read as unknown)": 3,
        "rating without a majority (no label loss, no label score)": 1,
    }
    lines = report.lines()
    assert lines[0] == f"{tmp_path}, split dev: 6 rows read, 4 kept."
    assert "dropped, blank text: 1" in lines
    assert "rating without a majority (no label loss, no label score): 1" in lines


def test_votes_as_files_and_hub_write_them(tmp_path: Path) -> None:
    for majority, votes, value, shares in [
        ("Negative", "", NEGATIVE, [1, 0, 0]),
        ("Negative", None, NEGATIVE, [1, 0, 0]),
        ("Positive", "{'Positive': 3, 'Negative': 1}", POSITIVE, [0.25, 0, 0.75]),
        ("Positive", '{"Positive": 3, "unknown": 1}', POSITIVE, [0, 0.25, 0.75]),
        ("Positive", {"Positive": 1, "Negative": None, "unknown": None}, POSITIVE, [0, 0, 1]),
        ("Positive", {}, POSITIVE, [0, 0, 1]),
        ("no majority", None, -1, [1 / 3, 1 / 3, 1 / 3]),
        (None, None, UNKNOWN, [0, 1, 0]),
        ("", {"Positive": 1}, UNKNOWN, [0, 1, 0]),
    ]:
        row = raw(1, food_aspect_majority=majority, food_aspect_label_distribution=votes)
        split = load_cebab(write(tmp_path, "test", [row]), "test")
        assert split.concepts[0, 0] == value
        np.testing.assert_allclose(split.shares[0, 0], shares)


def test_a_rating_may_be_a_number(tmp_path: Path) -> None:
    for rating in [3, "3"]:
        assert load_cebab(write(tmp_path, "dev", [raw(1, review_majority=rating)]), "dev").labels.tolist() == [2]


def test_a_wrong_label_names_row_column_value_and_choices(tmp_path: Path) -> None:
    for changes, says in [
        ({"review_majority": "6"}, ["review_majority is '6'", "1, 2, 3, 4, 5"]),
        ({"food_aspect_majority": "positive"}, ["food_aspect_majority is 'positive'", "Negative, unknown, Positive"]),
        ({"noise_aspect_label_distribution": {"Loud": 2}}, ["noise_aspect_label_distribution is {'Loud': 2}"]),
        ({"noise_aspect_label_distribution": {"Positive": -1}}, ["is {'Positive': -1}; allowed: counts of"]),
        ({"noise_aspect_label_distribution": {"Positive": "2"}}, ["noise_aspect_label_distribution", "counts of"]),
        ({"noise_aspect_label_distribution": {"Positive": float("nan")}}, ["noise_aspect_label_distribution is"]),
        ({"noise_aspect_label_distribution": "mostly good"}, ["noise_aspect_label_distribution is 'mostly good'"]),
        ({"noise_aspect_label_distribution": [1, 2]}, ["noise_aspect_label_distribution is [1, 2]"]),
        ({"description": 5}, ["description is 5", "must be text"]),
        ({"description": "half a smile \ud83d"}, ["description is", "must be text"]),
    ]:
        with pytest.raises(DataError) as caught:
            load_cebab(write(tmp_path, "dev", [raw(1), raw(2, **changes)]), "dev")
        message = str(caught.value)
        for part in [str(tmp_path / "dev.json"), "row '000002_000000'", "Correct or remove the row.", *says]:
            assert part in message
        assert "\n" not in message


def test_a_missing_column_is_named(tmp_path: Path) -> None:
    for column in ["id", "description", "review_majority", "noise_aspect_majority",
        "service_aspect_label_distribution"]:
        with pytest.raises(DataError, match=f"row 2: column '{column}' is missing"):
            load_cebab(write(tmp_path, "dev", [raw(1), without(raw(2), column)]), "dev")


def test_a_split_without_any_review_is_an_error(tmp_path: Path) -> None:
    for rows in [[], [raw(1, description="")], [raw(1, description=None)]]:
        with pytest.raises(DataError, match="no row is left"):
            load_cebab(write(tmp_path, "dev", rows), "dev")


def test_data_sets_are_found_by_name(tmp_path: Path) -> None:
    assert load_split("cebab", write(tmp_path, "dev", [raw(1)]), "dev").schema is CEBAB
    with pytest.raises(DataError, match="Unknown data set 'sst'; allowed: cebab, .*mams"):
        load_split("sst", tmp_path, "dev")


def test_counts_agree_with_a_plain_recount_of_the_file(tmp_path: Path) -> None:
    for name in ["toy", *FOUND]:
        folder = write(tmp_path, "dev", toy_rows()[:4]) if name == "toy" else DATA
        name = "dev" if name == "toy" else name
        rows = json.loads((folder / f"{name}.json").read_text(encoding="utf-8"))
        split = load_cebab(folder, name)

        assert len(split) == len(rows) == split.report.kept
        if folder == DATA:
            assert len(split) == RELEASE[name]
        ratings = Counter(row["review_majority"] for row in rows)
        assert np.bincount(split.labels + 1, minlength=6).tolist() == [
            ratings[rating] for rating in ("no majority", "1", "2", "3", "4", "5")
        ]
        for k, concept in enumerate(CEBAB.concepts):
            votes = Counter(row[f"{concept}_aspect_majority"] for row in rows)
            assert np.bincount(split.concepts[:, k] + 1, minlength=4).tolist() == [
                votes["no majority"], votes["Negative"], votes["unknown"] + votes[""], votes["Positive"]
            ]
        np.testing.assert_allclose(split.shares.sum(-1), 1.0)
        decided = np.where(split.concepts >= 0, split.concepts, split.shares.argmax(-1))
        assert (np.take_along_axis(split.shares, decided[..., None], -1)[..., 0] == split.shares.max(-1)).all()
