"""Simulated participants do what their numbers say, the same way each time, through the same log."""

from dataclasses import replace
from pathlib import Path

import pytest

from sparsecbm.errors import CheckpointError, InputError
from sparsecbm.service import Explainer
from sparsecbm.studies.analysis import case_table
from sparsecbm.studies.compute_simulate import Annotator, in_memory, power, simulate
from sparsecbm.studies.log import Course
from sparsecbm.studies.protocol import Case, Protocol, Question
from sparsecbm.studies.run import step_of
from sparsecbm.studies.store import Store
from tests.helpers import TOY, toy_reviews
from tests.studies.toys import a_protocol

#: Who is always right, never moved, and reads every concept as it is.
PERFECT = Annotator(skill=1.0, trust=0.0, error_rate=0.0, lapse_rate=0.0)


@pytest.fixture(scope="module")
def protocol(explainer: Explainer) -> Protocol:
    """Eight cases, half of them without a known room; two arms; questions of every kind."""
    cases = tuple(Case(f"c{i}", review.text, TOY.labels[review.label], {
        concept: TOY.values[value] for concept, value in zip(TOY.concepts, review.concepts, strict=True)
        if concept == "soup" or i % 2}) for i, review in enumerate(toy_reviews()[:8]))
    asked = (*a_protocol().questions, Question("start", "?", "text", "start"), Question("end", "?", "agreement", "end"))
    return a_protocol(cases=cases, questions=asked, checkpoint=explainer.checkpoint.hash)


def plain(course: Course) -> list[object]:
    """What was done, without what differs by the moment."""
    return [(replace(event.entry, key=""), event.position, event.before, event.after) for event in course.events]


def test_a_perfect_annotator_is_right_and_sets_what_is_true(protocol: Protocol, explainer: Explainer) -> None:
    courses = in_memory(protocol, explainer, PERFECT, 4)
    table = case_table(courses)
    assert all(step_of(course).stage == "done" for course in courses) and len(table) == 32
    assert (table["first"] == table["truth"]).all() and (table["final"] == table["truth"]).all()
    for course in courses:
        for event in course.events:
            case = protocol.case_of.get(event.case or "")
            if event.entry.action == "set":
                assert case is not None and event.entry.to == case.concepts[event.entry.concept or ""]
            if event.entry.action == "unsure":
                assert case is not None and event.entry.concept not in case.concepts
    by_arm = table.groupby("arm")["interventions"].agg(["min", "max"])
    assert by_arm.loc["prediction"].tolist() == [0, 0] and by_arm.loc["overrides"].tolist() == [2, 2]
    orders = table[table["arm"] == "overrides"]["order"]
    first = {case.id: explainer.suggest(explainer.predict(case.text))[0].concept for case in protocol.cases}
    assert [order.partition(">")[0] for order in orders] == [
        first[case] for case in table[table["arm"] == "overrides"]["case"]]


def test_rates_do_what_they_say(protocol: Protocol, explainer: Explainer) -> None:
    wrong = case_table(in_memory(protocol, explainer, replace(PERFECT, skill=0.0, error_rate=1.0), 2))
    assert not (wrong["first"] == wrong["truth"]).any() and not wrong["right_with"].any()
    follows = case_table(in_memory(protocol, explainer, replace(PERFECT, skill=0.0, trust=1.0), 2))
    assert (follows["final"] == follows["advice_after"]).all()
    lapses = case_table(in_memory(protocol, explainer, replace(PERFECT, lapse_rate=1.0), 8))
    assert 0.15 < lapses["right_with"].mean() < 0.55  # a third by chance
    with pytest.raises(InputError, match="error_rate 2.0"):
        Annotator(error_rate=2.0)
    with pytest.raises(InputError, match="policy 'best'"):
        Annotator(policy="best")


def test_in_the_store_the_same_happens(protocol: Protocol, explainer: Explainer, tmp_path: Path) -> None:
    some = Annotator()
    with Store.open(f"sqlite:///{tmp_path}/s.sqlite") as store:
        study = store.add_study(protocol)
        codes = simulate(store, study, explainer, some, 2, seed=4)
        kept = store.courses(study, ("simulated",))
        assert [course.participant.code for course in kept] == list(codes) and store.courses(study) == ()
        other = store.add_study(a_protocol(name="Another"))
        with pytest.raises(CheckpointError, match="was made for"):
            simulate(store, other, explainer, some, 1)
    memory, another = (in_memory(protocol, explainer, some, 2, seed) for seed in (4, 5))
    assert [plain(course) for course in kept] == [plain(course) for course in memory]
    assert [plain(course) for course in memory] != [plain(course) for course in another]


def test_power_counts_the_studies_that_find_a_difference(protocol: Protocol, explainer: Explainer) -> None:
    sure = power(protocol, explainer, replace(PERFECT, skill=0.5, trust=0.0), 2, 2)
    accuracy = [one for one in sure if (one.outcome, one.against) == ("right_with", "without help")]
    assert len(accuracy) == 2 and all(one.share == 0 and one.difference == 0 for one in accuracy)
    assert all(one.repeats == 2 and one.share in (0, 0.5, 1) for one in sure)
    with pytest.raises(InputError, match="0 repeats"):
        power(protocol, explainer, PERFECT, 4, 0)
    with pytest.raises(InputError, match="0 participants"):
        power(protocol, explainer, PERFECT, 0, 1)
