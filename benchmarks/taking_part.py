"""A scripted participant's way through a study, and what is wrong when its screens are held against the database."""

import random
import time
from collections.abc import Sequence
from dataclasses import dataclass, field

from websockets.exceptions import WebSocketException

from benchmarks.participant import Participant, Seen
from benchmarks.server import Server
from sparsecbm.data.samples import load_samples
from sparsecbm.figures.text import as_html, label_name, percent
from sparsecbm.schema import ConceptSchema
from sparsecbm.studies.log import Course, Shown
from sparsecbm.studies.protocol import CONFIDENCE, Arm, Case, Protocol, Question

ARMS: tuple[Arm, ...] = ("prediction", "overrides")


@dataclass
class Visit:
    """What one participant was shown: the number of events that each screen stood for, with the predictions on it."""

    number: int
    code: str | None = None
    screens: list[tuple[int, tuple[str, ...]]] = field(default_factory=list)
    milliseconds: list[float] = field(default_factory=list)
    problems: list[str] = field(default_factory=list)
    done: bool = False


def protocol(schema: ConceptSchema, checkpoint: str, cases: int) -> Protocol:
    """Built-in reviews, half of the cases with the prediction only and half with overrides."""
    samples = [sample for sample in load_samples(schema) if sample.label in schema.labels][:cases]
    made = tuple(Case(f"c{i}", sample.text, str(sample.label)) for i, sample in enumerate(samples))
    return Protocol("Load", "I take part.", schema, ARMS, made, checkpoint, "samples", questions=(
        *CONFIDENCE, Question("own", "Your own words", "text", "after")))


def take_part(server: Server, study: str, visit: Visit, thought: float, **more: str) -> None:
    """Click through the whole study; when the server goes, come back by the code."""
    chance = random.Random(visit.number)
    while not visit.done:
        try:
            link = {"study": study} | more | ({"code": visit.code} if visit.code else {})
            someone = Participant(server.address, **link)
            try:
                _go_on(someone, visit, chance, thought)
            finally:
                someone.close()
        except (OSError, EOFError, WebSocketException) as error:
            if not server.may_be_gone:
                visit.problems.append(f"{type(error).__name__}: {error}")
                return
            time.sleep(0.2)


def _go_on(someone: Participant, visit: Visit, chance: random.Random, thought: float) -> None:
    _note(visit, someone, Seen(someone.sequence, someone.drawn, 0.0))
    while True:
        labels = [button.label for button in someone.buttons]
        time.sleep(chance.expovariate(1 / thought) if thought else 0.0)
        if "I agree, and take part" in labels:
            seen = someone.press("I agree, and take part")
        elif "Open the case" in labels:
            seen = someone.press("Open the case")
        elif "Send my answer" in labels or "Send my final answer" in labels:
            seen = _answer(someone, visit, chance, labels)
        elif someone.tree.get("success"):
            visit.done = True
            return
        else:  # a case is being prepared
            time.sleep(0.5)
            someone.run()
            continue
        visit.milliseconds.append(seen.milliseconds)
        _note(visit, someone, seen)


def _answer(someone: Participant, visit: Visit, chance: random.Random, labels: Sequence[str]) -> Seen:
    panel = someone.concepts
    if panel is not None and chance.random() < 0.6:
        concept = chance.choice([one["name"] for one in panel["concepts"]])
        acts = [("set", concept, [0.0, 0.0, 1.0]), ("set", concept, [1.0, 0.0, 0.0]), ("unsure", concept)]
        return someone.seen(someone.act(*chance.choice([*acts, ("undo",)] if panel["history"]["undo"] else acts)))
    someone.choose(0, visit.number % 5)
    someone.choose(1, chance.randrange(7))
    if "Send my answer" in labels:
        return someone.press("Send my answer")
    someone.write(f"Words of {visit.code}")
    return someone.press("Send my final answer")


def _note(visit: Visit, someone: Participant, seen: Seen) -> None:
    visit.code = someone.code or visit.code
    if seen.sequence is not None and visit.code is not None:
        visit.screens.append((seen.sequence, seen.drawn))


def findings(visit: Visit, course: Course) -> list[str]:
    """What was shown to one participant and is not so in the database."""
    wrong, schema = list(visit.problems), course.protocol.schema
    if [event.entry.sequence for event in course.events] != list(range(len(course.events))):
        wrong.append("the numbers of the events have a gap or a repetition")
    if len({event.entry.key for event in course.events}) != len(course.events):
        wrong.append("a click was written twice")
    for event in course.events:
        if event.entry.answers.get("own", f"Words of {visit.code}") != f"Words of {visit.code}":
            wrong.append("an answer of somebody else")
    for sequence, drawn in visit.screens:
        if sequence > len(course.events):
            wrong.append(f"a screen stood for {sequence} events, {len(course.events)} are kept")
        after = course.events[sequence - 1].after if 0 < sequence <= len(course.events) else None
        if drawn and after is not None and not drawn[-1].endswith(spoken(after, schema)):
            wrong.append(f"after event {sequence - 1} another answer was drawn than is kept")
    if visit.done and len([event for event in course.events if event.entry.action == "final"]) != len(course.trials):
        wrong.append("not every case that was ended is kept")
    return wrong


def spoken(shown: Shown, schema: ConceptSchema) -> str:
    """An answer of the model as a screen reader has it."""
    return as_html(", ".join(f"{label_name(label, schema)} {percent(share)}"
                             for label, share in shown["probabilities"].items()))
