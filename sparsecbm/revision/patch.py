"""A patch: saved revisions, with their author, time, note and checkpoint."""

from dataclasses import dataclass
from datetime import UTC, datetime

from sparsecbm.errors import InputError
from sparsecbm.revision.edit import MaskChange, Revision

#: The most characters that the texts of a patch may have.
MAX_LENGTH = {"name": 80, "note": 2000, "author": 80}
MAX_IMPACT_LENGTH = 4000


@dataclass(frozen=True, eq=False)
class Patch:
    """Revisions in their order, the first made for the checkpoint with the hash `base`.

    `created` is a time in ISO 8601 with its time zone; `impact` says what the revisions did to other documents when
    the patch was saved, empty where that is not known. InputError when a text is too long, the name is blank, the time
    is not valid, or a revision does not change its concept's pass.
    """

    name: str
    note: str
    author: str
    created: str
    base: str
    revisions: tuple[Revision, ...]
    impact: str = ""

    def __post_init__(self) -> None:
        for kind, longest in (MAX_LENGTH | {"impact": MAX_IMPACT_LENGTH}).items():
            text = getattr(self, kind)
            if len(text) > longest or not _is_text(text):
                raise InputError(f"The patch's {kind} has {len(text)} characters; allowed: up to {longest}, and "
                                 f"no half of a Unicode pair. Change the {kind}.")
        if not self.name.strip():
            raise InputError("The patch has no name; allowed: any text that is not blank. Enter a name.")
        if not _is_time(self.created):
            raise InputError(f"The patch's time is {self.created[:40]!r}; allowed: a time with its time zone, such as "
                             "2026-01-31T12:00:00+00:00. Save the patch again.")
        if not self.revisions or not all(_changes_its_concept(revision) for revision in self.revisions):
            raise InputError("The patch has no revision, or one that does not change its concept; allowed: one or more "
                             "that do. Revise a concept first.")

    @classmethod
    def now(cls, name: str, note: str, author: str, base: str, revisions: tuple[Revision, ...]) -> "Patch":
        """A patch that is made now."""
        return cls(name, note, author, datetime.now(UTC).isoformat(timespec="seconds"), base, revisions)

    @property
    def time(self) -> datetime:
        """When the patch was made."""
        return datetime.fromisoformat(self.created)

    @property
    def changes(self) -> tuple[MaskChange, ...]:
        """Its mask changes, each made after those before it."""
        return tuple(revision.change for revision in self.revisions)


def _changes_its_concept(revision: Revision) -> bool:
    change = revision.change
    return change.pass_ == revision.concept and change.dropped_count + change.grown_count > 0


def _is_text(text: str) -> bool:
    return not any("\ud800" <= character <= "\udfff" for character in text)


def _is_time(text: str) -> bool:
    try:
        return datetime.fromisoformat(text).tzinfo is not None
    except ValueError:
        return False
