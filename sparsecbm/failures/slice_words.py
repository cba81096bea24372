"""A slice in plain words."""

from collections.abc import Mapping, Sequence

from sparsecbm.failures.outcomes import outcome_name
from sparsecbm.failures.slices import Bound, Pairs, Slice
from sparsecbm.failures.tags import tag_name
from sparsecbm.schema import ConceptSchema


def in_words(chosen: Slice, schema: ConceptSchema) -> str:
    """Such as: true rating 2 stars, read as noise Negative, more than 40 words; "all reviews" without a condition."""
    return ", ".join(words for _, words in conditions_in_words(chosen, schema)) or "all reviews"


def conditions_in_words(chosen: Slice, schema: ConceptSchema) -> tuple[tuple[str, str], ...]:
    """Every field that says something, by its name, with what it says."""
    return tuple((name, _said(name, chosen, schema)) for name in chosen.conditions)


def _said(name: str, chosen: Slice, schema: ConceptSchema) -> str:
    if name == "outcomes":
        return " or ".join(outcome_name(outcome, schema) for outcome in chosen.outcomes)
    if name in ("true", "said"):
        how = "true" if name == "true" else "given"
        shown = [schema.label_display[schema.label_index(label)] for label in getattr(chosen, name)]
        return f"{how} {schema.label_title} {' or '.join(shown)}"
    if name in ("told", "read"):
        how = "truly" if name == "told" else "read as"
        return ", ".join(f"{concept} {how} {values}" for concept, values in _grouped(getattr(chosen, name)).items())
    if name == "cells":
        return ", ".join(f"{column}: {cells}" for column, cells in _grouped(chosen.cells, "(empty)").items())
    if name == "words":
        return f"{_bounds(*chosen.words)} words"
    if name == "ranges":
        return ", ".join(f"{column} {_bounds(low, high)}" for column, low, high in chosen.ranges)
    if name == "says":
        return " and ".join(f"says “{word}”" for word in chosen.says)
    if name == "misread":
        return f"{_and(chosen.misread)} misread"
    if name in ("tags", "untagged"):
        tags = [tag_name(tag, schema) for tag in getattr(chosen, name)]
        return _and(tags) if name == "tags" else f"not {' and not '.join(tags)}"
    if name == "ids":
        return f"id {chosen.ids[0]}" if len(chosen.ids) == 1 else f"one of {len(chosen.ids):,} ids"
    return f"tagged {_and([f'“{mark}”' for mark in chosen.marks])}"


def _grouped(pairs: Pairs, empty: str = "") -> Mapping[str, str]:
    """Every subject with what is named of it."""
    return {name: " or ".join(one or empty for subject, one in pairs if subject == name) for name, _ in pairs}


def _bounds(low: Bound, high: Bound) -> str:
    if low is None or high is None:
        return f"at most {high:,g}" if low is None else f"at least {low:,g}"
    return f"{low:,g}" if low == high else f"{low:,g} to {high:,g}"


def _and(names: Sequence[str]) -> str:
    return " and ".join(names)
