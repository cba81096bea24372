"""One split of a data set, ready to train on or to score, and the account of how it was read."""

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from datasets import Dataset, Features, List, Value
from jaxtyping import Float, Int

from sparsecbm.errors import DataError
from sparsecbm.schema import ConceptSchema

#: Stands for "the annotators reached no majority": such a label or concept carries no loss and no score.
NO_LABEL = -1

_FEATURES = Features({
    "id": Value("string"),
    "text": Value("string"),
    "label": Value("int64"),
    "concepts": List(Value("int64")),
    "shares": List(List(Value("float64"))),
})


@dataclass(frozen=True)
class Review:
    """One row: indices into the schema, -1 where there was no majority.

    `shares` holds the annotators' votes per concept and value; each concept's sum to 1.
    """

    id: str
    text: str
    label: int
    concepts: tuple[int, ...]
    shares: tuple[tuple[float, ...], ...]


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
                            f"(dropped: {dict(report.dropped)}). Give a file with at least one review.")
        columns = {name: [getattr(review, name) for review in reviews] for name in _FEATURES}
        return cls(Dataset.from_dict(columns, features=_FEATURES), schema, report.split, report)

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

    def require_schema(self, schema: ConceptSchema) -> None:
        """DataError when a model with this schema names other concepts, values or labels than the data."""
        for axis in ("concepts", "values", "labels"):
            ours, theirs = getattr(schema, axis), getattr(self.schema, axis)
            if ours != theirs:
                raise DataError(f"The model's {axis} are {', '.join(ours)}, but data set {self.schema.name} has "
                                f"{', '.join(theirs)}; evaluate it on data with the same {axis}.")

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
