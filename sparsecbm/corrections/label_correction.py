"""A correction: what a label or a concept of a text really is, by whom, and what several people say together.

Corrections and undos are only ever added, so the history of a text stays. What counts is worked out from it.
"""

import hashlib
import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from sparsecbm.errors import InputError, unknown_name
from sparsecbm.schema import ConceptSchema
from sparsecbm.studies.log import now, stamp
from sparsecbm.studies.protocol import can_be_stored
from sparsecbm.types import LABEL_TARGET
from sparsecbm.validation import is_blank

#: The most characters of a text, and of everything else in a correction.
MOST_TEXT, MOST_NAME, MOST_HASH = 100_000, 80, 200
#: Characters of an id, and of the hash of a schema.
ID_LENGTH, SCHEMA_LENGTH = 32, 16


@dataclass(frozen=True)
class Correction:
    """Somebody says what a field of a text really is.

    field       "label", or the name of a concept
    old         what the model with this hash, `checkpoint`, predicts; the same as `new` where it is confirmed
    at          when, UTC in ISO 8601
    schema      hash of the concepts, values and labels that field and values are of
    """

    id: str
    text: str
    field: str
    old: str
    new: str
    who: str
    at: str
    checkpoint: str
    schema: str

    @property
    def time(self) -> datetime:
        """When it was made."""
        return datetime.fromisoformat(self.at)


@dataclass(frozen=True)
class Undo:
    """A correction, by its id, no longer counts. `at` is UTC in ISO 8601."""

    correction: str
    who: str
    at: str


@dataclass(frozen=True)
class Kept:
    """A correction in the history, and how it was undone if it was."""

    correction: Correction
    undo: Undo | None = None


@dataclass(frozen=True)
class Agreement:
    """What several people say of one field of one text: the names of those who give each value, the latest last."""

    text: str
    field: str
    votes: Mapping[str, tuple[str, ...]]

    @property
    def people(self) -> int:
        """How many people gave a value."""
        return sum(map(len, self.votes.values()))

    @property
    def value(self) -> str:
        """What most people say; where as many say something else, what was said last of these."""
        most = max(map(len, self.votes.values()))
        return [value for value, names in self.votes.items() if len(names) == most][-1]

    @property
    def share(self) -> float:
        """The share of the people who say that, 0..1."""
        return len(self.votes[self.value]) / self.people


def fields_of(schema: ConceptSchema, has_concepts: bool = True) -> tuple[str, ...]:
    """What can be corrected: the label, and each concept of a model that has them."""
    return (LABEL_TARGET, *(schema.concepts if has_concepts else ()))


def answers_of(schema: ConceptSchema, field: str) -> tuple[str, ...]:
    """The values that a field can have; InputError for an unknown field."""
    if field not in fields_of(schema):
        raise InputError(unknown_name("field", field, fields_of(schema)))
    return schema.labels if field == LABEL_TARGET else schema.values_of(field)


def field_title(schema: ConceptSchema, field: str) -> str:
    """A field as people call it, e.g. "rating" or "food"."""
    return schema.label_title if field == LABEL_TARGET else field


def answer_title(schema: ConceptSchema, field: str, value: str) -> str:
    """A value of a field as people call it, e.g. "4 stars"; one of an older schema as it is."""
    known = field == LABEL_TARGET and value in schema.labels
    return schema.label_display[schema.labels.index(value)] if known else value


def schema_hash(schema: ConceptSchema) -> str:
    """Equal for schemas whose models and documents fit together."""
    return hashlib.sha256(json.dumps(schema.axes).encode()).hexdigest()[:SCHEMA_LENGTH]


def text_hash(text: str) -> str:
    """SHA-256 of a text, under which its corrections are found."""
    return hashlib.sha256(text.encode("utf-8", "replace")).hexdigest()


def person(name: str) -> str:
    """A name as it is kept, however it was typed; InputError for one that cannot be."""
    plain = " ".join(name.split())
    if is_blank(plain) or len(plain) > MOST_NAME or not can_be_stored(plain):
        raise InputError(f"The name {plain[:40]!r} came; allowed: 1 to {MOST_NAME} characters that can be seen. "
                         "Type another one.")
    return plain


def correct(
    text: str, field: str, old: str, new: str, who: str, checkpoint: str, schema: ConceptSchema, press: str
) -> Correction:
    """A correction made now. InputError for what cannot be one.

    `press` is random, one for each time that a form is shown: what is sent twice by one form gets one id, so it is
    written once.
    """
    name, of = person(who), schema_hash(schema)
    named = json.dumps([press, text, field, old, new, name, checkpoint, of])
    made = Correction(hashlib.sha256(named.encode()).hexdigest()[:ID_LENGTH], text, field, old, new, name, stamp(now()),
                      checkpoint, of)
    check(made, schema)
    return made


def check(one: Correction, schema: ConceptSchema) -> None:
    """InputError when a correction is not of this schema, or cannot be kept."""
    if one.schema != schema_hash(schema):
        raise InputError(f"The correction {one.id[:40]!r} of {one.field[:40]!r} is of another schema, "
                         f"{one.schema[:40]!r}; allowed: {schema_hash(schema)!r}, with the concepts "
                         f"{', '.join(schema.concepts)} and the labels {', '.join(schema.labels)}. Name a checkpoint "
                         "of the schema that it was made with.")
    for value in (one.old, one.new):
        if value not in answers_of(schema, one.field):
            raise InputError(unknown_name(f"value of {one.field}", value[:80], answers_of(schema, one.field)))
    if is_blank(one.text) or len(one.text) > MOST_TEXT or not can_be_stored(one.text):
        raise InputError(f"A text of {len(one.text):,} characters came that cannot be kept; allowed: 1 to "
                         f"{MOST_TEXT:,} characters, some of them visible, without null characters. Shorten or mend "
                         "it.")
    if person(one.who) != one.who:
        raise InputError(f"The name {one.who[:40]!r} came; allowed: without blanks around it. Remove them.")
    if not (one.id.isascii() and one.id.isalnum() and len(one.id) <= ID_LENGTH):
        raise InputError(f"The id {one.id[:40]!r} came; allowed: up to {ID_LENGTH} letters and digits. Use the id that "
                         "was exported.")
    if not 0 < len(one.checkpoint) <= MOST_HASH or not can_be_stored(one.checkpoint):
        raise InputError(f"The hash of a checkpoint {one.checkpoint[:40]!r} came; allowed: up to {MOST_HASH} "
                         "characters. Use the hash that was exported.")
    check_time(one.at)


def check_time(given: str) -> None:
    """InputError unless this is a moment as `stamp` writes it."""
    try:
        same = stamp(datetime.fromisoformat(given)) == given
    except (ValueError, OverflowError):
        same = False
    if not same:
        raise InputError(f"The time {given[:40]!r} came; allowed: UTC to the millisecond, such as "
                         f"{stamp(datetime(2026, 1, 31, 12, tzinfo=UTC))}. Use the time that was exported.")


def in_order(history: Iterable[Kept]) -> list[Kept]:
    """The history by time; what was made in the same millisecond by id, so that every copy has one order."""
    return sorted(history, key=lambda kept: (kept.correction.time, kept.correction.id))


def standing(history: Iterable[Kept]) -> tuple[Correction, ...]:
    """The corrections that count, by time: of each person, text and field the last one that is not undone."""
    last: dict[tuple[str, str, str], Correction] = {}
    for kept in in_order(history):
        if kept.undo is None:
            one = kept.correction
            key = (one.text, one.field, one.who)
            last.pop(key, None)
            last[key] = one
    return tuple(last.values())


def agreements(history: Iterable[Kept]) -> tuple[Agreement, ...]:
    """What people say of each field of each text, in the order in which the fields were first named."""
    votes: dict[tuple[str, str], dict[str, list[str]]] = {}
    for one in standing(history):
        of_field = votes.setdefault((one.text, one.field), {})
        names = of_field.pop(one.new, [])
        of_field[one.new] = [*names, one.who]  # the value that was given last stands last
    return tuple(Agreement(text, field, {value: tuple(names) for value, names in found.items()})
                 for (text, field), found in votes.items())


def current_labels(history: Iterable[Kept]) -> dict[str, dict[str, str]]:
    """Text -> field -> the value that most people give it now; fields that nobody corrected are left out."""
    found: dict[str, dict[str, str]] = {}
    for one in agreements(history):
        found.setdefault(one.text, {})[one.field] = one.value
    return found


def pairwise_agreement(every: Sequence[Agreement]) -> tuple[int, int]:
    """How many pairs of people said something of the same field of the same text, and how many pairs said the same."""
    def pairs(people: int) -> int:
        return people * (people - 1) // 2

    return (sum(pairs(one.people) for one in every),
            sum(pairs(len(names)) for one in every for names in one.votes.values()))
