"""What counts of a history, what people agree on, and what cannot be a correction."""

from dataclasses import replace
from typing import Any

import pytest

from sparsecbm.corrections.label_correction import (
    Kept,
    Undo,
    agreements,
    check,
    correct,
    current_labels,
    in_order,
    pairwise_agreement,
    schema_hash,
    standing,
)
from sparsecbm.errors import InputError
from sparsecbm.schema import CEBAB
from tests.corrections.toys import START, TEXT, a_correction
from tests.helpers import TOY


def undone(one: Any) -> Kept:
    return Kept(one, Undo(one.id, "Ada", a_correction(99).at))


def test_the_later_of_two_by_one_person_counts_wherever_it_stands_in_the_history() -> None:
    first, later = a_correction(0), a_correction(1, "unknown")
    other = a_correction(2, field="label", old="bad", new="good")
    for history in ([first, later, other], [other, later, first]):
        assert standing(map(Kept, history)) == (later, other)


def test_what_is_undone_does_not_count_so_that_what_came_before_counts_again() -> None:
    first, later = a_correction(0), a_correction(1, "unknown")
    assert standing([Kept(first), undone(later)]) == (first,)
    assert standing([undone(first), undone(later)]) == ()
    assert current_labels([undone(first), Kept(later)]) == {TEXT: {"soup": "unknown"}}


def test_corrections_of_one_millisecond_have_one_order_in_every_copy() -> None:
    one, other = a_correction(0), a_correction(1, at=a_correction(0).at)
    assert [kept.correction for kept in in_order([Kept(other), Kept(one)])] == [one, other]


def test_agreement_counts_people_and_not_presses() -> None:
    says = [("Ada", "Negative"), ("Ada", "Positive"), ("Bo", "Positive"), ("Cy", "unknown")]
    history = [Kept(a_correction(number, new, who=who)) for number, (who, new) in enumerate(says)]
    (found,) = agreements(history)
    assert found.votes == {"Positive": ("Ada", "Bo"), "unknown": ("Cy",)}
    assert (found.people, found.value, found.share) == (3, "Positive", 2 / 3)
    assert pairwise_agreement([found]) == (3, 1)
    assert current_labels(history) == {TEXT: {"soup": "Positive"}}


@pytest.mark.parametrize(("says", "value"), [
    ([("Ada", "Negative"), ("Bo", "Positive")], "Positive"),
    ([("Ada", "Negative"), ("Bo", "Positive"), ("Cy", "Negative"), ("Di", "Positive"), ("Ed", "unknown")], "Positive"),
    ([("Ada", "Negative"), ("Bo", "Positive"), ("Cy", "Positive"), ("Di", "Negative")], "Negative"),
])
def test_where_as_many_disagree_the_value_given_last_counts(says: list[tuple[str, str]], value: str) -> None:
    history = [Kept(a_correction(number, new, who=who)) for number, (who, new) in enumerate(says)]
    assert agreements(history)[0].value == value


def test_texts_and_fields_are_counted_apart() -> None:
    history = map(Kept, (a_correction(0), a_correction(1, "Negative", field="room"),
                         a_correction(2, "unknown", text="Another one.")))
    assert current_labels(history) == {TEXT: {"soup": "Positive", "room": "Negative"},
                                       "Another one.": {"soup": "unknown"}}


def test_what_one_form_sends_twice_has_one_id_and_another_value_another() -> None:
    def made(**changes: str) -> str:
        given = {"text": TEXT, "field": "soup", "old": "Negative", "new": "Positive", "who": " Ada  L. ",
                 "checkpoint": "abc", "press": "1"}
        one = correct(**given | changes, schema=TOY)
        assert one.who in ("Ada L.", "Bo") and one.time > START
        return one.id

    assert made() == made() == made(who="Ada L.")
    assert len({made(), made(new="unknown"), made(press="2"), made(text="x"), made(field="room"), made(who="Bo"),
                made(old="unknown"), made(checkpoint="d")}) == 8


def test_schemas_are_the_same_where_their_axes_are() -> None:
    assert schema_hash(TOY) == schema_hash(replace(TOY, name="other", label_title="x", document="ticket"))
    others = (CEBAB, replace(TOY, labels=("good", "fair", "bad")), replace(TOY, concepts=("soup", "hall")),
              replace(TOY, concept_values=(("Negative", "Positive"), TOY.values)))
    assert len({schema_hash(TOY), *map(schema_hash, others)}) == 5


@pytest.mark.parametrize(("changes", "part"), [
    ({"field": "noise"}, "'noise'; allowed: label, soup, room"), ({"new": "good"}, "'good'; allowed: Negative"),
    ({"old": ""}, "''; allowed"), ({"field": "label", "old": "bad"}, "'Positive'; allowed: bad, fair, good"),
    ({"schema": "0" * 16}, "another schema"), ({"text": " \u200b"}, "2 characters"), ({"text": "a\0b"}, "null"),
    ({"text": "x" * 100_001}, "100,001 characters"), ({"who": ""}, "name ''"), ({"who": "x" * 81}, "1 to 80"),
    ({"who": " Ada"}, "blanks"), ({"id": "a b"}, "'a b'"), ({"id": "a" * 33}, "up to 32"), ({"id": ""}, "id ''"),
    ({"checkpoint": ""}, "hash"), ({"checkpoint": "x" * 201}, "200"), ({"at": "yesterday"}, "'yesterday'"),
    ({"at": "2026-01-31T12:00:00"}, "UTC"), ({"at": "0001-01-01T00:00:00.000+23:00"}, "UTC"),
])
def test_what_cannot_be_a_correction_is_refused_with_what_is_allowed(changes: dict[str, str], part: str) -> None:
    check(a_correction(), TOY)
    with pytest.raises(InputError, match="allowed") as caught:
        check(a_correction(**changes), TOY)
    assert part in str(caught.value)


def test_a_value_that_this_concept_cannot_have_is_refused() -> None:
    own = replace(TOY, concept_values=(("Negative", "Positive"), TOY.values))
    check(a_correction(schema=schema_hash(own)), own)
    with pytest.raises(InputError, match="'unknown'; allowed: Negative, Positive"):
        check(a_correction(new="unknown", schema=schema_hash(own)), own)
