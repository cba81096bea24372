"""Where the loaded model goes wrong on the sample reviews: found by running it, never written down beforehand."""

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from sparsecbm.data.samples import Sample
from sparsecbm.types import InterventionResult, Prediction

Override = Callable[[Prediction, Mapping[str, Sequence[float]]], InterventionResult]


@dataclass(frozen=True)
class Failure:
    """A sample that the model reads otherwise than it was meant.

    `misread` holds (concept, what the model says, what was meant). `corrected` is the label after setting the
    misread concepts right, None when no concept is misread.
    """

    sample: Sample
    label: str
    probability: float
    misread: tuple[tuple[str, str, str], ...]
    corrected: str | None

    @property
    def label_wrong(self) -> bool:
        """True when the label differs from the one meant."""
        return self.label != self.sample.label


@dataclass(frozen=True)
class Survey:
    """Every failure on `tried` samples, the most telling first."""

    tried: int
    failures: tuple[Failure, ...]

    @property
    def labels_wrong(self) -> int:
        """Number of samples whose label is wrong."""
        return sum(failure.label_wrong for failure in self.failures)


def few_of_each_kind(samples: Sequence[Sample], most: int) -> list[Sample]:
    """The first `most` samples of every kind, in their order: chosen before any model has seen them."""
    seen = Counter[str]()
    chosen = []
    for sample in samples:
        seen[sample.kind] += 1
        if seen[sample.kind] <= most:
            chosen.append(sample)
    return chosen


def survey(samples: Sequence[Sample], predictions: Sequence[Prediction], override: Override, kind: str) -> Survey:
    """What the model made of the samples. Labels far off come first, then confident ones, one of each kind before more.

    `predictions` are the samples' own, in their order. A black-box model has no concepts that could be misread.
    """
    found = []
    for sample, prediction in zip(samples, predictions, strict=True):
        schema = prediction.schema
        misread = () if kind == "black_box" else tuple(
            (concept, prediction.value(concept), meant)
            for concept, meant in sample.concepts.items() if prediction.value(concept) != meant)
        if not misread and prediction.label == sample.label:
            continue
        corrected = None
        if misread:
            truth = {concept: tuple(float(value == meant) for value in schema.values) for concept, _, meant in misread}
            corrected = override(prediction, truth).after.label
        distance = abs(schema.label_index(prediction.label) - schema.label_index(sample.label))
        failure = Failure(sample, prediction.label, float(prediction.label_probabilities.max()), misread, corrected)
        found.append((distance, failure))
    found.sort(key=lambda entry: (-entry[0], -entry[1].probability))
    return Survey(len(samples), _one_of_each_kind_first([failure for _, failure in found]))


def _one_of_each_kind_first(failures: Sequence[Failure]) -> tuple[Failure, ...]:
    first: dict[str, Failure] = {}
    for failure in failures:
        first.setdefault(failure.sample.kind, failure)
    return (*first.values(), *(failure for failure in failures if first[failure.sample.kind] is not failure))
