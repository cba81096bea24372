"""Twenty participants at once: nobody's events are lost or end up with somebody else, and the design balances."""

import random
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

from sparsecbm.service import Explainer
from sparsecbm.studies.compute_service import StudyService, new_key
from sparsecbm.studies.log import Entry
from sparsecbm.studies.protocol import CONFIDENCE, Question
from sparsecbm.studies.run import step_of
from sparsecbm.studies.store import Store
from tests.studies.toys import a_protocol

PEOPLE = 20


def take_part(
    service: StudyService, store: Store, study: str, number: int, all_at_once: Barrier
) -> tuple[str, list[str]]:
    """One participant's whole course; the code, and what was done in which order."""
    chance, did = random.Random(number), list[str]()
    all_at_once.wait()
    code = store.enrol(study)
    step = step_of(store.course(code))
    while step.stage != "done":
        action, entered = step.allowed[-1], {}
        if step.stage == "help" and "set" in step.allowed and chance.random() < 0.5:
            action, entered = "set", {"concept": "soup", "to": chance.choice(["Negative", "Positive"])}
        elif action in ("first", "final"):
            moment = "before" if action == "first" else "after"
            own = {"own": f"words of {number}"} if action == "final" else {}
            entered = {"to": chance.choice(["bad", "good"]), "answers": {f"confidence_{moment}": number % 7} | own}
        recorded = service.act(code, Entry(action, step.sequence, new_key(), **entered))  # type: ignore[arg-type]
        assert recorded.status == "written"
        did.append(action)
        step = step_of(recorded.course)
    return code, did


def test_nothing_is_lost_or_crossed_and_the_design_balances(url: str, explainer: Explainer) -> None:
    own = Question("own", "Your own words", "text", "after")
    with Store.open(url) as store:
        study = store.add_study(a_protocol(4, questions=(*CONFIDENCE, own), checkpoint=explainer.checkpoint.hash))
        service, all_at_once = StudyService(store, explainer), Barrier(PEOPLE)
        with ThreadPoolExecutor(PEOPLE) as pool:
            came = list(pool.map(lambda number: take_part(service, store, study, number, all_at_once), range(PEOPLE)))
    with Store.open(url) as fresh:  # what is on the disk
        courses = {course.participant.code: course for course in fresh.courses(study)}
    assert len(courses) == PEOPLE and {course.participant.number for course in courses.values()} == set(range(PEOPLE))
    for number, (code, did) in enumerate(came):
        course = courses[code]
        assert [event.entry.action for event in course.events] == did
        assert [event.entry.sequence for event in course.events] == list(range(len(did)))
        finals = [event.entry for event in course.events if event.entry.action == "final"]
        given = {"own": f"words of {number}", "confidence_after": number % 7}
        assert [entry.answers for entry in finals] == 4 * [given]
    orders = Counter(tuple(dict.fromkeys(trial.arm for trial in course.trials)) for course in courses.values())
    assert orders == {("prediction", "overrides"): PEOPLE // 2, ("overrides", "prediction"): PEOPLE // 2}
    seen = Counter((trial.case, trial.arm) for course in courses.values() for trial in course.trials)
    assert set(seen.values()) == {PEOPLE // 2}  # each case as often in each arm
