"""The failures come from running the model, and the most telling come first."""

from collections.abc import Mapping, Sequence

from sparsecbm.data.samples import Sample
from sparsecbm.home.sample_failures import Survey, few_of_each_kind, survey
from sparsecbm.types import InterventionResult, Prediction
from tests.builders import a_prediction, an_intervention

Asked = Mapping[str, Sequence[float]]
UNKNOWN = dict.fromkeys(("food", "ambiance", "service", "noise"), "unknown")


def sample(name: str, label: str, kind: str = "plain", **concepts: str) -> Sample:
    return Sample(name, kind, name, label, UNKNOWN | concepts)


def says(label: str, **concepts: str) -> Prediction:
    return a_prediction(label=label, concepts=concepts)


def run(samples: list[Sample], answers: dict[str, Prediction], kind: str = "sparse") -> tuple[Survey, list[Asked]]:
    asked: list[Asked] = []

    def override(prediction: Prediction, overrides: Asked) -> InterventionResult:
        asked.append(overrides)
        return an_intervention(prediction, a_prediction(label="1"))

    return survey(samples, [answers[sample.text] for sample in samples], override, kind), asked


def test_every_kind_is_tried_equally_often() -> None:
    samples = [sample(name, "1", name[0]) for name in ("x1", "y1", "x2", "x3", "z1", "y2", "y3")]
    assert [one.id for one in few_of_each_kind(samples, 2)] == ["x1", "y1", "x2", "z1", "y2"]


def test_a_right_answer_is_no_failure() -> None:
    found, asked = run([sample("a", "4", food="Positive")], {"a": says("4", food="Positive")})
    assert found.tried == 1 and found.failures == () and asked == []


def test_labels_far_off_come_before_near_ones_and_those_before_misread_concepts() -> None:
    samples = [sample("misread", "4", "a", food="Negative"), sample("near", "3", "b"), sample("far", "1", "c")]
    found, _ = run(samples, dict.fromkeys(("misread", "near", "far"), says("4")))
    assert [failure.sample.id for failure in found.failures] == ["far", "near", "misread"]
    assert found.labels_wrong == 2


def test_one_of_each_kind_comes_before_a_second() -> None:
    samples = [sample("x1", "1", "x"), sample("x2", "1", "x"), sample("y", "3", "y")]
    found, _ = run(samples, dict.fromkeys(("x1", "x2", "y"), says("4")))
    assert [failure.sample.id for failure in found.failures] == ["x1", "y", "x2"]


def test_a_failure_tells_what_was_misread_and_what_correcting_gives() -> None:
    answers = {"a": says("4", food="Positive", noise="Positive")}
    found, asked = run([sample("a", "1", food="Negative", noise="Positive")], answers)
    assert found.failures[0].misread == (("food", "Positive", "Negative"),)
    assert asked == [{"food": (1.0, 0.0, 0.0)}]
    assert found.failures[0].corrected == "1"


def test_a_black_box_misreads_no_concept() -> None:
    found, asked = run([sample("a", "1", food="Negative")], {"a": says("4")}, kind="black_box")
    assert found.failures[0].misread == () and found.failures[0].corrected is None and asked == []
