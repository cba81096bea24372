"""What a model learns from and is scored on: one or several splits, each with the name of its data set."""

import hashlib
import math
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from sparsecbm.config import ModelConfig, SourceConfig
from sparsecbm.data.split import Split, normalised
from sparsecbm.errors import ConfigError


@dataclass(frozen=True, eq=False)
class Source:
    """A split of a data set. In training, `weight` multiplies the loss of each of its rows."""

    dataset: str
    split: Split
    weight: float = 1.0

    @property
    def name(self) -> str:
        """The data set and the split, as reports call it."""
        return f"{self.dataset}/{self.split.name}"

    @property
    def config(self) -> SourceConfig:
        """What a checkpoint keeps of it."""
        return SourceConfig(self.dataset, self.split.name, self.weight, self.split.data_hash)


def as_sources(given: Split | Sequence[Source]) -> tuple[Source, ...]:
    """Sources as they are; a split alone is one of the data set that its schema is named after."""
    return (Source(given.schema.name, given),) if isinstance(given, Split) else tuple(given)


def prepared(
    training: Split | Sequence[Source], evaluation: Split | Sequence[Source], model: ModelConfig
) -> tuple[tuple[Source, ...], tuple[Source, ...]]:
    """Sources that this model can learn from and be scored on; none of the former's texts is among the latter's.

    Texts that are, but for case and blanks, are dropped from training; the split's report counts them. ConfigError when
    the sources cannot be used, DataError when nothing is left of one.
    """
    learned, scored = as_sources(training), as_sources(evaluation)
    _check(learned, scored, model)
    for one in scored:
        texts = frozenset(map(normalised, one.split.texts))
        learned = tuple(replace(source, split=source.split.without(texts, f"also in {one.name}")) for source in learned)
    labels = any((source.split.labels >= 0).any() for source in learned)
    known = np.any([(source.split.concepts >= 0).any(0) for source in learned], axis=0)
    _require("The training sources", labels, known, model, "add a source that has them")
    _require_variation(learned, model)
    return learned, scored


def _check(learned: tuple[Source, ...], scored: tuple[Source, ...], model: ModelConfig) -> None:
    if not learned or not scored:
        raise ConfigError(f"{len(learned)} training and {len(scored)} evaluation sources came; allowed: at least one "
                          "of each.")
    for source in (*learned, *scored):
        if source.split.schema.axes != model.schema.axes:
            raise ConfigError(f"Split {source.split.name} speaks of {source.split.schema.name}, the model of "
                              f"{model.schema.name}; use data sets of the same concepts for all.")
        if not 0 < source.weight < math.inf:
            raise ConfigError(f"The weight of {source.name} is {source.weight}; allowed: more than 0. Leave a source "
                              "out that should not count.")
    twice = [name for name, times in Counter(source.name for source in scored).items() if times > 1]
    if twice:
        raise ConfigError(f"{twice[0]} came twice as an evaluation source; name each once.")
    for source in scored:
        concepts = model.kind != "black_box" and (source.split.concepts >= 0).any()
        if not concepts and not (source.split.labels >= 0).any():
            raise ConfigError(f"{source.name} has nothing that a {model.kind.replace('_', ' ')} model could be scored "
                              "on; allowed: evaluation sources with labels or concepts. Leave it out.")
    first = scored[0]
    _require(f"{first.name}, the first evaluation source,", bool((first.split.labels >= 0).any()),
             np.any(first.split.concepts >= 0, axis=0), model, "put one first that has them")


def _require(what: str, labels: bool, known: np.ndarray, model: ModelConfig, remedy: str) -> None:
    """ConfigError where nothing tells of something that the model says."""
    concepts = [] if model.kind == "black_box" else [
        concept for concept, some in zip(model.schema.concepts, known, strict=True) if not some]
    missing = concepts if labels else [model.schema.label_title, *concepts]
    if missing:
        raise ConfigError(f"{what} tell nothing of {', '.join(missing)}; allowed: sources with all that the model "
                          f"says; {remedy}.")


def _require_variation(learned: Sequence[Source], model: ModelConfig) -> None:
    """ConfigError where all rows say the same of something that the model says, so that nothing can be learned."""
    schema = model.schema
    asked = {schema.label_title: [source.split.labels for source in learned]}
    if model.kind != "black_box":
        asked |= {concept: [source.split.concepts[:, k] for source in learned]
                  for k, concept in enumerate(schema.concepts)}
    for what, answers in asked.items():
        said = np.unique(np.concatenate(answers))
        if (said >= 0).sum() < 2:
            raise ConfigError(f"The training sources say the same of {what} wherever it is annotated; allowed: sources "
                              f"in which it varies. Add one, or leave {what} out of the schema.")


def read_notes(sources: Sequence[Source]) -> dict[str, Any]:
    """What was read, for metrics.json: of each source, and of all together."""
    reports = [source.split.report for source in sources]
    hashes = [source.split.data_hash for source in sources]
    return {
        "split": " + ".join(source.split.name if len(sources) == 1 else source.name for source in sources),
        "rows": sum(len(source.split) for source in sources),
        "data_hash": hashes[0] if len(hashes) == 1 else hashlib.sha256("".join(hashes).encode()).hexdigest(),
        "read": sum(report.read for report in reports),
        "dropped": dict(sum((Counter(report.dropped) for report in reports), Counter[str]())),
        "notes": dict(sum((Counter(report.notes) for report in reports), Counter[str]())),
        "sources": [{"name": source.name, "weight": source.weight, "rows": len(source.split), "read": report.read,
                     "annotated": source.split.annotated, "dropped": dict(report.dropped), "notes": dict(report.notes),
                     "data_hash": source.split.data_hash}
                    for source, report in zip(sources, reports, strict=True)],
    }
