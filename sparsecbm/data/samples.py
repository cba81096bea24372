"""Restaurant reviews written for this project, with the rating and concepts their authors meant.

What counts is what the author holds true of this place now: irony by its meaning, hearsay only where it is believed.
Waiting, and what staff do, is service; a room's cleanliness, comfort and looks are ambiance; how loud or quiet it is,
noise alone. Price, booking, access and opening hours belong to no concept, nor does a bare verdict on the whole.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from sparsecbm.data.split import LoadReport, Review, Split, certain
from sparsecbm.errors import DataError
from sparsecbm.schema import CEBAB, ConceptSchema

SAMPLES_FILE = Path(__file__).with_name("samples.jsonl")


@dataclass(frozen=True)
class Sample:
    """A review with what it was meant to say; `kind` names what makes it easy or hard to read."""

    id: str
    kind: str
    text: str
    label: str
    concepts: Mapping[str, str]


@cache
def load_samples(schema: ConceptSchema = CEBAB) -> tuple[Sample, ...]:
    """The samples in their order, or none when the schema is not the one they were written for.

    DataError when the file holds a name that the schema does not know.
    """
    if schema != CEBAB:
        return ()
    samples = tuple(Sample(**json.loads(line)) for line in SAMPLES_FILE.read_text(encoding="utf-8").splitlines())
    for sample in samples:
        if sample.label not in schema.labels or set(sample.concepts) != set(schema.concepts) \
                or not set(sample.concepts.values()) <= set(schema.values):
            raise DataError(f"{SAMPLES_FILE.name}: {sample.id} does not speak of {schema.name}; give one of its labels "
                            f"({', '.join(schema.labels)}) and one of {', '.join(schema.values)} for every concept.")
    return samples


@cache
def sample_split(schema: ConceptSchema = CEBAB) -> Split:
    """The samples as a split named `samples`, each concept's votes all for the value that was meant.

    DataError when the schema is not the one they were written for.
    """
    samples = load_samples(schema)
    if not samples:
        raise DataError(f"No sample reviews were written for the concepts of {schema.name}; allowed: {CEBAB.name}. "
                        "Load a split of your own data instead.")
    reviews = []
    for sample in samples:
        values = tuple(schema.value_index(sample.concepts[concept]) for concept in schema.concepts)
        votes = tuple(certain(value, len(schema.values)) for value in values)
        reviews.append(Review(sample.id, sample.text, schema.label_index(sample.label), values, votes))
    report = LoadReport("the reviews that ship with the project", "samples", len(samples), len(samples), {}, {})
    return Split.from_reviews(reviews, schema, report)
