"""Rules and histories survive a file; what a file should not hold is refused by name."""

import json
from datetime import UTC, datetime
from typing import Any

import pytest

from sparsecbm.errors import InputError
from sparsecbm.revision.compute_history_json import history_from_json, history_to_json, rule_from_json, rule_to_json
from sparsecbm.revision.conditions import LabelIs, TextSays, Unsure, ValueIs, WordCount
from sparsecbm.revision.edit import Override, Revision
from sparsecbm.revision.history import History
from sparsecbm.revision.rule import Rule
from tests.helpers import TOY, random_masks, tiny_model
from tests.revision.toys import random_revision, set_to

NOON = datetime(2030, 1, 2, 12, 0, tzinfo=UTC)
EVERYTHING = Rule(
    (ValueIs("soup", "unknown", negated=True), LabelIs("good"), TextSays("“<b>wait”", whole=False),
     WordCount(at_least=3), WordCount(at_most=70), Unsure("room", 0.625)),
    (set_to("room", "Negative"), Override("soup", (0.1, 0.2, 0.7))))
RULE: dict[str, Any] = {"kind": "rule", "when": [{"kind": "value", "concept": "soup", "value": "unknown"}],
                        "set": {"soup": [1, 0, 0]}}


def through_a_file(values: Any) -> Any:
    return json.loads(json.dumps(values, allow_nan=False))


def a_history(*extra: Revision) -> History:
    """An override, a rule, a concept given back, and whatever else; the last one is undone."""
    history = History()
    for number, edit in enumerate((Override("soup", (0.2, 0.3, 0.5)), EVERYTHING, *extra, Override("soup", None))):
        history = history.do(edit, f"edit {number}", lambda: NOON)
    return history.note(1, "why\nso").undo()


def changed(values: dict[str, Any], *path: str | int, to: Any) -> dict[str, Any]:
    """A copy with one part replaced."""
    copy = through_a_file(values)
    *before, last = path
    part = copy
    for key in before:
        part = part[key]
    part[last] = to
    return dict(copy)


def test_a_rule_survives() -> None:
    values = through_a_file(rule_to_json(EVERYTHING))
    assert rule_from_json(values, TOY) == EVERYTHING
    assert rule_to_json(rule_from_json(values, TOY)) == values
    assert rule_from_json(RULE, TOY) == Rule((ValueIs("soup", "unknown"),), (set_to("soup", "Negative"),))


def test_a_history_survives() -> None:
    history = a_history()
    again = history_from_json(through_a_file(history_to_json(history)), TOY)
    assert again == history
    assert again.redo().now.overrides == {} and again.entries[1].note == "why\nso"


def test_revisions_stay_in_their_patches() -> None:
    revision = random_revision(random_masks(tiny_model()), "soup", 0)
    history = a_history(revision)
    values = through_a_file(history_to_json(history, patch_of=lambda one: f"patch of {one.concept}"))
    assert "patch of soup" in json.dumps(values) and "dropped" not in json.dumps(values)
    again = history_from_json(values, TOY, revision_of={"patch of soup": revision}.__getitem__)
    assert again == history and again.now.changes == (revision.change,)
    with pytest.raises(InputError, match="revision of soup .* Save it first"):
        history_to_json(history)
    with pytest.raises(InputError, match="'patch of soup' .* Import the patch first"):
        history_from_json(values, TOY)


def test_what_was_seen_elsewhere_is_still_to_be_seen() -> None:
    values = changed(history_to_json(a_history()), "entries", 1, "reviewed", to="0123456789abcdef")
    assert history_from_json(values, TOY).entries[1].reviewed is None
    assert not history_from_json(values, TOY).now.may_be_saved


def test_times_of_any_zone_become_utc() -> None:
    values = changed(history_to_json(a_history()), "entries", 0, "time", to="2030-01-02T14:00:00+02:00")
    time = history_from_json(values, TOY).entries[0].time
    assert time == NOON and time.tzinfo is UTC


@pytest.mark.parametrize(("values", "parts"), [
    ([], ["mine", "dict"]),
    ({}, ["mine: when", "required"]),
    (changed(RULE, "set", to={}), ["nothing", "at least one concept"]),
    (changed(RULE, "set", to={"decor": [1, 0, 0]}), ["'decor'", "soup, room"]),
    (changed(RULE, "set", to={"soup": [1, 0]}), ["2 probabilities", "Negative, unknown, Positive"]),
    (changed(RULE, "set", to={"soup": [1, 1, 1]}), ["sums to 3", "0..1"]),
    (changed(RULE, "set", to={"soup": None}), ["mine: set.soup", "None"]),
    (changed(RULE, "set", to={"soup": ["x", 0, 0]}), ["mine: set.soup.0", "'x'"]),
    (changed(RULE, "when", 0, "kind", to="regex"), ["'regex'", "'value'", "'word'", "'unsure'"]),
    (changed(RULE, "when", 0, "concept", to="decor"), ["'decor'", "soup, room"]),
    (changed(RULE, "when", 0, "value", to="nice"), ["'nice'", "Negative, unknown, Positive"]),
    (changed(RULE, "when", 0, "extra", to=1), ["extra", "nexpected"]),
    (changed(RULE, "when", 0, to="soup"), ["mine: when.0", "'soup'"]),
    (changed(RULE, "when", 0, to={"kind": "word", "word": ""}), ["''", "at least one character"]),
    (changed(RULE, "when", 0, to={"kind": "word", "word": 7}), ["mine: when.0.word.word", "7"]),
    (changed(RULE, "when", 0, to={"kind": "unsure", "concept": "soup", "below": "high"}), ["below", "'high'"]),
    (changed(RULE, "more", to=1), ["mine: more", "nexpected"]),
], ids=str)
def test_what_is_no_rule_is_refused(values: Any, parts: list[str]) -> None:
    with pytest.raises(InputError) as error:
        rule_from_json(values, TOY, "mine")
    assert [part for part in parts if part not in str(error.value)] == [] and "\n" not in str(error.value)


@pytest.mark.parametrize(("path", "to", "parts"), [
    (("format",), 2, ["mine: format", "1", "got 2"]),
    (("position",), 4, ["Position 4", "0 to 3"]),
    (("position",), -1, ["Position -1", "0 to 3"]),
    (("entries",), {}, ["mine: entries"]),
    (("entries", 0), 7, ["mine: entries.0"]),
    (("entries", 0, "time"), "noon", ["mine: entries.0.time", "'noon'"]),
    (("entries", 0, "time"), "2030-01-02T12:00:00", ["mine: entries.0.time", "timezone"]),
    (("entries", 0, "note"), None, ["mine: entries.0.note"]),
    (("entries", 0, "edit", "kind"), "magic", ["'magic'", "'override'", "'rule'", "'revision'"]),
    (("entries", 0, "edit", "concept"), "decor", ["'decor'", "soup, room"]),
    (("entries", 2, "edit", "concept"), "decor", ["'decor'", "soup, room"]),
    (("entries", 0, "edit", "distribution"), [0.5, 0.5], ["2 probabilities"]),
    (("entries", 1, "edit", "when", 0, "value"), "nice", ["'nice'", "Negative, unknown, Positive"]),
], ids=str)
def test_what_is_no_history_is_refused(path: tuple[str | int, ...], to: Any, parts: list[str]) -> None:
    with pytest.raises(InputError) as error:
        history_from_json(changed(history_to_json(a_history()), *path, to=to), TOY, source="mine")
    assert [part for part in parts if part not in str(error.value)] == [] and "\n" not in str(error.value)
