"""The protocol of a study: what its participants see, answer and are asked; also as a file."""

import hashlib
import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import field, replace
from functools import cached_property
from pathlib import Path
from typing import Any, Literal, get_args

from pydantic import ConfigDict
from pydantic.dataclasses import dataclass

from sparsecbm.config import from_json, to_json
from sparsecbm.errors import ConfigError, DataError
from sparsecbm.schema import ConceptSchema

Arm = Literal["prediction", "words", "concepts", "overrides", "subnetworks"]
Moment = Literal["start", "before", "after", "end"]
Kind = Literal["confidence", "agreement", "text"]

#: What an arm shows or allows, the least first; an arm offers everything that those before it offer.
ARMS: Mapping[Arm, str] = {
    "prediction": "the prediction only",
    "words": "and how much each word counts",
    "concepts": "and what the model reads of each concept",
    "overrides": "and concepts that can be set, or marked as not sure",
    "subnetworks": "and subnetworks that can be revised",
}
#: Confidence and agreement are whole numbers from 0, not at all, to this, fully.
HIGHEST = 6
#: Characters that a text may have.
LONGEST = {"name": 80, "consent": 20_000, "id": 80, "question": 1000, "answer": 4000, "hash": 200, "external id": 200}
#: The least and the most of what is counted; a day for a case, and numbers that every database holds.
BOUNDS = {"version": (1, 2**31 - 1), "arms": (1, len(ARMS)), "cases": (1, 1000), "practice": (0, 1000),
          "questions": (0, 100), "external_ids": (0, 10), "time_limit_s": (5, 86_400), "seed": (0, 2**63 - 1)}
#: Parts of a link that have a meaning of their own.
_TAKEN = ("study", "code", "dry", "embed", "embed_options")
#: Settings that later releases added; they are written only where they are set, so that old digests stay.
_ADDED = ("deal_practice", "external_ids")

_STRICT = ConfigDict(extra="forbid")


def offers(arm: Arm, what: Arm) -> bool:
    """True when an arm has what another arm adds, e.g. overrides."""
    order = get_args(Arm)
    return order.index(arm) >= order.index(what)


@dataclass(frozen=True, config=_STRICT)
class Case:
    """A text to judge. `label` and `concepts` (value by concept, where there is a majority) are gold and never shown.

    `outcome` is the group that the case was drawn from, e.g. whether the model's own prediction is right or wrong.
    """

    id: str
    text: str
    label: str
    concepts: Mapping[str, str] = field(default_factory=dict)
    outcome: str = ""


@dataclass(frozen=True, config=_STRICT)
class Question:
    """Asked at the start or end of the study, or before or after each prediction is seen. `id` names its column."""

    id: str
    text: str
    kind: Kind
    moment: Moment
    required: bool = True


CONFIDENCE = (
    Question("confidence_before", "How confident are you in your answer?", "confidence", "before"),
    Question("confidence_after", "How confident are you in your answer?", "confidence", "after"),
)


@dataclass(frozen=True, config=_STRICT)
class Protocol:
    """A study. ConfigError says which setting contradicts another.

    between        every participant has one arm and sees all cases; otherwise (within) every participant goes through
                   all arms, with an equal share of the cases in each
    practice       cases that come first in every arm and count for nothing
    deal_practice  each arm has its own share of the practice cases, so that nobody sees a text twice; else, or where
                   there are fewer of them than arms, every arm has them all
    answer_first   the participant answers before the prediction is shown, and again after
    time_limit_s   seconds for a case, None for no limit
    checkpoint     content hash of the model; data_hash that of the source that the cases are from
    external_ids   parts of a participant's link that are stored with the participant, such as PROLIFIC_PID
    """

    name: str
    consent: str
    schema: ConceptSchema
    arms: tuple[Arm, ...]
    cases: tuple[Case, ...]
    checkpoint: str
    data_hash: str
    practice: tuple[Case, ...] = ()
    questions: tuple[Question, ...] = CONFIDENCE
    between: bool = False
    answer_first: bool = True
    time_limit_s: int | None = None
    seed: int = 0
    version: int = 1
    deal_practice: bool = False
    external_ids: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        for text in _texts(to_json(self)):
            check_storable(text)
        _text("name", self.name, LONGEST["name"])
        _text("consent", self.consent, LONGEST["consent"])
        for name, bounds in BOUNDS.items():
            _within(name, getattr(self, name), bounds)
        if not all(0 < len(one) <= LONGEST["hash"] for one in (self.checkpoint, self.data_hash)):
            raise ConfigError("The hash of the checkpoint or of the data is missing or too long; allowed: both, of up "
                              f"to {LONGEST['hash']} characters, so that the study can be repeated.")
        for kind, names in (("arm", self.arms), ("case", [case.id for case in (*self.practice, *self.cases)]),
                            ("question", [question.id for question in self.questions]),
                            ("external id", self.external_ids)):
            _distinct(kind, names)
        if wrong := [name for name in self.external_ids if name in _TAKEN or not re.fullmatch(r"[\w.-]+", name, re.A)]:
            raise ConfigError(f"The external id {wrong[0]!r} cannot be a part of a link; allowed: letters, digits, _, "
                              f". and -, but none of {', '.join(_TAKEN)}. Use the name in your panel's link, such as "
                              "PROLIFIC_PID.")
        if not self.between and len(self.cases) % len(self.arms):
            raise ConfigError(f"{len(self.cases)} cases cannot be shared equally by {len(self.arms)} arms; allowed: a "
                              "multiple of the number of arms. Add or remove cases, or give each participant one arm.")
        for question in self.questions:
            _text("question", question.text, LONGEST["question"])
            if question.moment == "before" and not self.answer_first:
                raise ConfigError(f"Question {question.id!r} comes before the prediction, but answer_first is false; "
                                  "set it to true, or ask the question afterwards.")
        for case in (*self.practice, *self.cases):
            self._check(case)

    def _check(self, case: Case) -> None:
        if not case.text.strip():
            raise ConfigError(f"Case {case.id!r} has no text; allowed: any text that is not blank. Leave the case out.")
        known = set(self.schema.concepts), set(self.schema.values)
        if case.label not in self.schema.labels or not (set(case.concepts) <= known[0]
                                                        and set(case.concepts.values()) <= known[1]):
            raise ConfigError(f"Case {case.id!r} has label {case.label!r} and concepts {dict(case.concepts)}; allowed: "
                              f"labels {', '.join(self.schema.labels)}, concepts {', '.join(self.schema.concepts)} and "
                              f"values {', '.join(self.schema.values)}.")

    @cached_property
    def case_of(self) -> Mapping[str, Case]:
        """Every case by its id, practice included."""
        return {case.id: case for case in (*self.practice, *self.cases)}

    def asked(self, moment: Moment) -> tuple[Question, ...]:
        """The questions of a moment, in their order."""
        return tuple(question for question in self.questions if question.moment == moment)

    @cached_property
    def digest(self) -> str:
        """SHA-256 of the whole content: the same for equal protocols and no others."""
        return hashlib.sha256(json.dumps(self.to_json(), sort_keys=True).encode()).hexdigest()

    def next_version(self, **changes: Any) -> "Protocol":
        """A changed copy with the number after this one's."""
        return replace(self, **{"version": self.version + 1} | changes)

    def to_json(self) -> dict[str, Any]:
        """The protocol as plain JSON values."""
        return {name: value for name, value in to_json(self).items() if value or name not in _ADDED}

    @classmethod
    def from_json(cls, values: dict[str, Any], source: str = "protocol") -> "Protocol":
        """The inverse of `to_json`; ConfigError names the first setting that is wrong, and `source`."""
        return from_json(cls, values, source)


def check_storable(text: str) -> None:
    """ConfigError for text that a database refuses."""
    if not can_be_stored(text):
        raise ConfigError(f"{text[:40]!r} has a character that cannot be stored; allowed: all but NUL and half of a "
                          "Unicode pair. Remove it.")


def can_be_stored(text: str) -> bool:
    """False for text that a database refuses."""
    return not any(c == "\0" or "\ud800" <= c <= "\udfff" for c in text)


def _texts(values: Any) -> Iterator[str]:
    """All texts in JSON values, names included."""
    if isinstance(values, str):
        yield values
    elif isinstance(values, Mapping | list):
        for one in (*values, *values.values()) if isinstance(values, Mapping) else values:
            yield from _texts(one)


def _within(name: str, value: int | Sequence[object] | None, bounds: tuple[int, int]) -> None:
    count = value if value is None or isinstance(value, int) else len(value)
    if count is not None and not bounds[0] <= count <= bounds[1]:
        given = f"{name} is {count}" if count is value else f"There are {count} {name.replace('_', ' ')}"
        raise ConfigError(f"{given}; allowed: {bounds[0]:,} to {bounds[1]:,}"
                          f"{', or no limit' if name == 'time_limit_s' else ''}.")


def _text(kind: str, text: str, longest: int) -> None:
    if not text.strip() or len(text) > longest:
        raise ConfigError(f"The {kind} has {len(text.strip()):,} characters; allowed: 1 to {longest:,}.")


def _distinct(kind: str, names: Sequence[str]) -> None:
    repeated = sorted({name for name in names if names.count(name) > 1})
    if repeated or any(not name.strip() or len(name) > LONGEST["id"] for name in names):
        problem = f"{repeated[0]!r} is repeated" if repeated else "one has a blank or too long name"
        raise ConfigError(f"Among the {kind}s, {problem}; allowed: different names of 1 to {LONGEST['id']} "
                          "characters.")


def load_protocol(path: Path) -> Protocol:
    """Read a protocol. DataError when the file is not a JSON object, ConfigError when it is not a valid protocol."""
    try:
        values = json.loads(path.read_bytes())
    except (ValueError, RecursionError) as error:
        raise DataError(f"{path} is not JSON ({error}); allowed: a protocol as `study export` writes it.") from None
    if not isinstance(values, dict):
        raise DataError(f"{path} holds a JSON {type(values).__name__}; allowed: one object, a protocol.")
    return Protocol.from_json(values, str(path))
