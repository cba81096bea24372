"""Correction curves: every step by hand on toy rows, and the ends as the evaluation has them."""

import json
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from sparsecbm.concepts.compute_policies import ConceptState, value_entropy
from sparsecbm.data.split import Review
from sparsecbm.errors import CheckpointError, DataError, InputError
from sparsecbm.evaluation.compute import evaluate
from sparsecbm.evaluation.compute_curves import Correct, Rows, curves, oracle_scores, walk
from sparsecbm.evaluation.correction import CorrectionCurves, Curve
from sparsecbm.model.checkpoint import Checkpoint
from tests.helpers import TOY, tiny_checkpoint_of, toy_reviews, toy_split

POLICIES = {"random", "ucp", "cctp", "ectp", "eudtp", "lcp"}


@pytest.fixture(scope="module", params=["probabilities", "logits"])
def checkpoint(tmp_path_factory: pytest.TempPathFactory, request: pytest.FixtureRequest) -> Checkpoint:
    return tiny_checkpoint_of(tmp_path_factory.mktemp("checkpoints"), bottleneck=request.param)


# -- one walk, by hand ---------------------------------------------------------------------------------------------

#: Two concepts of two values and two labels; a concept adds 1 to the label of its value, once it is set.
EFFECTS = np.array([np.eye(2), np.eye(2)])


def rows(shares: list[list[float]], contributions: list[list[list[float]]], labels: list[int],
         concepts: list[list[int]]) -> Rows:
    """`shares` are the probabilities of value 1; the label is what the contributions add up to."""
    up, added = np.array(shares), np.array(contributions, dtype=float)
    state = ConceptState(np.stack([1 - up, up], axis=-1), added, added.sum(1), EFFECTS)
    return Rows(np.arange(len(labels)), state, np.array(labels), np.array(concepts))


#: Row 0: b is the less certain one; set to 1 it turns the label right, then a, set to 0, makes a tie, which goes to 0.
#: Row 1: only a is known; set to 1 it turns the label wrong, and so it stays. Row 2: nothing is known.
ROWS = rows([[0.1, 0.4], [0.6, 0.5], [0.5, 0.5]],
            [[[0.2, 0.1], [0.2, 0.1]], [[0.5, 0.2], [0.2, 0.1]], [[0.0, 1.0], [0.0, 0.0]]],
            [1, 0, 1], [[0, 1], [1, -1], [-1, -1]])


def test_a_walk_by_hand() -> None:
    found = walk(ROWS, ROWS.set_to(ROWS.concepts), value_entropy)
    assert found.tolist() == [[True, False, True], [False, True, True], [False, False, False]]


def test_a_walk_leaves_its_rows_alone() -> None:
    before = ROWS.state.contributions.copy()
    walk(ROWS, ROWS.set_to(ROWS.concepts), value_entropy)
    assert np.array_equal(ROWS.state.contributions, before)


def test_the_order_is_that_of_the_scores_among_the_known() -> None:
    a_first, b_first = (np.tile(scores, (3, 1)) for scores in ([2.0, 1.0], [1.0, 2.0]))
    answers = ROWS.set_to(ROWS.concepts)
    assert walk(ROWS, answers, lambda _: b_first)[0].tolist() == [True, False, True]
    assert walk(ROWS, answers, lambda _: a_first)[0].tolist() == [True, True, True]
    assert walk(ROWS, answers, lambda _: b_first)[1].tolist() == [False, True, True]  # b is not known, so a is asked


def test_a_policy_sees_what_was_set_before() -> None:
    seen = []

    def score(now: ConceptState) -> np.ndarray:
        seen.append((now.logits[0].tolist(), now.contributions[0].tolist()))
        return value_entropy(now)

    walk(ROWS, ROWS.set_to(ROWS.concepts), score)
    assert np.array(seen[0][0]) == pytest.approx([0.4, 0.2]) and np.array(seen[1][0]) == pytest.approx([0.2, 1.1])
    assert seen[1][1] == pytest.approx(np.array([[0.2, 0.1], [0.0, 1.0]]))


def test_the_oracle_asks_for_what_is_most_wrong() -> None:
    """Row 0: a is 0 with .9 and b is 1 with .4, so b; the others' unknown concepts are never asked for."""
    assert oracle_scores(ROWS.state, ROWS.concepts)[0].tolist() == pytest.approx([0.1, 0.6])
    assert oracle_scores(ROWS.state, ROWS.concepts)[1, 0] == pytest.approx(0.4)


def test_misread_needs_a_known_truth() -> None:
    assert ROWS.misread.tolist() == [[False, True], [False, False], [False, False]]


# -- all curves ----------------------------------------------------------------------------------------------------


def test_the_ends_are_those_of_the_evaluation(checkpoint: Checkpoint) -> None:
    """Nothing corrected is `predicted`, everything is `true`, whatever the policy."""
    split = toy_split()
    correction, found = evaluate(checkpoint, split).correction, curves(checkpoint, split)
    assert correction is not None and set(found.policies) == POLICIES
    for curve in found.policies.values():
        assert len(curve.error) == 3
        assert curve.error[0] == pytest.approx(1 - correction.predicted.all)
        assert curve.error[-1] == pytest.approx(1 - correction.true.all)
        assert all(0 <= low <= mean <= high <= 1
                   for mean, (low, high) in zip(curve.error, curve.ci95, strict=True))
        assert curve.change_ci95[0] == (0, 0)
    assert found.wrong.error[0] == found.annotator.error[0] == found.policies["ucp"].error[0]
    assert found.known == (0, 0, 18) and found.settings.n == 18 and found.settings.orders == 5


def test_only_random_things_have_a_spread(checkpoint: Checkpoint) -> None:
    found = curves(checkpoint, toy_split())
    assert {name for name, curve in found.policies.items() if curve.spread is not None} == {"random"}
    spread = found.policies["random"].spread
    assert spread is not None and spread[0] == spread[-1] == 0 < spread[1]  # the order does not matter at the ends
    assert found.wrong.spread is not None and found.annotator.spread is not None
    assert curves(checkpoint, toy_split(), orders=1).policies["random"].spread is None


def test_the_seed_decides_everything_random(checkpoint: Checkpoint) -> None:
    split = toy_split(4)
    one, again, other = (curves(checkpoint, split, sample=20, seed=seed) for seed in (0, 0, 1))
    assert one == again and one.policies["random"] != other.policies["random"]
    assert one.settings.n == other.settings.n == 20 and one.policies["ucp"] != other.policies["ucp"]  # other rows


def test_an_annotator_who_never_errs_is_the_truth_and_one_who_always_errs_is_wrong(checkpoint: Checkpoint) -> None:
    split = toy_split(4)
    right, erring = (curves(checkpoint, split, error_rate=rate) for rate in (0.0, 1.0))
    assert right.annotator.error == right.policies["ectp"].error and right.annotator_policy == "ectp"
    assert right.annotator.spread == (0, 0, 0)
    assert erring.annotator.error[-1] == pytest.approx(erring.wrong.error[-1])  # all wrong, in whatever order


def test_a_wrong_value_is_never_the_true_one(tmp_path: Path) -> None:
    """Where the label is the soup's value, setting all concepts right leaves no error, and all wrong nothing else."""
    follows = tiny_checkpoint_of(tmp_path, residual=False)
    with torch.no_grad():
        follows.model.label_weight.zero_()
        follows.model.label_weight[0] = 20 * torch.eye(3)
    split = toy_split(reviews=[replace(review, label=review.concepts[0]) for review in toy_reviews(4)])
    found = curves(follows, split, error_rate=1.0)
    assert {curve.error[-1] for curve in found.policies.values()} == {0.0}
    assert found.wrong.error[-1] == found.annotator.error[-1] == 1.0


def test_rows_without_a_label_are_not_counted_and_concepts_without_a_majority_not_set(checkpoint: Checkpoint) -> None:
    known = toy_reviews()
    unknown = [replace(review, id=f"u{review.id}", concepts=(-1, review.concepts[1])) for review in known]
    unlabelled = [replace(review, id=f"n{review.id}", label=-1) for review in known]
    found = curves(checkpoint, toy_split(reviews=[*known, *unknown, *unlabelled]))
    assert found.settings.n == 36 and found.known == (0, 18, 18)
    alone = curves(checkpoint, toy_split(reviews=unknown))
    for curve in alone.policies.values():  # one concept to ask for: nothing is left to choose, nor after it
        assert curve.error[1] == curve.error[2] == alone.policies["ucp"].error[1]


# -- other edits ---------------------------------------------------------------------------------------------------


def reads(checkpoint: Checkpoint, reviews: list[Review]) -> np.ndarray:
    """What the label head reads of each review's concepts."""
    model = checkpoint.model
    with torch.no_grad():
        logits, _ = model(checkpoint.encoder.encode([review.text for review in reviews]), checkpoint.masks)
        return np.asarray(model.bottleneck(logits))


def edit_settings(checkpoint: Checkpoint, asked: list[tuple[int, int]]) -> Mapping[str, Correct]:
    """An edit that is as good as an override, one that does nothing, and a record of what the first was asked."""
    reviews, model = toy_reviews(4), checkpoint.model
    unedited = reads(checkpoint, reviews)

    def perfect(row: int, k: int) -> Any:
        asked.append((row, k))
        value = torch.eye(3)[reviews[row].concepts[k]]
        return model.override_bottleneck(value, k).double().numpy()

    return {"perfect": perfect, "idle": lambda row, k: unedited[row, k].astype(np.float64)}


def test_edits_are_made_of_what_is_misread_and_stand_beside_the_override(checkpoint: Checkpoint) -> None:
    asked: list[tuple[int, int]] = []
    reviews = toy_reviews(4)
    found = curves(checkpoint, toy_split(4), edits=edit_settings(checkpoint, asked), edit_rows=7).edits
    assert found is not None and found.n == 7 == len({row for row, _ in asked}) and found.corrected == len(asked)
    read = reads(checkpoint, reviews).argmax(-1)
    assert all(read[row, k] != reviews[row].concepts[k] for row, k in asked) and len(set(asked)) == len(asked)
    assert {k for row in {row for row, _ in asked} for k in range(2) if read[row, k] != reviews[row].concepts[k]} == {
        k for _, k in asked}
    for kind in ("error", "ci95", "spread"):
        assert np.array(getattr(found.curves["perfect"], kind)) == pytest.approx(
            np.array(getattr(found.curves["override"], kind)))
    assert len(set(found.curves["idle"].error)) == 1 == len(set(found.curves["idle"].ci95))
    assert found.curves["idle"].error[0] == found.curves["override"].error[0]
    assert found.agree["override"] == 1 and found.agree["idle"] == 0
    if checkpoint.model.config.bottleneck == "probabilities":  # typical logits need not say their own value
        assert found.agree["perfect"] == 1


def test_without_edits_none_are_made(checkpoint: Checkpoint) -> None:
    asked: list[tuple[int, int]] = []
    assert curves(checkpoint, toy_split(4), edits=edit_settings(checkpoint, asked), edit_rows=0).edits is None
    assert curves(checkpoint, toy_split(4), edit_rows=5).edits is None and asked == []


# -- the result ----------------------------------------------------------------------------------------------------


def test_what_is_written_is_read_back(checkpoint: Checkpoint) -> None:
    for edits in (None, edit_settings(checkpoint, [])):
        found = curves(checkpoint, toy_split(4), edits=edits, edit_rows=3)
        values = json.loads(json.dumps(found.to_json(), allow_nan=False))
        assert CorrectionCurves.from_json(values) == found
        assert values["policies"]["ucp"] == list(found.policies["ucp"].error) and values["oracle"] == ["lcp"]
        assert ("perfect" in values) == (edits is not None)
    for broken in ({}, values | {"ci95": {}}, values | {"policies": 3}, values | {"edits": {"n": 1}}):
        with pytest.raises(CheckpointError, match="correction curves"):
            CorrectionCurves.from_json(broken)


def test_rising_is_above_the_interval_of_an_earlier_step() -> None:
    intervals = ((0.1, 0.3), (0.0, 0.2), (0.2, 0.4), (0.1, 0.35))
    assert Curve((0.2, 0.1, 0.3, 0.2), intervals, intervals).rising == (2,)  # .3 is above .2; .2 is not above .2
    assert Curve((0.2, 0.3), ((0.1, 0.3), (0.2, 0.4)), intervals[:2]).rising == ()


@pytest.mark.parametrize(("settings", "part"), [
    ({"sample": 0}, "Sample 0"), ({"orders": 0}, "Orders 0"), ({"error_rate": 1.5}, "Error rate 1.5"),
    ({"error_rate": float("nan")}, "Error rate nan"), ({"seed": -1}, "Seed -1"), ({"edit_rows": -1}, "edits -1"),
])
def test_numbers_out_of_bounds(settings: dict[str, Any], part: str, checkpoint: Checkpoint) -> None:
    with pytest.raises(InputError, match=part):
        curves(checkpoint, toy_split(), **settings)


def test_rows_without_any_label_and_a_black_box_are_refused(checkpoint: Checkpoint, tmp_path: Path) -> None:
    with pytest.raises(DataError, match="verdict"):
        curves(checkpoint, toy_split(reviews=[replace(review, label=-1) for review in toy_reviews()]))
    with pytest.raises(CheckpointError, match="black_box"):
        curves(tiny_checkpoint_of(tmp_path, kind="black_box"), toy_split())
    assert TOY.label_title == "verdict"
