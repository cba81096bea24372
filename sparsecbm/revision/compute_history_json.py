"""Rules and histories as JSON, both ways; what comes from outside is checked before it is believed."""

from collections.abc import Callable
from datetime import UTC
from typing import Annotated, Any, Literal

from pydantic import AwareDatetime, ConfigDict, Field, TypeAdapter
from pydantic.dataclasses import dataclass

from sparsecbm.concepts.distribution import check_distribution
from sparsecbm.errors import InputError
from sparsecbm.revision.conditions import Condition
from sparsecbm.revision.edit import Override, Revision
from sparsecbm.revision.history import Entry, History
from sparsecbm.revision.rule import Lasting, Rule
from sparsecbm.schema import ConceptSchema
from sparsecbm.validation import validated

FORMAT: Literal[1] = 1

_STRICT = ConfigDict(extra="forbid")

Shares = tuple[float, ...]


@dataclass(frozen=True, config=_STRICT)
class _RuleForm:
    when: tuple[Annotated[Condition, Field(discriminator="kind")], ...]
    set: dict[str, Shares]
    kind: Literal["rule"] = "rule"


@dataclass(frozen=True, config=_STRICT)
class _OverrideForm:
    concept: str
    distribution: Shares | None
    kind: Literal["override"] = "override"


@dataclass(frozen=True, config=_STRICT)
class _RevisionForm:
    patch: str
    kind: Literal["revision"] = "revision"


@dataclass(frozen=True, config=_STRICT)
class _EntryForm:
    edit: Annotated[_RuleForm | _OverrideForm | _RevisionForm, Field(discriminator="kind")]
    description: str
    time: AwareDatetime
    note: str = ""
    reviewed: str | None = None


@dataclass(frozen=True, config=_STRICT)
class _HistoryForm:
    position: int
    entries: tuple[_EntryForm, ...]
    format: Literal[1]


_RULE, _HISTORY = TypeAdapter(_RuleForm), TypeAdapter(_HistoryForm)


def rule_to_json(rule: Rule) -> dict[str, Any]:
    """A rule as plain JSON values: `when` all of these hold, `set` these."""
    plain: dict[str, Any] = _RULE.dump_python(_rule_form(rule), mode="json")
    return plain


def rule_from_json(values: Any, schema: ConceptSchema, source: str = "rule") -> Rule:
    """The inverse of `rule_to_json`; InputError names what is wrong with the values, and what is allowed."""
    return _rule(validated(_RULE.validate_python, values, source), schema)


def history_to_json(history: History, patch_of: Callable[[Revision], str] | None = None) -> dict[str, Any]:
    """A history as plain JSON values. `patch_of` names the saved patch that holds a revision.

    InputError when there is a revision and no way to name its patch.
    """
    entries = tuple(_EntryForm(_form(entry.edit, patch_of), entry.description, entry.time, entry.note, entry.reviewed)
                    for entry in history.entries)
    plain: dict[str, Any] = _HISTORY.dump_python(_HistoryForm(history.position, entries, FORMAT), mode="json")
    return plain


def history_from_json(
    values: Any, schema: ConceptSchema, revision_of: Callable[[str], Revision] | None = None, source: str = "history"
) -> History:
    """The inverse of `history_to_json`; `revision_of` finds the revision of a named patch.

    Nothing of it counts as seen: the impact is looked at by the person who saves. InputError names what is wrong
    with the values, and what is allowed.
    """
    form = validated(_HISTORY.validate_python, values, source)
    entries = tuple(Entry(_edit(one.edit, schema, revision_of), one.description, one.time.astimezone(UTC), one.note)
                    for one in form.entries)
    return History(entries, form.position)


def _form(
    edit: Override | Lasting, patch_of: Callable[[Revision], str] | None
) -> _RuleForm | _OverrideForm | _RevisionForm:
    if isinstance(edit, Rule):
        return _rule_form(edit)
    if isinstance(edit, Override):
        return _OverrideForm(edit.concept, edit.distribution)
    if patch_of is None:
        raise InputError(f"A history with a revision of {edit.concept} came, and no patch that holds it; allowed: "
                         "revisions that are saved as patches. Save it first, or undo it.")
    return _RevisionForm(patch_of(edit))


def _rule_form(rule: Rule) -> _RuleForm:
    return _RuleForm(rule.conditions, {one.concept: one.distribution or () for one in rule.overrides})


def _edit(
    form: _RuleForm | _OverrideForm | _RevisionForm, schema: ConceptSchema,
    revision_of: Callable[[str], Revision] | None,
) -> Override | Lasting:
    if isinstance(form, _RuleForm):
        return _rule(form, schema)
    if isinstance(form, _OverrideForm):
        schema.concept_index(form.concept)
        shares = form.distribution
        return Override(form.concept, None if shares is None else check_distribution(form.concept, shares, schema))
    if revision_of is None:
        raise InputError(f"A history with the patch {form.patch!r} came, and no patches to find it among; allowed: one "
                         "without revisions. Import the patch first.")
    return revision_of(form.patch)


def _rule(form: _RuleForm, schema: ConceptSchema) -> Rule:
    for condition in form.when:
        condition.check(schema)
    return Rule(form.when, tuple(Override(concept, check_distribution(concept, shares, schema))
                                 for concept, shares in form.set.items()))
