"""IMDB-C from its release files: the four human concepts, nothing dropped in silence.

Set SPARSECBM_IMDB to the folder with the release's CSV files to run the recount on them too.
"""

import csv
import os
import zipfile
from pathlib import Path

import pytest

from sparsecbm.data import load_split
from sparsecbm.data.imdb_c import SPLITS
from sparsecbm.errors import DataError
from sparsecbm.schema import IMDB_C

HEADER = ("review", "sentiment", "acting", "storyline", "emotional arousal", "cinematography", "soundtrack")

#: Rows of each release file.
RELEASE = {"train": 150, "dev": 25, "train_generated": 2000, "dev_generated": 500}

DATA = Path(os.environ.get("SPARSECBM_IMDB", "nowhere"))
FOUND = [split for split, (name,) in SPLITS.items() if (DATA / f"{name}.csv").is_file()]


def write(folder: Path, *rows: tuple[str, ...], name: str = "IMDB-dev-manual.csv", header: tuple[str, ...] = HEADER,
          encoding: str = "utf-8") -> Path:
    """A release file in a folder, made if needed; returns the folder."""
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / name).open("w", encoding=encoding, newline="") as file:
        csv.writer(file).writerows([header, *rows])
    return folder


GOOD = ("Café scenes,<br /><br />so well played.", "Positive", "Positive", "unknown", "Positive", "Negative", "unknown")
BAD = ("Dull.", "Negative", "Unkown", "Negative", "unknown", "unknown", "Positive")


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig"])
def test_the_four_human_concepts_and_the_sentiment_are_read(tmp_path: Path, encoding: str) -> None:
    blank, again = ("<br />\u200b", *BAD[1:]), (GOOD[0], *BAD[1:])
    split = load_split("imdb-c", write(tmp_path, GOOD, BAD, blank, again, encoding=encoding), "dev")
    assert split.schema == IMDB_C and split.dataset["id"][:] == ["dev-0001", "dev-0002"]
    assert split.texts == ["Café scenes,\nso well played.", "Dull."]
    assert split.labels.tolist() == [1, 0] and split.concepts.tolist() == [[2, 1, 2, 0], [1, 0, 1, 1]]
    assert (split.shares.argmax(-1) == split.concepts).all() and (split.shares.sum(-1) == 1).all()
    assert (split.report.read, split.report.kept) == (4, 2)
    assert split.report.dropped == {"blank text": 1, "text seen before": 1}
    assert split.report.notes == {"acting misspelt (read as unknown)": 1,
                                  "line breaks written as HTML (read as line breaks)": 1}


def test_every_split_reads_its_own_file_from_a_folder_or_a_zip(tmp_path: Path) -> None:
    for name in ("train-manual", "dev-manual", "train-generated", "dev-generated"):
        write(tmp_path / "imdb", (name, *BAD[1:]), name=f"IMDB-{name}.csv")
    with zipfile.ZipFile(tmp_path / "imdb.zip", "w") as archive:
        for file in (tmp_path / "imdb").iterdir():
            archive.write(file, f"inside/{file.name}")
    for source in (tmp_path / "imdb", tmp_path / "imdb.zip"):
        found = {split: load_split("imdb-c", source, split).texts for split in RELEASE}
        assert found == {"train": ["train-manual"], "dev": ["dev-manual"], "train_generated": ["train-generated"],
                         "dev_generated": ["dev-generated"]}


@pytest.mark.parametrize(("row", "says"), [
    (("Dull.", "negative", *BAD[2:]), "line 2: sentiment is 'negative'; allowed: Negative, Positive"),
    (("Dull.", "Negative", "", *BAD[3:]), "line 2: acting is ''; allowed: Negative, unknown, Positive"),
    (BAD[:-1], "line 2: 6 cells came where the first line names 7"),
])
def test_a_wrong_row_is_told_by_line(tmp_path: Path, row: tuple[str, ...], says: str) -> None:
    with pytest.raises(DataError, match=says):
        load_split("imdb-c", write(tmp_path, row), "dev")


def test_what_is_not_the_release(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="Unknown split 'train_exclusive'; allowed: train, dev, test, train_generated"):
        load_split("imdb-c", tmp_path, "train_exclusive")
    with pytest.raises(DataError, match="no folder or zip file at .*IMDB-dev-manual.csv"):
        load_split("imdb-c", tmp_path / "nowhere", "dev")
    folder = write(tmp_path, GOOD)
    with pytest.raises(DataError, match="has no IMDB-train-manual.csv; splits present: dev"):
        load_split("imdb-c", folder, "train")
    with pytest.raises(DataError, match="dev-manual.csv: column 'cinematography' is missing"):
        load_split("imdb-c", write(tmp_path, GOOD[:5], header=HEADER[:5]), "dev")
    with pytest.raises(DataError, match="dev-manual.csv: not UTF-8 text"):
        load_split("imdb-c", write(tmp_path, GOOD, encoding="latin-1"), "dev")


@pytest.mark.parametrize("split", FOUND)
def test_the_release_is_read_whole(split: str) -> None:
    found = load_split("imdb-c", DATA, split)
    assert (found.report.read, found.report.kept) == (RELEASE[split], RELEASE[split])
    assert (found.concepts >= 0).all() and (found.labels >= 0).all()
