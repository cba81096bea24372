"""All edits of a session, one after another: undone, redone and looked back at, and never changed in place."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from functools import cached_property

from sparsecbm.errors import InputError
from sparsecbm.revision.edit import Edit, MaskChange, Override, Revision
from sparsecbm.revision.rule import Lasting, Rule, edit_key, setting_in_words
from sparsecbm.schema import ConceptSchema
from sparsecbm.types import Prediction


def describe(
    edit: Edit | Rule, schema: ConceptSchema, before: Prediction | None = None, active: int | None = None
) -> str:
    """Such as "service set to Negative (was Positive 0.81)".

    `before` is what was on screen until then, and `active` the number of weights that the revised pass used; what is
    not given is not said.
    """
    if isinstance(edit, Rule):
        return edit.in_words(schema)
    if isinstance(edit, Override):
        if edit.distribution is None:
            return f"{edit.concept} given back to the model"
        was = "" if before is None else f" (was {_reading(before, edit.concept)})"
        return f"{edit.concept} set to {setting_in_words(edit, schema)}{was}"
    dropped, grown = edit.change.dropped_count, edit.change.grown_count
    what = f"{dropped:,} weights exchanged" if dropped == grown else f"{dropped:,} weights dropped, {grown:,} grown"
    of = "its weights" if active is None else f"{active:,}"
    return f"{edit.concept} revised towards {edit.value}: {what} ({_percent(edit.portion)} of {of})"


def _reading(prediction: Prediction, concept: str) -> str:
    probability = float(prediction.concept_probabilities[prediction.schema.concept_index(concept)].max())
    return f"{prediction.value(concept)} {probability:.2f}"


def _percent(share: float) -> str:
    return "less than 0.1 %" if 0 < share < 0.0005 else f"{100 * share:.1f} %"


Clock = Callable[[], datetime]


def utc_now() -> datetime:
    """The time, in UTC."""
    return datetime.now(UTC)


@dataclass(frozen=True)
class Entry:
    """One edit with its automatic description, its time in UTC, and a person's note.

    `reviewed` is the key of the impact in which this edit was seen together with all those that were in force
    before it; None until then.
    """

    edit: Override | Lasting
    description: str
    time: datetime
    note: str = ""
    reviewed: str | None = None


@dataclass(frozen=True)
class State:
    """What is in force after some entries; it can only be looked at."""

    entries: tuple[Entry, ...]

    @cached_property
    def overrides(self) -> dict[str, tuple[float, ...]]:
        """What each concept of the review is set to: its last setting, unless it was given back to the model."""
        last = {one.edit.concept: one.edit.distribution for one in self.entries if isinstance(one.edit, Override)}
        return {concept: shares for concept, shares in last.items() if shares is not None}

    @cached_property
    def lasting(self) -> tuple[Lasting, ...]:
        """Revisions and rules: what an impact is of, and what can be saved."""
        return tuple(entry.edit for entry in self.entries if not isinstance(entry.edit, Override))

    @property
    def rules(self) -> tuple[Rule, ...]:
        """The rules, in order."""
        return tuple(edit for edit in self.lasting if isinstance(edit, Rule))

    @property
    def changes(self) -> tuple[MaskChange, ...]:
        """The mask changes, each relative to the masks after those before it."""
        return tuple(edit.change for edit in self.lasting if isinstance(edit, Revision))

    @property
    def may_be_saved(self) -> bool:
        """True when the impact of exactly these revisions and rules was seen, or there is none."""
        last = next((entry for entry in reversed(self.entries) if not isinstance(entry.edit, Override)), None)
        return last is None or last.reviewed is not None


@dataclass(frozen=True)
class History:
    """Entries, of which the first `position` are in force; the others were undone and can be redone.

    Every method returns a new history. InputError when there is nothing to undo, redo or change.
    """

    entries: tuple[Entry, ...] = ()
    position: int = 0

    def __post_init__(self) -> None:
        if not 0 <= self.position <= len(self.entries):
            raise InputError(f"Position {self.position} came for a history of {len(self.entries)} edits; allowed: 0 "
                             f"to {len(self.entries)}. Choose one of these.")

    @property
    def undone(self) -> tuple[Entry, ...]:
        """What can be redone; the next new edit drops it for good."""
        return self.entries[self.position :]

    @cached_property
    def now(self) -> State:
        """What is in force."""
        return self.at(self.position)

    def at(self, position: int) -> State:
        """What was in force after the first `position` entries, undone ones included."""
        return State(replace(self, position=position).entries[:position])

    def do(self, edit: Override | Lasting, description: str, clock: Clock = utc_now) -> "History":
        """A new edit, which nobody has seen the impact of. What was undone is dropped."""
        time = clock()
        if time.tzinfo is None:
            raise ValueError("A clock without a time zone; give one of UTC.")
        entry = Entry(edit, description, time.astimezone(UTC))
        return History((*self.entries[: self.position], entry), self.position + 1)

    def undo(self) -> "History":
        """The last edit in force taken back."""
        if self.position == 0:
            raise InputError("No edit is in force; allowed: to undo what was done. Make an edit first.")
        return replace(self, position=self.position - 1)

    def redo(self) -> "History":
        """The first undone edit done again."""
        if not self.undone:
            raise InputError("No edit was undone since the last new one; allowed: to redo what was undone.")
        return replace(self, position=self.position + 1)

    def note(self, number: int, text: str) -> "History":
        """A person's words on an entry, numbered from 0, in place of those before."""
        return self._with(number, note=text)

    def seen(self, edits: tuple[str, ...], key: str) -> "History":
        """A person has looked at the impact `key` of these edits. InputError when others are in force."""
        lasting = self.now.lasting
        if not lasting or edits != tuple(edit_key(edit) for edit in lasting):
            raise InputError(f"The impact of {len(edits)} edits came, which are not the {len(lasting)} revisions and "
                             "rules in force; allowed: exactly these, in their order. Compute the impact again.")
        last = max(n for n, entry in enumerate(self.now.entries) if not isinstance(entry.edit, Override))
        return self._with(last, reviewed=key)

    def _with(self, number: int, **changes: str) -> "History":
        if not 0 <= number < len(self.entries):
            raise InputError(f"Entry {number} came; allowed: 0 to {len(self.entries) - 1}. Choose one of these.")
        changed = replace(self.entries[number], **changes)  # type: ignore[arg-type]
        return replace(self, entries=(*self.entries[:number], changed, *self.entries[number + 1 :]))
