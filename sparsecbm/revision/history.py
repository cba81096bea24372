"""The edits of a session in order, as a value: every undo, redo or new edit gives a new history."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from functools import cached_property
from types import MappingProxyType

from sparsecbm.errors import InputError
from sparsecbm.figures.text import reading_text, setting_text
from sparsecbm.revision.edit import Edit, MaskChange, Override, Revision
from sparsecbm.revision.rule import LastingEdit, Rule, edit_key, setting_in_words
from sparsecbm.schema import ConceptSchema
from sparsecbm.types import Prediction


def describe(
    edit: Edit | Rule, schema: ConceptSchema, before: Prediction | None = None, active: int | None = None,
    overrides: Mapping[str, Sequence[float]] = MappingProxyType({}),
) -> str:
    """Such as "service set to Negative (was Positive 81 %)".

    `before` is the prediction before the edit, with `overrides` of a person in force, and `active` the number of
    weights that the revised pass used; either may be left out of the description.
    """
    if isinstance(edit, Rule):
        return edit.in_words(schema)
    if isinstance(edit, Override):
        if edit.distribution is None:
            return f"{edit.concept} reset to the prediction"
        was = "" if before is None else f" (was {reading_text(before, edit.concept)})"
        if edit.concept in overrides:
            was = f" (was {setting_text(overrides[edit.concept], schema.values)})"
        return f"{edit.concept} set to {setting_in_words(edit, schema)}{was}"
    dropped, grown = edit.change.dropped_count, edit.change.grown_count
    what = f"{dropped:,} weights exchanged" if dropped == grown else f"{dropped:,} weights dropped, {grown:,} grown"
    of = "its weights" if active is None else f"{active:,}"
    return f"{edit.concept} revised towards {edit.value}: {what} ({_percent(edit.portion)} of {of})"


def _percent(share: float) -> str:
    return "less than 0.1 %" if 0 < share < 0.0005 else f"{100 * share:.1f} %"


Clock = Callable[[], datetime]


def utc_now() -> datetime:
    """The time, in UTC."""
    return datetime.now(UTC)


@dataclass(frozen=True)
class Entry:
    """One edit with its automatic description, its time in UTC, and a person's note.

    `impact_key` names the impact of this edit, together with all edits in force before it, that a person viewed; None
    until somebody did.
    """

    edit: Override | LastingEdit
    description: str
    time: datetime
    note: str = ""
    impact_key: str | None = None


@dataclass(frozen=True)
class EditState:
    """What is in force after some entries; a value that cannot be changed."""

    entries: tuple[Entry, ...]

    @cached_property
    def overrides(self) -> dict[str, tuple[float, ...]]:
        """The distribution that each concept is set to, by its last override; concepts that were reset are left out."""
        last = {one.edit.concept: one.edit.distribution for one in self.entries if isinstance(one.edit, Override)}
        return {concept: shares for concept, shares in last.items() if shares is not None}

    @cached_property
    def lasting(self) -> tuple[LastingEdit, ...]:
        """Revisions and rules: the edits that an impact measures, and that can be saved."""
        return tuple(entry.edit for entry in self.entries if not isinstance(entry.edit, Override))

    @property
    def rules(self) -> tuple[Rule, ...]:
        """The rules, in order."""
        return tuple(edit for edit in self.lasting if isinstance(edit, Rule))

    @property
    def revisions(self) -> tuple[Revision, ...]:
        """The revisions, in order."""
        return tuple(edit for edit in self.lasting if isinstance(edit, Revision))

    @property
    def changes(self) -> tuple[MaskChange, ...]:
        """The mask changes, each relative to the masks after those before it."""
        return tuple(revision.change for revision in self.revisions)

    @property
    def may_be_saved(self) -> bool:
        """True when somebody viewed the impact of exactly these revisions and rules, or there are none."""
        last = next((entry for entry in reversed(self.entries) if not isinstance(entry.edit, Override)), None)
        return last is None or last.impact_key is not None


@dataclass(frozen=True)
class History:
    """Entries: the first `position` are in force; the others were undone and can be redone.

    Every method returns a new history. InputError when there is nothing to undo, redo or change.
    """

    entries: tuple[Entry, ...] = ()
    position: int = 0

    def __post_init__(self) -> None:
        if not 0 <= self.position <= len(self.entries):
            raise InputError(f"A history of {len(self.entries)} edits has no position {self.position}; allowed: 0 to "
                             f"{len(self.entries)}. Choose one of these.")

    @property
    def undone(self) -> tuple[Entry, ...]:
        """What can be redone, until the next new edit."""
        return self.entries[self.position :]

    @cached_property
    def now(self) -> EditState:
        """What is in force."""
        return self.at(self.position)

    def at(self, position: int) -> EditState:
        """What was in force after the first `position` entries; undone entries count, too."""
        return EditState(replace(self, position=position).entries[:position])

    def do(self, edit: Override | LastingEdit, description: str, clock: Clock = utc_now) -> "History":
        """With a new edit, whose impact nobody has viewed; undone entries are dropped."""
        time = clock()
        if time.tzinfo is None:
            raise ValueError("The clock has no time zone; pass one in UTC.")
        entry = Entry(edit, description, time.astimezone(UTC))
        return History((*self.entries[: self.position], entry), self.position + 1)

    def undo(self) -> "History":
        """Without the last edit in force."""
        if self.position == 0:
            raise InputError("There is nothing to undo: no edit is in force. Make an edit first.")
        return replace(self, position=self.position - 1)

    def redo(self) -> "History":
        """With the first undone edit in force again."""
        if not self.undone:
            raise InputError("There is nothing to redo: no edit was undone since the last new one.")
        return replace(self, position=self.position + 1)

    def note(self, number: int, text: str) -> "History":
        """With a person's note on an entry, numbered from 0, in place of its earlier note."""
        return self._with(number, note=text)

    def mark_impact_viewed(self, edits: tuple[str, ...], key: str) -> "History":
        """With the impact `key` of these edits marked as viewed; InputError when other edits are in force."""
        lasting = self.now.lasting
        if not lasting or edits != tuple(edit_key(edit) for edit in lasting):
            raise InputError(f"The impact is that of {len(edits)} other edits than the {len(lasting)} revisions and "
                             "rules in force; allowed: exactly these, in their order. Compute the impact again.")
        last = max(n for n, entry in enumerate(self.now.entries) if not isinstance(entry.edit, Override))
        return self._with(last, impact_key=key)

    def _with(self, number: int, **changes: str) -> "History":
        if not 0 <= number < len(self.entries):
            raise InputError(f"There is no entry {number}; allowed: 0 to {len(self.entries) - 1}. Choose one of these.")
        changed = replace(self.entries[number], **changes)  # type: ignore[arg-type]
        return replace(self, entries=(*self.entries[:number], changed, *self.entries[number + 1 :]))


def applied_after(entries: Sequence[Entry], changes: Sequence[MaskChange]) -> int | None:
    """The number of edits before some mask changes that are in force one right after another; None if they are not.

    Overrides and rules between them make no difference.
    """
    found = [(number, entry.edit.change.digest) for number, entry in enumerate(entries)
             if isinstance(entry.edit, Revision)]
    wanted = [change.digest for change in changes]
    for start in range(len(found) - len(wanted) + 1):
        if [digest for _, digest in found[start : start + len(wanted)]] == wanted:
            return found[start][0]
    return None
