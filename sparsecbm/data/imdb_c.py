"""IMDB-C (arXiv 2312.15033): film reviews with a sentiment and four concepts that people labelled.

The release has two kinds of files: in `manual` ones people gave the concepts of 150 training and 25 dev reviews, in
`generated` ones a language model gave those of 2,000 and 500. Scores on 25 reviews are coarse: one review is 4 points.
The release's further concepts are a language model's in both and are left out.

Label policy. A line break that is written as HTML (`<br />`) becomes a line break, and `Unkown` counts as `unknown`.
Rows have no ids: they get their split and number, such as `dev-0007`. Rows with blank text or a text seen before are
dropped. The report counts each case.
"""

import io
import re
from collections import Counter
from pathlib import Path

from sparsecbm.data.records import Lines, Record, Reject, csv_records
from sparsecbm.data.sources import read_file
from sparsecbm.data.split import LoadReport, Review, Split
from sparsecbm.errors import DataError, unknown_name
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
    if split not in SPLITS:
        raise DataError(unknown_name("split", split, tuple(SPLITS)))
    path = Path(source).expanduser()
    if not path.exists():
        raise DataError(f"There is no folder or zip file at {path}. Give the one that holds {SPLITS[split][0]}.csv.")
    content, where = read_file(path, split, SPLITS, ".csv")
    dropped, notes, reviews, read = Counter[str](), Counter[str](), dict[str, Review](), 0
    try:
        file = io.TextIOWrapper(io.BytesIO(content), encoding="utf-8-sig", newline="")
        columns, records = csv_records(Lines(file, len(content)), ",", where)
        missing = [column for column in _COLUMNS if column not in columns]
        if missing:
            raise DataError(f"{where}: column {missing[0]!r} is missing; allowed: {', '.join(_COLUMNS)}, and others. "
                            "Use the files of the release.")
        for read, record in enumerate(records, start=1):
            review, cases = _review(record, where, f"{split}-{read:04d}")
            if not review.text:
                dropped["blank text"] += 1
            elif review.text in reviews:
                dropped["text seen before"] += 1
            else:
                reviews[review.text] = review
                notes.update(cases)
    except UnicodeDecodeError as error:
        raise DataError(f"{where}: not UTF-8 text ({error.reason}); allowed: UTF-8. Use the files of the release.") \
            from None
    report = LoadReport(str(source), split, read, len(reviews), dict(dropped), dict(sorted(notes.items())))
    return Split.from_reviews(list(reviews.values()), IMDB_C, report)


def _review(record: Record | Reject, where: str, name: str) -> tuple[Review, list[str]]:
    """One row under the label policy, and the policy cases it is an instance of."""
    if isinstance(record, Reject):
        raise DataError(f"{where}, line {record.number}: {record.reason}.")
    cases, values = list[str](), list[int]()
    for concept in IMDB_C.concepts:
        cell = str(record.cells[concept]).strip()
        if cell in _MISSPELT:
            cases.append(f"{concept} misspelt (read as {_MISSPELT[cell]})")
        values.append(_index(_MISSPELT.get(cell, cell), IMDB_C.values, f"{where}, line {record.number}: {concept}"))
    label = _index(str(record.cells[_LABEL]).strip(), IMDB_C.labels, f"{where}, line {record.number}: {_LABEL}")
    text, breaks = _LINE_BREAKS.subn("\n", str(record.cells[_TEXT]))
    if breaks:
        cases.append("line breaks written as HTML (read as line breaks)")
    shares = tuple(tuple(float(v == value) for v in range(len(IMDB_C.values))) for value in values)
    return Review(name, text.strip(), label, tuple(values), shares), cases


def _index(name: str, names: tuple[str, ...], where: str) -> int:
    if name not in names:
        raise DataError(f"{where} is {name[:60]!r}; allowed: {', '.join(names)}. Correct or remove the row.")
    return names.index(name)
