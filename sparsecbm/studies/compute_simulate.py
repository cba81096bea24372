"""Simulated participants: annotators by a simple model take part through the same service and leave the same log.

Made to check a design before people are asked. The results say what the assumptions below say, no more.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from uuid import uuid4

import numpy as np

from sparsecbm.concepts.compute_policies import DEFAULT_POLICY, policy_named
from sparsecbm.errors import InputError
from sparsecbm.intervals import Interval, wilson
from sparsecbm.service import Explainer
from sparsecbm.studies.analysis import case_table, comparisons
from sparsecbm.studies.compute_service import ModelAnswers, StudyService
from sparsecbm.studies.design import trials
from sparsecbm.studies.log import Action, Course, Entry, Event, Log, Participant, Recorded
from sparsecbm.studies.protocol import HIGHEST, Moment, Protocol, offers
from sparsecbm.studies.run import Step, step_of
from sparsecbm.studies.store import Store

Progress = Callable[[float], None]

#: The most simulated participants, and the most repeats of a study.
MOST_PARTICIPANTS, MOST_REPEATS = 10_000, 10_000
#: Confidence of an annotator: alone, when the model agrees, and when it does not.
ALONE, AGREEING, DISAGREEING = 3, 5, 2


@dataclass(frozen=True)
class Annotator:
    """A participant by assumption. All rates lie in 0..1; InputError for others, or an unknown policy.

    skill       how often the own answer is the true label, otherwise any other one
    trust       how often the model's answer, after what was set, is taken over from an own answer that differs
    policy      the order in which concepts are checked, at most `most` of them, where the arm lets them be set
    error_rate  how often a concept is set to a wrong value; one without a known truth is marked as not sure
    lapse_rate  how often the final answer is any label at all
    seconds     mean time for a case; times are log-normal with a spread of a factor of about 1.6
    """

    skill: float = 0.7
    trust: float = 0.6
    policy: str = DEFAULT_POLICY
    most: int = 2
    error_rate: float = 0.1
    lapse_rate: float = 0.02
    seconds: float = 20.0

    def __post_init__(self) -> None:
        policy_named(self.policy)
        rates = {"skill": self.skill, "trust": self.trust, "error_rate": self.error_rate, "lapse_rate": self.lapse_rate}
        for name, rate in rates.items():
            if not 0 <= rate <= 1:
                raise InputError(f"Got {name} {rate}; allowed: 0 to 1.")
        if self.most < 0 or not 0 < self.seconds < np.inf:
            raise InputError(f"Got {self.most} concepts and {self.seconds} seconds; allowed: 0 or more concepts and a "
                             "positive time.")


class MemoryLog:
    """Simulated participants of one protocol in memory only: for many studies in a row."""

    def __init__(self, protocol: Protocol) -> None:
        self._protocol, self.courses = protocol, dict[str, Course]()

    def enrol(self) -> str:
        """Take a participant in; returns the code."""
        number = len(self.courses)
        who = Participant("memory", str(number), "simulated", number)
        self.courses[who.code] = Course(self._protocol, who, trials(self._protocol, number), ())
        return who.code

    def course(self, code: str) -> Course:
        """The course of a participant."""
        return self.courses[code]

    def append(self, code: str, event: Event) -> Recorded:
        """Add an event; nobody else does meanwhile."""
        before = self.courses[code]
        self.courses[code] = replace(before, events=(*before.events, event))
        return Recorded("written", event, self.courses[code])


class Simulation:
    """Annotators who take part in a study."""

    def __init__(self, log: Log, explainer: Explainer) -> None:
        self._log, self._service, self._answers = log, StudyService(log, explainer), ModelAnswers(explainer)
        self._explainer = explainer

    def take_part(self, code: str, annotator: Annotator, seed: int) -> Course:
        """Go through a study from where the participant is to its end. `seed` and the number decide all chances."""
        course = self._log.course(code)
        random = np.random.default_rng([seed, course.participant.number])
        while (step := step_of(course)).stage != "done":
            course = self._one(course, step, annotator, random)
        return course

    def _one(self, course: Course, step: Step, annotator: Annotator, random: np.random.Generator) -> Course:
        """The next step, or a whole case from its first answer on."""
        if step.trial is None or step.stage == "ready":
            plain: Mapping[str, Action] = {"consent": "consent", "start": "answers", "end": "answers", "ready": "open"}
            moment: Moment | None = step.stage if step.stage in ("start", "end") else None
            return self._act(course, plain[step.stage], answers=_rated(course.protocol, moment, ALONE))
        case = course.protocol.case_of[step.trial.case]
        labels = course.protocol.schema.labels
        own = case.label if random.random() < annotator.skill else _other(case.label, labels, random)
        elapsed = 1000 * annotator.seconds * random.lognormal(-0.125, 0.5, size=2)  # its mean is 1
        if step.stage == "first":
            course = self._act(course, "first", to=own, elapsed_ms=int(elapsed[0] / 2),
                               answers=_rated(course.protocol, "before", ALONE))
        if offers(step.trial.arm, "overrides"):
            course = self._set_concepts(course, annotator, random)
        seen = step_of(course).shown
        said = own if seen is None else str(seen["label"])
        last = said if random.random() < annotator.trust else own
        if random.random() < annotator.lapse_rate:
            last = str(random.choice(labels))
        confidence = AGREEING if own == said else DISAGREEING
        return self._act(course, "final", to=last, elapsed_ms=int(elapsed.sum() / 2) + 1,
                         answers=_rated(course.protocol, "after", confidence))

    def _set_concepts(self, course: Course, annotator: Annotator, random: np.random.Generator) -> Course:
        """Check concepts in the policy's order, computed anew after each; set each to what the annotator reads."""
        schema = course.protocol.schema
        for _ in range(min(annotator.most, len(schema.concepts))):
            step = step_of(course)
            assert step.trial is not None
            case, edits = course.protocol.case_of[step.trial.case], step.edits
            prediction = self._answers.prediction(case.text, edits)
            looked_at = (*edits.overrides, *edits.unsure)
            chance = int(random.integers(2**31))
            concept = self._explainer.suggest(prediction, annotator.policy, looked_at, chance)[0].concept
            if concept not in case.concepts:
                course = self._act(course, "unsure", concept=concept)
                continue
            true = case.concepts[concept]
            value = _other(true, schema.values_of(concept), random) if random.random() < annotator.error_rate else true
            course = self._act(course, "set", concept=concept, to=value)
        return course

    def _act(self, course: Course, action: Action, **entered: object) -> Course:
        entry = replace(Entry(action, len(course.events), uuid4().hex), **entered)  # type: ignore[arg-type]
        recorded = self._service.act(course.participant.code, entry)
        if recorded.status != "written":
            raise InputError(f"Event {entry.sequence} of participant {course.participant.code} is {recorded.status}: "
                             "somebody else used the code of a simulated participant. Simulate again.")
        return recorded.course


def simulate(
    store: Store, study: str, explainer: Explainer, annotator: Annotator, participants: int, seed: int = 0,
    progress: Progress = lambda _: None,
) -> tuple[str, ...]:
    """Let simulated participants take part in a study of the database; returns their codes.

    `progress` gets the share done, 0..1, and may raise Cancelled. CheckpointError when another model is loaded.
    """
    check_participants(participants, seed)
    ModelAnswers(explainer).check(store.study(study).protocol)
    run, codes = Simulation(store, explainer), list[str]()
    for number in range(participants):
        codes.append(store.enrol(study, "simulated"))
        run.take_part(codes[-1], annotator, seed)
        progress((number + 1) / participants)
    return tuple(codes)


def check_participants(participants: int, seed: int, repeats: int = 1) -> None:
    """InputError unless there is someone to simulate, not too often, and the seed is not negative."""
    for count, what, most in ((participants, "participants", MOST_PARTICIPANTS), (repeats, "repeats", MOST_REPEATS)):
        if not 1 <= count <= most:
            raise InputError(f"Got {str(count)[:20]} {what}; allowed: 1 to {most:,}.")
    if seed < 0:
        raise InputError(f"Got seed {seed}; allowed: 0 or more.")


def in_memory(
    protocol: Protocol, explainer: Explainer, annotator: Annotator, participants: int, seed: int = 0,
    progress: Progress = lambda _: None,
) -> tuple[Course, ...]:
    """As `simulate`, but in memory only: the courses."""
    check_participants(participants, seed)
    log = MemoryLog(protocol)
    run = Simulation(log, explainer)
    for number in range(participants):
        run.take_part(log.enrol(), annotator, seed)
        progress((number + 1) / participants)
    return tuple(log.courses.values())


def _rated(protocol: Protocol, moment: Moment | None, confidence: int) -> dict[str, int | str]:
    """Answers to a moment's questions: the confidence, the middle for agreement, nothing in words unless required."""
    answers: dict[str, int | str] = {}
    for question in protocol.asked(moment) if moment else ():
        if question.kind != "text":
            answers[question.id] = confidence if question.kind == "confidence" else HIGHEST // 2
        elif question.required:
            answers[question.id] = "simulated"
    return answers


def _other(true: str, names: tuple[str, ...], random: np.random.Generator) -> str:
    return str(random.choice([name for name in names if name != true]))


#: A comparison counts as found below this p, corrected for the others of the same outcome.
LEVEL = 0.05


@dataclass(frozen=True)
class Power:
    """A comparison in `repeats` simulated studies: the share that finds it, and the mean difference."""

    outcome: str
    arm: str
    against: str
    share: float
    difference: float
    repeats: int

    @property
    def interval(self) -> Interval:
        """The 95 % interval of the share, 0..1: so many studies were simulated and no more."""
        return wilson(round(self.share * self.repeats), self.repeats)


def power(
    protocol: Protocol, explainer: Explainer, annotator: Annotator, participants: int, repeats: int, seed: int = 0,
    progress: Progress = lambda _: None,
) -> tuple[Power, ...]:
    """Simulate a study `repeats` times, and count. A comparison without a test finds nothing.

    `progress` gets the share done, 0..1, after each participant, and may raise Cancelled. InputError as
    `check_participants`.
    """
    check_participants(participants, seed, repeats)
    found: dict[tuple[str, str, str], list[tuple[bool, float]]] = {}
    for repeat in range(repeats):
        courses = in_memory(protocol, explainer, annotator, participants, seed * 1_000_003 + repeat,
                            lambda share, repeat=repeat: progress((repeat + share) / repeats))  # type: ignore[misc]
        for group in comparisons(protocol, case_table(courses)):
            for one in group:
                significant = one.p_holm is not None and one.p_holm < LEVEL
                found.setdefault((one.outcome, one.arm, one.against), []).append((significant, one.difference.value))
    return tuple(Power(*what, sum(hit for hit, _ in seen) / repeats, sum(value for _, value in seen) / len(seen),
                       repeats) for what, seen in found.items())
