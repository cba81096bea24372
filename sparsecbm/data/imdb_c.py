"""IMDB-C (arXiv 2312.15033): film reviews with a sentiment and four concepts that people labelled.

The release has two kinds of files: in `manual` ones people gave the concepts of 150 training and 25 dev reviews, in
`generated` ones a language model gave those of 2,000 and 500. Scores on 25 reviews are coarse: one review is 4 points.
The release's further concepts are a language model's in both and are left out.

Label policy. A line break that is written as HTML (`<br />`) becomes a line break, and `Unkown` counts as `unknown`.
"""

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from sparsecbm.data.csv_release import read_csv_split
from sparsecbm.data.split import Review, Split, certain
from sparsecbm.errors import DataError
from sparsecbm.schema import IMDB_C

#: Our name of every split, and its file's name in the release.
SPLITS = {
    "train": ("IMDB-train-manual",),
    "dev": ("IMDB-dev-manual",),
    "test": ("IMDB-test-manual",),
    "train_generated": ("IMDB-train-generated",),
    "dev_generated": ("IMDB-dev-generated",),
    "test_generated": ("IMDB-test-generated",),
}

_TEXT, _LABEL = "review", "sentiment"
_COLUMNS = (_TEXT, _LABEL, *IMDB_C.concepts)
_LINE_BREAKS = re.compile(r"\s*(?:<br\s*/?>\s*)+")
_MISSPELT = {"Unkown": "unknown"}


def load_imdb_c(source: str | Path, split: str) -> Split:
    """Read one split from the release's files, a folder or a zip of it; DataError when they are not as released."""
    return read_csv_split(source, split, SPLITS, _COLUMNS, IMDB_C, _review)


def _review(cells: Mapping[str, Any], where: str, name: str) -> tuple[Review, list[str]]:
    """One row under the label policy, and the policy cases it is an instance of."""
    cases, values = list[str](), list[int]()
    for concept in IMDB_C.concepts:
        cell = str(cells[concept]).strip()
        if cell in _MISSPELT:
            cases.append(f"{concept} misspelt (read as {_MISSPELT[cell]})")
        values.append(_index(_MISSPELT.get(cell, cell), IMDB_C.values, f"{where}: {concept}"))
    label = _index(str(cells[_LABEL]).strip(), IMDB_C.labels, f"{where}: {_LABEL}")
    text, breaks = _LINE_BREAKS.subn("\n", str(cells[_TEXT]))
    if breaks:
        cases.append("line breaks written as HTML (read as line breaks)")
    shares = tuple(certain(value, len(IMDB_C.values)) for value in values)
    return Review(name, text.strip(), label, tuple(values), shares), cases


def _index(name: str, names: tuple[str, ...], where: str) -> int:
    if name not in names:
        raise DataError(f"{where} is {name[:60]!r}; allowed: {', '.join(names)}. Correct or remove the row.")
    return names.index(name)
