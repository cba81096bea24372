"""How far a running study is: counts only, so that nobody sees outcomes before the end."""

from collections.abc import Sequence
from dataclasses import dataclass

from sparsecbm.studies.log import Course
from sparsecbm.studies.protocol import Protocol
from sparsecbm.studies.run import ENDING, step_of


@dataclass(frozen=True)
class ArmCount:
    """An arm: participants who have it, those who went through all of its cases, and its cases, ended and in all.

    Practice is not counted. `timed_out` are cases that ended without an answer.
    """

    arm: str
    participants: int
    finished: int
    cases: int
    cases_ended: int
    timed_out: int


@dataclass(frozen=True)
class Progress:
    """Participants who came, consented and finished, and the counts of each arm."""

    enrolled: int
    consented: int
    finished: int
    arms: tuple[ArmCount, ...]


def progress_of(protocol: Protocol, courses: Sequence[Course]) -> Progress:
    """The counts over some courses of a study."""
    stages = [step_of(course).stage for course in courses]
    return Progress(len(courses), sum(stage != "consent" for stage in stages), stages.count("done"),
                    tuple(_count(arm, courses) for arm in protocol.arms))


def _count(arm: str, courses: Sequence[Course]) -> ArmCount:
    participants = finished = cases = ended = timed_out = 0
    for course in courses:
        mine = {trial.position for trial in course.trials if trial.arm == arm and not trial.practice}
        last = [event.entry.action for event in course.events
                if event.position in mine and event.entry.action in ENDING]
        participants += bool(mine)
        finished += bool(mine) and len(last) == len(mine)
        cases += len(mine)
        ended += len(last)
        timed_out += last.count("timeout")
    return ArmCount(arm, participants, finished, cases, ended, timed_out)
