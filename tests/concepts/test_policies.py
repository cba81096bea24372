"""Each policy against scores worked out by hand; what is set is left out; a tie has one answer; reasons."""

from dataclasses import replace
from math import log

import numpy as np
import pytest

from sparsecbm.concepts.compute_override import Effects
from sparsecbm.concepts.compute_policies import (
    DEFAULT_POLICY,
    POLICIES,
    ConceptState,
    next_concept,
    policy_named,
    ranking,
    value_entropy,
)
from sparsecbm.errors import InputError
from sparsecbm.types import Prediction
from tests.builders import a_prediction
from tests.concepts.toys import random_toy, toy_prediction

#: Concept a, undecided, adds ln 3 to label 0 as v1 and nothing as v0; b, undecided too, adds nothing to speak of;
#: c, nearly certain of v1, adds 4 to label 1 as v1 and 3 as v0. Rest: the label is then (ln 3) / 2 against 0.
PROBABILITIES = np.array([[0.5, 0.5], [0.5, 0.5], [0.1, 0.9]])
EFFECTS = np.array([[[0, 0], [log(3), 0]], [[2, 2], [2, 2]], [[0, 3], [0, 4]]], dtype=float)
REST = np.array([0.0, -3.9])
TOY = toy_prediction(PROBABILITIES, EFFECTS, REST)


def entropy(*shares: float) -> float:
    return -sum(share * log(share) for share in shares)


def divergence(after: tuple[float, float], before: tuple[float, float]) -> float:
    return sum(new * log(new / old) for new, old in zip(after, before, strict=True))


#: Label probabilities now (odds sqrt 3), with a at v0 (odds 1) and at v1 (odds 3), and with c at v0 and v1.
NOW = (3**0.5 / (1 + 3**0.5), 1 / (1 + 3**0.5))
A_V0, A_V1 = (0.5, 0.5), (0.75, 0.25)
C_V0, C_V1 = ((odds / (1 + odds), 1 / (1 + odds)) for odds in (3**0.5 * np.exp(0.9), 3**0.5 * np.exp(-0.1)))
SCORES = {
    "ucp": {"a": log(2), "b": log(2), "c": entropy(0.1, 0.9)},
    # the middle of a label's contributions taken off: a has +-ln 3 / 4, b nothing, c +-1.95
    "cctp": {"c": 3.9, "a": log(3) / 2, "b": 0.0},
    "ectp": {"a": (divergence(A_V0, NOW) + divergence(A_V1, NOW)) / 2,
             "c": 0.1 * divergence(C_V0, NOW) + 0.9 * divergence(C_V1, NOW), "b": 0.0},
    "eudtp": {"a": entropy(*NOW) - (entropy(*A_V0) + entropy(*A_V1)) / 2,
              "c": entropy(*NOW) - 0.1 * entropy(*C_V0) - 0.9 * entropy(*C_V1), "b": 0.0},
}


@pytest.mark.parametrize("policy", SCORES)
def test_scores_by_hand(policy: str) -> None:
    scores = {found.concept: found.score for found in ranking(TOY, EFFECTS, policy)}
    assert scores == pytest.approx(SCORES[policy], abs=1e-9)
    assert list(scores) == sorted(scores, key=lambda concept: (-round(SCORES[policy][concept], 9), concept))


def test_the_toy_tells_the_policies_apart() -> None:
    """So that no policy could stand in for another above."""
    assert SCORES["ectp"]["a"] == pytest.approx(0.0340, abs=1e-4)
    assert SCORES["eudtp"]["a"] == pytest.approx(0.0291, abs=1e-4)
    assert len({tuple(sorted(scores.values())) for scores in SCORES.values()}) == len(SCORES)


def test_what_all_labels_share_does_not_count() -> None:
    """Concept b adds 2 to both labels; adding as much to a changes none of its scores."""
    shifted = EFFECTS.copy()
    shifted[0] += 100
    for policy in SCORES:
        found = ranking(toy_prediction(PROBABILITIES, shifted, REST), shifted, policy)
        assert {one.concept: one.score for one in found} == pytest.approx(SCORES[policy], abs=1e-7)


@pytest.mark.parametrize("policy", [*SCORES, "random"])
def test_what_is_set_is_left_out(policy: str) -> None:
    order = [found.concept for found in ranking(TOY, EFFECTS, policy)]
    assert sorted(order) == ["a", "b", "c"]
    for concept in order:
        rest = [found.concept for found in ranking(TOY, EFFECTS, policy, already_set=[concept])]
        assert rest == [other for other in order if other != concept]  # the random order stays the same, too
        first = next_concept(TOY, EFFECTS, policy, {concept})
        assert first is not None and first.concept == rest[0]
    assert next_concept(TOY, EFFECTS, policy, TOY.schema.concepts) is None


def test_a_tie_goes_to_the_first_concept_whatever_the_rounding() -> None:
    """The last of three equally uncertain concepts is a hair more uncertain, by rounding alone."""
    nearly = np.tile([0.3, 0.7], (3, 1))
    nearly[2] += [1e-13, -1e-13]
    assert value_entropy(ConceptState.of(toy_prediction(nearly, EFFECTS, REST), EFFECTS)).argmax() == 2
    for probabilities in (nearly, np.full((3, 2), 0.5)):
        found = ranking(toy_prediction(probabilities, EFFECTS, REST), EFFECTS, "ucp")
        assert [one.concept for one in found] == ["a", "b", "c"]


def test_random_is_seeded_and_fair() -> None:
    firsts = [next_concept(TOY, EFFECTS, "random", seed=seed) for seed in range(60)]
    assert firsts == [next_concept(TOY, EFFECTS, "random", seed=seed) for seed in range(60)]
    counts = [sum(found is not None and found.concept == concept for found in firsts) for concept in "abc"]
    assert min(counts) >= 10


@pytest.mark.parametrize("policy", SCORES)
def test_many_rows_at_once_are_each_row_alone(policy: str) -> None:
    score, effects = POLICIES[policy].score, random_toy(9)[1]
    assert score is not None
    rows = [ConceptState.of(random_toy(seed)[0], effects) for seed in range(4)]
    together = ConceptState(*(np.stack([getattr(row, name) for row in rows])
                           for name in ("probabilities", "contributions", "logits")), effects)
    np.testing.assert_allclose(score(together), [score(row) for row in rows])


def test_hopeless_logits_make_no_nan() -> None:
    effects = EFFECTS * 1000
    for policy in SCORES:
        assert np.isfinite([found.score for found in ranking(toy_prediction(PROBABILITIES, effects, REST), effects,
                                                             policy)]).all()


def test_a_set_concept_changes_what_the_others_are_worth() -> None:
    """Once c is v0, the label is surer of 0 and a moves it less."""
    logits = TOY.label_logits + EFFECTS[2, 0] - TOY.contributions[2]
    contributions = TOY.contributions.copy()
    contributions[2] = EFFECTS[2, 0]
    now = replace(TOY, label_logits=logits, contributions=contributions)
    before, after = (next_concept(seen, EFFECTS, "ectp", ["c"]) for seen in (TOY, now))
    assert before is not None and after is not None and after.score < before.score


@pytest.mark.parametrize("policy", ["lcp", "", "UCP"])
def test_an_unknown_policy_lists_the_known_ones(policy: str) -> None:
    """The oracle is none of them."""
    with pytest.raises(InputError, match="ectp, ucp, cctp, eudtp, random"):
        ranking(TOY, EFFECTS, policy)


def test_an_unknown_concept_is_refused() -> None:
    with pytest.raises(InputError, match="'x'; allowed: a, b, c"):
        next_concept(TOY, EFFECTS, already_set=["x"])


# -- reasons -------------------------------------------------------------------------------------------------------


def food(shares: tuple[float, float, float], four: float, three: float) -> tuple[Prediction, Effects]:
    """Restaurant reviews: food adds `four` to 4 stars when it is Positive and `three` to 3 stars when it is unknown."""
    effects = np.zeros((4, 3, 5))
    effects[0, 2, 3], effects[0, 1, 2] = four, three
    probabilities = np.tile([0.0, 1.0, 0.0], (4, 1))
    probabilities[0] = shares
    return replace(toy_prediction(probabilities, effects, np.array([0.0, 0, 0, 0.5, 0])),
                   schema=a_prediction().schema), effects


def reason(made: tuple[Prediction, Effects], policy: str) -> str:
    return next(found.reason for found in ranking(*made, policy) if found.concept == "food")


def test_the_default_says_how_sure_and_what_could_change() -> None:
    assert DEFAULT_POLICY == "ectp"
    assert reason(food((0.07, 0.41, 0.52), 2.0, 3.0), "ectp") == (
        "Its value is uncertain (0.52 Positive / 0.41 unknown / 0.07 Negative); set to unknown, it moves the rating "
        "from 4 stars to 3 stars.")
    assert reason(food((0.01, 0.03, 0.96), 2.0, 3.0), "ectp") == (  # unknown would change it, but is not likely
        "Its value is fairly certain (0.96 Positive); no likely value changes the rating, but setting it moves the "
        "probability of 4 stars from 0.73 to 0.75.")
    assert reason(food((0.3, 0.0, 0.7), 2.0, 0.0), "ectp") == (
        "Its value is uncertain (0.70 Positive / 0.30 Negative); no likely value changes the rating, but setting it "
        "moves the probability of 4 stars from 0.63 to between 0.29 and 0.75.")
    assert reason(food((0.0, 0.0, 1.0), 2.0, 0.0), "ectp").endswith("changes the rating, and hardly its probability.")


def test_each_policy_has_its_own_reason() -> None:
    made = food((0.07, 0.41, 0.52), 2.0, 3.0)
    assert reason(made, "ucp") == "Its value is uncertain (0.52 Positive / 0.41 unknown / 0.07 Negative)."
    assert reason(made, "cctp") == (  # 1.23 and 1.04 less their fifth 0.454, and three times that
        "As predicted, it moves the rating by 2.72 logits over all labels, most of all 3 stars (+0.78).")
    assert reason(made, "eudtp") == ("Once it is known, the rating is expected to be more certain: an entropy of 0.88 "
                                     "instead of 1.38 nats.")
    assert reason(food((0.0, 0.0, 1.0), 2.0, 0.0), "eudtp") == (
        "Once it is known, the rating is expected to be as certain as it is: an entropy of 0.90 nats.")
    assert reason(made, "random") == "Drawn at random, whatever the numbers say."


def test_every_policy_explains_itself() -> None:
    assert set(POLICIES) == {"ectp", "ucp", "cctp", "eudtp", "random"}
    for name, policy in POLICIES.items():
        assert policy_named(name) is policy and policy.title and policy.help.endswith(".")
