"""Orders and arms balance exactly, and are the same for the same seed and number."""

from collections import Counter
from dataclasses import replace
from itertools import pairwise, product

import pytest

from sparsecbm.studies.design import participants_to_balance, trials, williams
from sparsecbm.studies.protocol import ARMS, Case, Protocol
from tests.studies.toys import a_protocol


@pytest.mark.parametrize("items", range(1, 8))
def test_a_williams_design_balances_places_and_neighbours(items: int) -> None:
    rows = williams(items).tolist()
    assert len(rows) == (items if items % 2 == 0 or items == 1 else 2 * items)
    assert all(sorted(row) == list(range(items)) for row in rows)
    places = Counter((place, item) for row in rows for place, item in enumerate(row))
    assert set(places.values()) == {len(rows) // items}
    neighbours = Counter(pair for row in rows for pair in pairwise(row))
    assert set(neighbours) == {(a, b) for a, b in product(range(items), repeat=2) if a != b}
    assert len(set(neighbours.values())) <= 1


@pytest.mark.parametrize("arms", [1, 2, 3, 4])
def test_within_each_arm_meets_each_case_on_each_place_equally_often(arms: int) -> None:
    names = tuple(ARMS)[:arms]
    protocol = a_protocol(2 * arms, arms=names, practice=(Case("p", "Practice.", "bad"),))
    everyone = [trials(protocol, number) for number in range(participants_to_balance(protocol))]
    counted = [[trial for trial in one if not trial.practice] for one in everyone]
    for one in everyone:
        assert [trial.position for trial in one] == list(range(3 * arms))
        assert [trial.practice for trial in one] == [True, False, False] * arms  # each arm is practised first
        assert [trial.block for trial in one] == [block for block in range(arms) for _ in range(3)]
        assert len({trial.arm for trial in one}) == arms and all(len({trial.arm for trial in one[i : i + 3]}) == 1
                                                                 for i in range(0, 3 * arms, 3))
    assert all(sorted(trial.case for trial in one) == sorted(case.id for case in protocol.cases) for one in counted)
    met = Counter((trial.arm, trial.case, trial.block) for one in counted for trial in one)
    assert set(met.values()) == {len(everyone) // arms**2} and len(met) == arms * 2 * arms * arms
    after = Counter(pair for one in counted for pair in pairwise(dict.fromkeys(trial.arm for trial in one)))
    assert len(set(after.values())) <= 1 and len(after) == arms * (arms - 1)


def test_within_already_one_square_balances_arms_with_cases_and_places() -> None:
    protocol = a_protocol(4, arms=("prediction", "words", "concepts", "overrides"))
    met = [trial for number in range(4) for trial in trials(protocol, number)]
    assert set(Counter((trial.arm, trial.case) for trial in met).values()) == {1}
    assert set(Counter((trial.arm, trial.position) for trial in met).values()) == {1}


@pytest.mark.parametrize("cases", [4, 3])
def test_between_each_arm_goes_through_the_whole_square_of_cases(cases: int) -> None:
    protocol = a_protocol(cases, arms=("prediction", "words", "overrides"), between=True)
    everyone = [trials(protocol, number) for number in range(participants_to_balance(protocol))]
    assert all(len({trial.arm for trial in one}) == 1 and len(one) == cases for one in everyone)
    for three in zip(*[iter(everyone)] * 3, strict=True):
        assert {one[0].arm for one in three} == set(protocol.arms)
    met = Counter((trial.arm, trial.case, trial.position) for one in everyone for trial in one)
    assert len(met) == 3 * cases**2 and len(set(met.values())) == 1
    follows = Counter((one[0].arm, a.case, b.case) for one in everyone for a, b in pairwise(one))
    assert len(follows) == 3 * cases * (cases - 1) and len(set(follows.values())) == 1


@pytest.mark.parametrize("between", [False, True])
def test_seed_and_number_decide(between: bool) -> None:
    protocol = a_protocol(6, between=between)
    first = [trials(protocol, number) for number in range(24)]
    assert [trials(protocol, number) for number in range(24)] == first
    assert [trials(replace(protocol, seed=1), number) for number in range(24)] != first


def test_shares_of_cases_are_alike_in_outcome_and_label() -> None:
    cases = tuple(Case(f"c{i}", "Soup.", "good" if i % 3 else "bad", outcome="right" if i % 2 else "wrong")
                  for i in range(12))
    protocol = replace(a_protocol(), cases=cases)
    for number in range(4):
        blocks = [[protocol.case_of[trial.case] for trial in trials(protocol, number) if trial.block == block]
                  for block in (0, 1)]
        assert all(Counter((case.outcome, case.label) for case in block) == {
            ("right", "bad"): 1, ("right", "good"): 2, ("wrong", "bad"): 1, ("wrong", "good"): 2} for block in blocks)


def test_practice_is_dealt_out_over_the_arms_and_old_protocols_stay_as_they_are() -> None:
    cases = tuple(Case(f"p{i}", "Practice.", "bad") for i in range(4))
    old, dealt = (a_protocol(practice=cases, deal_practice=on) for on in (False, True))

    def practised(protocol: Protocol) -> list[str]:
        return [trial.case for trial in trials(protocol, 0) if trial.practice]

    assert practised(old) == ["p0", "p1", "p2", "p3"] * 2 and practised(dealt) == ["p0", "p2", "p1", "p3"]
    assert practised(replace(dealt, between=True)) == ["p0", "p1", "p2", "p3"]
    assert practised(replace(dealt, practice=cases[:1])) == ["p0", "p0"]  # fewer than arms
    assert "deal_practice" not in old.to_json() and Protocol.from_json(old.to_json()) == old
    assert Protocol.from_json(dealt.to_json()) == dealt and dealt.digest != old.digest
