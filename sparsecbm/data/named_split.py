"""A split as a person names it in one word: data set, place, split and, for training, a weight."""

from dataclasses import dataclass, replace
from pathlib import Path

from sparsecbm.data.catalogue import DATASETS, TABLE, load_split
from sparsecbm.data.split import Split
from sparsecbm.errors import InputError
from sparsecbm.paths import place_of


@dataclass(frozen=True)
class NamedSplit:
    """Where a split lies, and what a row of it weighs.

    `place` is a folder, a zip file, a table or `hub:OWNER/NAME`; of documents that are made, a seed, and `split` their
    number. A table also has a `schema`, and may have a column of weights.
    """

    dataset: str
    place: str
    split: str
    weight: float = 1.0
    schema: Path | None = None
    weight_column: str | None = None

    @property
    def name(self) -> str:
        """The data set and the split, as reports call it."""
        return f"{self.dataset}/{self.split}"

    @property
    def dev(self) -> "NamedSplit | None":
        """The split of the same place to choose and score on; None where the data set has none."""
        there = self.dataset == TABLE or "dev" in DATASETS[self.dataset].splits
        return replace(self, split="dev", weight=1.0) if there else None

    def load(self) -> Split:
        """Read it; DataError where that fails."""
        return load_split(self.dataset, self.place, self.split, self.schema, self.weight_column)


def is_named_split(text: str) -> bool:
    """True of what begins with the name of a data set and a colon, and so is no path or name on the Hub alone."""
    return text.partition(":")[0] in (*DATASETS, TABLE) and ":" in text


def named_split(text: str, schema: Path | None = None, weight_column: str | None = None) -> NamedSplit:
    """The split that a person named; InputError says which form is allowed. A place may have colons of its own.

    `schema` and `weight_column` are those of tables, and nothing to other data sets.

    >>> named_split("yelp:~/yelp.zip:train=0.5")
    NamedSplit(dataset='yelp', place='/home/ada/yelp.zip', split='train', weight=0.5)
    """
    dataset, _, rest = text.partition(":")
    place, _, split = rest.rpartition(":")
    split, stated, number = split.partition("=")
    if dataset not in (*DATASETS, TABLE) or not place or not split:
        names = ", ".join((*DATASETS, TABLE))
        raise InputError(f"{text!r} names no split of a data set; allowed: DATASET:PLACE:SPLIT or "
                         f"DATASET:PLACE:SPLIT=WEIGHT, where DATASET is one of {names}. Write it so.")
    try:
        weight = float(number) if stated else 1.0
    except ValueError:
        raise InputError(f"{text!r} ends in a weight of {number!r}; allowed: a number such as 0.5. Correct it.") \
            from None
    own = (schema, weight_column) if dataset == TABLE else (None, None)
    return NamedSplit(dataset, place_of(place), split, weight, *own)
