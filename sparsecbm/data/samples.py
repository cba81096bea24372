"""A few dozen restaurant reviews written for this project, with the rating and concepts their authors meant."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path

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
