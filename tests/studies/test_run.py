"""What comes next for a participant follows from the log alone."""

from datetime import timedelta
from typing import Any

import pytest

from sparsecbm.errors import InputError
from sparsecbm.studies.design import trials
from sparsecbm.studies.log import Course, Entry, Event, Participant
from sparsecbm.studies.protocol import Protocol, Question
from sparsecbm.studies.run import check, edits_of, is_late, step_of
from tests.studies.toys import START, a_protocol, an_event, seen

SETTING = ("set", "unsure", "reset")


def course_of(protocol: Protocol, *events: Event) -> Course:
    return Course(protocol, Participant("s", "P", "person", 0), trials(protocol, 0), events)


def walk(protocol: Protocol, *actions: str) -> list[tuple[str, tuple[str, ...], int | None]]:
    """Stage, allowed actions and trial before each action, and after the last; each must be allowed."""
    course, seen_on_the_way = course_of(protocol), []
    for action in (*actions, None):
        step = step_of(course)
        assert step.sequence == len(course.events)
        seen_on_the_way.append((step.stage, step.allowed, step.trial.position if step.trial else None))
        if action is not None:
            assert action in step.allowed
            at = {} if step.trial is None else {"position": step.trial.position, "case": step.trial.case}
            course = course_of(protocol, *course.events, an_event(action, len(course.events), concept="soup", **at))
    return seen_on_the_way


def test_the_whole_way_with_all_that_can_be_asked() -> None:
    ask = [Question(moment, "?", "text", moment) for moment in ("start", "before", "after", "end")]
    protocol = a_protocol(2, arms=("subnetworks",), questions=tuple(ask), time_limit_s=60)
    everything = (*SETTING, "revise", "final", "timeout")
    way = ("consent", "answers", "open", "first", "set", "undo", "final", "open", "timeout", "answers")
    assert walk(protocol, *way) == [
        ("consent", ("consent",), None), ("start", ("answers",), None), ("ready", ("open",), 0),
        ("first", ("first", "timeout"), 0), ("help", everything, 0),
        ("help", (*SETTING, "revise", "undo", "final", "timeout"), 0), ("help", everything, 0), ("ready", ("open",), 1),
        ("first", ("first", "timeout"), 1), ("end", ("answers",), None), ("done", (), None)]


@pytest.mark.parametrize(("arm", "allowed"), [
    ("prediction", ("final",)), ("words", ("final",)), ("concepts", ("final",)), ("overrides", (*SETTING, "final")),
    ("subnetworks", (*SETTING, "revise", "final")),
])
def test_an_arm_allows_what_it_has(arm: Any, allowed: tuple[str, ...]) -> None:
    protocol = a_protocol(1, arms=(arm,), answer_first=False, questions=())
    assert walk(protocol, "consent", "open", "final") == [
        ("consent", ("consent",), None), ("ready", ("open",), 0), ("help", allowed, 0), ("done", (), None)]


def test_edits_in_force_are_those_not_undone() -> None:
    made = [an_event("set", 0, concept="soup", to="Positive"), an_event("unsure", 1, concept="room"),
            an_event("revise", 2, concept="soup", to="Negative"), an_event("set", 3, concept="room", to="0.2,0.3,0.5"),
            an_event("reset", 4, concept="soup")]
    edits = edits_of(made)
    assert (edits.overrides, edits.unsure, edits.undoable) == ({"room": "0.2,0.3,0.5"}, (), 5)
    assert edits.revisions == (made[2].entry,)
    back = edits_of([*made, an_event("undo", 5), an_event("undo", 6), an_event("undo", 7)])
    assert (back.overrides, back.unsure, back.revisions, back.undoable) == ({"soup": "Positive"}, ("room",), (), 2)


def test_what_is_shown_is_of_this_case_alone() -> None:
    protocol = a_protocol(2, arms=("overrides",))
    begun = [an_event("consent", 0), an_event("open", 1, position=0),
             an_event("first", 2, position=0, after=seen("bad")),
             an_event("set", 3, position=0, concept="soup", to="Positive", after=seen("good"))]
    assert step_of(course_of(protocol, *begun[:2])).shown is None
    assert step_of(course_of(protocol, *begun)).shown == seen("good")
    after = step_of(course_of(protocol, *begun, an_event("final", 4, position=0), an_event("open", 5, position=1)))
    assert after.shown is None and after.edits.overrides == {} and (after.finished, after.total) == (1, 2)


def test_time_is_over_after_the_limit_and_a_little() -> None:
    protocol = a_protocol(1, arms=("prediction",), time_limit_s=30)
    course = course_of(protocol, an_event("consent", 0), an_event("open", 1, 10, position=0))
    step = step_of(course)
    assert step.deadline == START + timedelta(seconds=40)
    answer, timeout = Entry("first", 2, "k", to="good", answers={"confidence_before": 3}), Entry("timeout", 2, "k")
    assert [is_late(step, answer, START + timedelta(seconds=s)) for s in (40, 42, 43)] == [False, False, True]
    assert not is_late(step, timeout, START + timedelta(seconds=1000))
    check(course, step, timeout, START + timedelta(seconds=40))
    with pytest.raises(InputError, match="timeout came before"):
        check(course, step, timeout, START + timedelta(seconds=39))


@pytest.mark.parametrize(("changes", "part"), [
    ({"action": "final"}, "allowed: first"), ({"to": "best"}, "Unknown label 'best'"), ({"to": None}, "Unknown label"),
    ({"answers": {}}, "no answer"), ({"answers": {"confidence_before": 7}}, "0 to 6"),
    ({"answers": {"confidence_before": -1}}, "0 to 6"), ({"answers": {"confidence_before": True}}, "0 to 6"),
    ({"answers": {"confidence_before": "3"}}, "0 to 6"), ({"client_time": "\0"}, "cannot be stored"),
    ({"answers": {"confidence_before": 3, "x": 1}}, "question 'x'"), ({"key": "\ud800"}, "cannot be stored"),
    ({"answers": {"confidence_before": 3, "why": "\0"}}, "cannot be stored"),
    ({"answers": {"confidence_before": 3, "why": "x" * 4001}}, "4,000 characters"), ({"key": ""}, "key has 0"),
    ({"key": "k" * 81}, "key has 81"), ({"elapsed_ms": -1}, "-1 ms"), ({"client_time": "x" * 81}, "client time"),
])
def test_an_entry_that_does_not_fit_is_refused(changes: dict[str, Any], part: str) -> None:
    questions = (*a_protocol().questions, Question("why", "Why?", "text", "before", required=False))
    course = course_of(a_protocol(questions=questions), an_event("consent", 0), an_event("open", 1, position=0))
    good: dict[str, Any] = {"action": "first", "sequence": 2, "key": "k", "to": "good",
                            "answers": {"confidence_before": 0, "why": "so"}}
    check(course, step_of(course), Entry(**good), START)
    with pytest.raises(InputError, match=part):
        check(course, step_of(course), Entry(**good | changes), START)
