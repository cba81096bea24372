"""Causal effects: the errors and the references by hand, and the whole on a tiny model."""

from pathlib import Path

import numpy as np
import pytest
import torch
from scipy.special import softmax

from sparsecbm.data.cebab import CounterfactualPairs
from sparsecbm.errors import CheckpointError, DataError, InputError
from sparsecbm.evaluation.causal import ERRORS, CausalReport
from sparsecbm.evaluation.compute_causal import answers_of, causal, errors
from sparsecbm.evaluation.compute_causal_references import (
    AnsweredTexts,
    ConceptChanges,
    approximate,
    conexp,
    random_effect,
    s_learner,
)
from sparsecbm.model.checkpoint import Checkpoint
from sparsecbm.service import Explainer
from tests.helpers import TOY, tiny_checkpoint_of, toy_split

# -- the errors, by hand -------------------------------------------------------------------------------------------


def test_the_three_errors() -> None:
    effect = np.array([[0.3, -0.3], [0.0, 0.0], [0.4, 0.0], [0.0, 0.0]])
    truth = np.array([[0.3, -0.3], [0.6, 0.8], [0.0, 0.3], [0.0, 0.0]])
    found = errors(effect, truth)
    assert found["l2"] == pytest.approx([0, 1, 0.5, 0])
    assert found["cosine"] == pytest.approx([0, 1, 1, 1])  # 1 by right angles in the third, and where either is zero
    assert found["norm_difference"] == pytest.approx([0, 1, 0.1, 0])


def test_opposite_effects_are_two_apart() -> None:
    assert errors(np.array([[0.2, -0.2]]), np.array([[-0.1, 0.1]]))["cosine"] == pytest.approx([2])


def test_answers_are_rounded_to_four_decimals() -> None:
    assert answers_of(np.log([[1.0, 2.0]])).tolist() == [[0.3333, 0.6667]]


# -- the references, by hand ---------------------------------------------------------------------------------------

#: Five texts with two concepts of two values: the model's answers, and the values; the last text is not settled.
TRAINING = AnsweredTexts(np.array([[0.9, 0.1], [0.7, 0.3], [0.2, 0.8], [0.4, 0.6], [0.5, 0.5]]),
              np.array([[0, 0], [0, 1], [1, 0], [1, 1], [1, -1]]))
#: Concept 0 from 0 to 1 where the other is read as 1; concept 1 from 1 to 0 where the other is read as 0.
CHANGES = ConceptChanges(np.array([0, 1]), np.array([0, 1]), np.array([1, 0]), np.array([[0, 1], [0, 1]]))


def test_conexp_is_a_difference_of_means() -> None:
    first = (0.2 + 0.4 + 0.5) / 3 - (0.9 + 0.7) / 2  # the text that is not settled in the other concept counts here
    second = (0.9 + 0.2) / 2 - (0.7 + 0.4) / 2
    assert conexp(CHANGES, TRAINING, TOY)[:, 0] == pytest.approx([first, second])


def test_conexp_needs_every_value() -> None:
    with pytest.raises(DataError, match="No training text has"):
        conexp(CHANGES, AnsweredTexts(TRAINING.answers[:2], TRAINING.concepts[:2]), TOY)


def test_the_s_learner_learns_soft_answers_of_settled_texts() -> None:
    """With many copies its regression meets the answers, which are additive in the log odds."""
    concepts = np.array([[a, b] for a in (0, 1) for b in (0, 1)])
    odds = 1.5 * concepts[:, 0] - 0.5 * concepts[:, 1]
    answers = softmax(np.stack([np.zeros(4), odds], axis=1), axis=1)
    known = AnsweredTexts(np.repeat(answers, 5000, axis=0), np.repeat(concepts, 5000, axis=0))
    expected = [answers[3] - answers[1], answers[0] - answers[1]]
    assert s_learner(CHANGES, known, TOY) == pytest.approx(np.array(expected), abs=2e-3)
    with pytest.raises(DataError, match="settled value for every concept"):
        s_learner(CHANGES, AnsweredTexts(TRAINING.answers[4:], TRAINING.concepts[4:]), TOY)


def test_the_approximate_counterfactual_is_the_nearest_text_with_the_wanted_value() -> None:
    base = np.array([[0.7, 0.3], [0.7, 0.3]])
    found = approximate(CHANGES, TRAINING, base, np.random.default_rng(0))
    assert found == pytest.approx(TRAINING.answers[[3, 0]] - base)  # (1, 1) and (0, 0)


def test_the_wanted_value_goes_before_the_others() -> None:
    """Wanted is (1, 1): one text agrees in concept 1 only, the other in concept 0, which is asked."""
    known = AnsweredTexts(TRAINING.answers[1:3], TRAINING.concepts[1:3])
    one = ConceptChanges(CHANGES.concept[:1], CHANGES.before[:1], CHANGES.after[:1], CHANGES.predicted[:1])
    base = np.array([[0.7, 0.3]])
    assert approximate(one, known, base, np.random.default_rng(0)) == pytest.approx(TRAINING.answers[[2]] - base)


def test_a_random_effect_sums_to_nothing_and_follows_its_seed() -> None:
    one, two = (random_effect(CHANGES, 3, np.random.default_rng(seed)) for seed in (1, 1))
    assert np.array_equal(one, two) and one.shape == (2, 3)
    assert one.sum(1) == pytest.approx([0, 0]) and np.abs(one).max() > 0.01


# -- the whole -----------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def checkpoint(tmp_path_factory: pytest.TempPathFactory) -> Checkpoint:
    return tiny_checkpoint_of(tmp_path_factory.mktemp("checkpoints"))


@pytest.fixture(scope="module")
def pairs() -> CounterfactualPairs:
    """Texts 0 to 5 of the toy split, paired as if concept 0 and then concept 1 had been rewritten."""
    return CounterfactualPairs(toy_split(), *(np.array(column) for column in (
        [0, 1, 2, 3], [1, 0, 4, 5], [0, 0, 1, 1], [0, 1, 0, 1], [1, 0, 1, 0], [0, 0, 1, 2])), all=9)


def test_the_override_is_the_one_that_people_make(checkpoint: Checkpoint, pairs: CounterfactualPairs) -> None:
    found, explainer, split = causal(checkpoint, pairs, toy_split()), Explainer(checkpoint), pairs.split
    predictions = [explainer.predict(text) for text in split.texts]
    answers = np.round([prediction.label_probabilities for prediction in predictions], 4)
    expected = []
    for base, k, v in zip(pairs.base, pairs.concept, pairs.after, strict=True):
        shares = tuple(float(value == v) for value in range(len(split.schema.values)))
        after = explainer.override(predictions[base], {split.schema.concepts[k]: shares}).after
        expected.append(np.round(after.label_probabilities, 4) - answers[base])
    truth = answers[pairs.counterfactual] - answers[pairs.base]
    for name, each in errors(np.array(expected), truth).items():
        assert found.explainers["override"].errors[name].mean == pytest.approx(each.mean(), abs=1e-3)
    zero = found.explainers["zero"]
    assert zero.errors["cosine"].mean == 1 and zero.errors["l2"].mean == pytest.approx(zero.errors[
        "norm_difference"].mean) == pytest.approx(np.linalg.norm(truth, axis=1).mean())
    assert zero.to_override is not None and zero.to_override["l2"].mean == pytest.approx(
        zero.errors["l2"].mean - found.explainers["override"].errors["l2"].mean)


def test_pair_by_pair_the_same_as_in_the_report(checkpoint: Checkpoint, pairs: CounterfactualPairs) -> None:
    explainer, heard = Explainer(checkpoint), list[float]()
    found, report = explainer.pair_effects(pairs, heard.append), causal(checkpoint, pairs, toy_split())
    for name in ERRORS:
        assert found.errors[name].mean() == pytest.approx(report.explainers["override"].errors[name].mean, abs=1e-3)
    before, after = (explainer.predict(pairs.split.texts[rows[2]]) for rows in (pairs.base, pairs.counterfactual))
    assert found.base[2] == pytest.approx(before.label_probabilities, abs=2e-4)
    assert found.base[2] + found.actual[2] == pytest.approx(after.label_probabilities, abs=2e-4)
    assert found.values[2].tolist() == [int(side.concept_probabilities[1].argmax()) for side in (before, after)]
    assert heard[-1] == 1 and heard == sorted(heard) and len(heard) > 1


def test_the_report_holds_everything(checkpoint: Checkpoint, pairs: CounterfactualPairs) -> None:
    asked: list[tuple[int, int, int]] = []

    def revise(row: int, k: int, v: int) -> np.ndarray:
        asked.append((row, k, v))
        return np.zeros(len(TOY.labels))

    read: list[int] = []
    found = causal(checkpoint, pairs, toy_split(), revise, 3, seed=1, progress=read.append)
    assert list(found.explainers) == ["override", "zero", "random", "conexp", "s_learner", "approximate", "revision"]
    assert [score.n for score in found.explainers.values()] == [4] * 6 + [3]
    questions = zip(pairs.base.tolist(), pairs.concept.tolist(), pairs.after.tolist(), strict=True)
    assert len(set(asked)) == 3 and set(asked) < set(questions)
    assert sum(read) == 2 * len(toy_split()) and (found.all, found.kept) == (9, 4)
    for score in found.explainers.values():
        assert set(score.errors) == set(ERRORS)
        assert sum(aspect["n"] for aspect in score.aspects.values()) == score.n
        for mean in score.errors.values():
            assert mean.ci95[0] - 1e-9 <= mean.mean <= mean.ci95[1] + 1e-9
    assert found.explainers["override"].to_override is None
    assert CausalReport.from_json(found.to_json()) == found
    assert causal(checkpoint, pairs, toy_split(), revise, 3, seed=1) == found


def test_intervals_resample_whole_originals(checkpoint: Checkpoint, pairs: CounterfactualPairs) -> None:
    """All pairs of one original: there is nothing to draw anew, so the interval is the mean itself."""
    one = CounterfactualPairs(pairs.split, pairs.base, pairs.counterfactual, pairs.concept, pairs.before, pairs.after,
                              np.zeros(4, dtype=int), 4)
    mean = causal(checkpoint, one, toy_split()).explainers["zero"].errors["l2"]
    assert mean.ci95 == pytest.approx((mean.mean, mean.mean))


def test_no_reading_leaves_a_trace(checkpoint: Checkpoint, pairs: CounterfactualPairs) -> None:
    before = {name: weight.clone() for name, weight in checkpoint.model.state_dict().items()}
    causal(checkpoint, pairs, toy_split())
    assert all(torch.equal(weight, before[name]) for name, weight in checkpoint.model.state_dict().items())


def test_wrong_requests(checkpoint: Checkpoint, pairs: CounterfactualPairs, tmp_path: Path) -> None:
    with pytest.raises(InputError, match="Revision pairs -1"):
        causal(checkpoint, pairs, toy_split(), None, -1)
    with pytest.raises(InputError, match="Seed -1"):
        causal(checkpoint, pairs, toy_split(), seed=-1)
    with pytest.raises(CheckpointError, match="black_box"):
        causal(tiny_checkpoint_of(tmp_path, kind="black_box"), pairs, toy_split())


@pytest.mark.parametrize("broken", [{}, {"explainers": {"zero": {}}}, {"pairs": 3}])
def test_a_report_that_cannot_be_read(broken: dict[str, object], checkpoint: Checkpoint,
                                      pairs: CounterfactualPairs) -> None:
    values = causal(checkpoint, pairs, toy_split()).to_json() | broken if broken else {}
    with pytest.raises(CheckpointError, match="causal effects cannot be read"):
        CausalReport.from_json(values)
