"""One split of a data set, ready to train on or to score, and the account of how it was read."""

import hashlib
import json
import unicodedata
from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path

import numpy as np
from datasets import Dataset, Features, List, Value
from jaxtyping import Float, Int

from sparsecbm.errors import DataError
from sparsecbm.schema import ConceptSchema
from sparsecbm.validation import is_blank

#: Stands for "not known": the annotators reached no majority, or were not asked. It carries no loss and no score.
NO_LABEL = -1

_FEATURES = Features({
    "id": Value("string"),
    "text": Value("string"),
    "label": Value("int64"),
    "concepts": List(Value("int64")),
    "shares": List(List(Value("float64"))),
})
#: A further column, of splits whose rows do not weigh the same.
_WEIGHT = "weight"


@dataclass(frozen=True)
class Review:
    """One row: indices into the schema, -1 where the label or the concept's value is not known.

    `shares` holds the annotators' votes per concept and value; each concept's sum to 1.
    """

    id: str
    text: str
    label: int
    concepts: tuple[int, ...]
    shares: tuple[tuple[float, ...], ...]


def certain(value: int, values: int) -> tuple[float, ...]:
    """All votes for one of so many values; an even split where it is not known (-1).

    >>> certain(2, 3)
    (0.0, 0.0, 1.0)
    """
    return (1 / values,) * values if value == NO_LABEL else tuple(float(v == value) for v in range(values))


def normalised(text: str) -> str:
    """A text as it is compared with others: in any case, width of letters and spacing.

    >>> normalised(" Good\u00a0 SOUP. ")
    'good soup.'
    """
    return " ".join(unicodedata.normalize("NFKC", text).casefold().split())


@dataclass(frozen=True)
class LoadReport:
    """What reading did: `dropped` rows by reason, and how many kept cases each policy in `notes` touched."""

    source: str
    split: str
    read: int
    kept: int
    dropped: Mapping[str, int]
    notes: Mapping[str, int]

    def lines(self) -> list[str]:
        """The account in words, a line per fact."""
        return [
            f"{self.source}, split {self.split}: {self.read} rows read, {self.kept} kept.",
            *(f"dropped, {reason}: {count}" for reason, count in self.dropped.items()),
            *(f"{what}: {count}" for what, count in self.notes.items()),
        ]


@dataclass(frozen=True, eq=False)
class Split:
    """Rows as a `datasets.Dataset` with columns id, text, label, concepts and shares, in the file's order."""

    dataset: Dataset
    schema: ConceptSchema
    name: str
    report: LoadReport

    @classmethod
    def from_reviews(cls, reviews: Sequence[Review], schema: ConceptSchema, report: LoadReport) -> "Split":
        """Gather reviews into a split; DataError when there is none."""
        if not reviews:
            raise DataError(f"{report.source}, split {report.split}: no row is left of {report.read} read "
                            f"(dropped: {dict(report.dropped)}). Give a file with at least one {schema.document}.")
        columns = {name: [getattr(review, name) for review in reviews] for name in _FEATURES}
        return cls(Dataset.from_dict(columns, features=_FEATURES), schema, report.split, report)

    @classmethod
    def gathered(
        cls, found: Iterable[tuple[Review, Iterable[str]]], by: str, schema: ConceptSchema, source: str | Path,
        name: str,
    ) -> "Split":
        """Gather rows as they are read, each with the policy cases that it is an instance of.

        Blank texts are dropped, and rows whose `by`, their id or text, was seen before; the report counts both.
        """
        dropped, notes, reviews, read = Counter[str](), Counter[str](), dict[str, Review](), 0
        for review, cases in found:
            key, read = getattr(review, by), read + 1
            if is_blank(review.text):
                dropped["blank text"] += 1
            elif key in reviews:
                dropped[f"{by} seen before"] += 1
            else:
                reviews[key] = review
                notes.update(cases)
        report = LoadReport(str(source), name, read, len(reviews), dict(dropped), dict(sorted(notes.items())))
        return cls.from_reviews(list(reviews.values()), schema, report)

    def __len__(self) -> int:
        return len(self.dataset)

    @cached_property
    def texts(self) -> list[str]:
        """The reviews, in order."""
        return list(self.dataset["text"])

    @cached_property
    def labels(self) -> Int[np.ndarray, " row"]:
        """Label index per row, -1 without a majority."""
        return np.array(self.dataset["label"], dtype=np.int64)

    @cached_property
    def concepts(self) -> Int[np.ndarray, "row concept"]:
        """Value index per row and concept, -1 without a majority."""
        return np.array(self.dataset["concepts"], dtype=np.int64)

    @cached_property
    def shares(self) -> Float[np.ndarray, "row concept value"]:
        """Annotators' votes, summing to 1 over `value`."""
        return np.array(self.dataset["shares"], dtype=np.float64)

    @cached_property
    def weights(self) -> Float[np.ndarray, " row"]:
        """What each row counts in training, 1 unless it is said otherwise."""
        known = _WEIGHT in self.dataset.column_names
        return np.array(self.dataset[_WEIGHT], dtype=np.float64) if known else np.ones(len(self))

    @property
    def annotated(self) -> dict[str, int]:
        """How many rows bear the label, by its title, and how many each concept's value."""
        counts = [int((self.labels >= 0).sum()), *(self.concepts >= 0).sum(0).tolist()]
        return dict(zip((self.schema.label_title, *self.schema.concepts), counts, strict=True))

    def weighted(self, weights: Sequence[float]) -> "Split":
        """The same rows, each counting so much in training."""
        return replace(self, dataset=self.dataset.add_column(_WEIGHT, list(weights)))

    def require_schema(self, schema: ConceptSchema) -> None:
        """DataError when a model with this schema names other concepts, values or labels than the data."""
        for axis in ("concepts", "values", "labels"):
            ours, theirs = getattr(schema, axis), getattr(self.schema, axis)
            if ours != theirs:
                raise DataError(f"The model's {axis} are {', '.join(ours)}, but data set {self.schema.name} has "
                                f"{', '.join(theirs)}; evaluate it on data with the same {axis}.")

    def without(self, texts: Collection[str], why: str) -> "Split":
        """The rows whose text is none of these `normalised` texts; the report counts the others as dropped, and `why`.

        DataError when no row is left.
        """
        kept = [row for row, text in enumerate(self.texts) if normalised(text) not in texts]
        if len(kept) == len(self):
            return self
        if not kept:
            raise DataError(f"{self.report.source}, split {self.name}: all {len(self)} texts are dropped ({why}). Give "
                            "other rows.")
        return self.select(kept, {why: len(self) - len(kept)}, self.name)

    def select(self, rows: Sequence[int], dropped: Mapping[str, int], name: str) -> "Split":
        """Some of the rows, as a split of this name; the report counts the others as dropped, by reason."""
        report = replace(self.report, split=name, kept=len(rows), dropped=dict(self.report.dropped) | dict(dropped))
        return Split(self.dataset.select(rows), self.schema, name, report)

    def draw(self, size: int, seed: int) -> Int[np.ndarray, " drawn"]:
        """Numbers of at most `size` rows, drawn without replacement, in the order in which they were drawn.

        With the same seed, a larger draw begins with the smaller one.
        """
        return np.random.default_rng(seed).permutation(len(self))[:size]

    @cached_property
    def data_hash(self) -> str:
        """SHA-256 of the rows and the names behind their indices: the same content, the same hash, anywhere."""
        names = [self.schema.concepts, self.schema.values, self.schema.labels]
        content = json.dumps([names, self.dataset.to_dict()], sort_keys=True)
        return hashlib.sha256(content.encode()).hexdigest()
