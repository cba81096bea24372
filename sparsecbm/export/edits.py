"""Edits as plain JSON values."""

from collections.abc import Sequence
from typing import Any

from sparsecbm.edits.edit import Edit, Override
from sparsecbm.edits.patch import Patch
from sparsecbm.schema import ConceptSchema


def edit_json(edit: Edit, schema: ConceptSchema) -> dict[str, Any]:
    """What was set, or how many weights were exchanged; `portion` is a share of the active weights, 0..1."""
    if isinstance(edit, Override):
        shares = None if edit.distribution is None else dict(zip(schema.values, edit.distribution, strict=True))
        return {"kind": "override", "concept": edit.concept, "distribution": shares}
    return {"kind": "revision", "concept": edit.concept, "value": edit.value, "portion": edit.portion,
            "steps": edit.steps, "dropped": edit.change.dropped_count, "grown": edit.change.grown_count}


def edits_json(edits: Sequence[Edit], schema: ConceptSchema) -> list[dict[str, Any]]:
    """Each edit in its order."""
    return [edit_json(edit, schema) for edit in edits]


def patch_json(patch: Patch, schema: ConceptSchema) -> dict[str, Any]:
    """What a patch says of itself, and its revisions; not the weights."""
    return {"name": patch.name, "note": patch.note, "author": patch.author, "created": patch.created,
            "base": patch.base, "revisions": edits_json(patch.revisions, schema)}
