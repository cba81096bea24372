"""A slice in an address and in words."""

import json

from sparsecbm.failures.outcomes import Outcome
from sparsecbm.failures.slice_address import from_params, to_params
from sparsecbm.failures.slices import Slice, conditions_in_words, in_words
from sparsecbm.failures.tags import Tag
from sparsecbm.schema import CEBAB, SENTIMENT, ConceptSchema
from tests.helpers import TOY

#: A slice that says something in every field, with what an address could stumble over.
EVERYTHING = Slice(
    outcomes=(Outcome.BOTH_WRONG, Outcome.RIGHT), true_labels=("bad",), predicted_labels=("good", "fair"),
    true_values=(("soup", "Negative"),),
    predicted_values=(("soup", "unknown"), ("room", "Positive")), misread=("room",), tags=(Tag.LONG,),
    untagged=(Tag.LOW_MARGIN,),
    says=("so = so..", "<b>&amp;"), words=(3, 40), cells=(("a=b %", "x=y"), ("city", "")),
    ranges=(("price..", None, 2.5), ("n", -1e20, None)), ids=("r0",), marks=("follow up", "ü"),
)


def test_every_field_comes_back_from_the_address() -> None:
    parts = json.loads(json.dumps(to_params(EVERYTHING)))
    assert from_params(parts, TOY) == (EVERYTHING, ())
    assert set(EVERYTHING.conditions) == set(Slice.__dataclass_fields__), "the slice of this test lacks a field"
    assert to_params(Slice()) == {} and from_params({}, TOY) == (Slice(), ())


def test_an_address_is_readable() -> None:
    assert to_params(Slice(predicted_values=(("soup", "Negative"),), words=(41, None), tags=(Tag.LOW_MARGIN,))) == {
        "read": ["soup=Negative"], "tag": ["low-margin"], "words": ["41.."]}


def test_a_bad_part_is_named_and_the_others_kept() -> None:
    for name, given in [
        ("outcome", "fine"), ("true", "6"), ("told", "soup"), ("read", "decor=Negative"), ("read", "soup=bad"),
        ("misread", "decor"), ("tag", "huge"), ("says", "  "), ("words", "40..3"), ("words", ".."), ("words", "x"),
        ("words", "²..3"), ("cell", "city"), ("range", "price=..\u00a0"), ("range", "price=1"),
        ("range", "price=nan.."),
        ("range", "price=.."),
    ]:
        found, problems = from_params({name: [given], "true": ["bad", *([given] if name == "true" else [])],
                                       "source": ["samples"]}, TOY)
        assert found == Slice(true_labels=("bad",))
        assert len(problems) == 1 and "llowed" in problems[0] and f"(The address says {name}={given}.)" in problems[0]


def test_names_with_equal_signs_are_read_whole() -> None:
    schema = ConceptSchema("odd", ("a=b", "a"), (*SENTIMENT, "x=y"), ("0", "1"), "label", ("0", "1"), ("", ""))
    one = Slice(predicted_values=(("a=b", "x=y"), ("a", "x=y")))
    assert from_params(to_params(one), schema) == (one, ())


def test_in_words() -> None:
    for fields, words in [
        ({}, "all texts"),
        ({"predicted_values": (("noise", "Negative"),), "words": (40, None)},
         "noise predicted Negative, at least 40 words"),
        ({"true_values": (("food", "Negative"), ("food", "unknown"), ("noise", "Positive"))},
         "food truly Negative or unknown, noise truly Positive"),
        ({"true_labels": ("2",), "predicted_labels": ("3", "4")},
         "true rating 2 stars, predicted rating 3 stars or 4 stars"),
        ({"outcomes": (Outcome.LABEL_WRONG, Outcome.BOTH_WRONG)}, "rating wrong, concepts right or both wrong"),
        ({"tags": (Tag.LONG, Tag.RARE), "untagged": (Tag.LOW_MARGIN,)}, "long and rare combination, not low margin"),
        ({"misread": ("food", "noise"), "says": ("waited",)}, "food and noise misread, says “waited”"),
        ({"cells": (("kind", "irony"), ("kind", "")), "ranges": (("price", 10.0, 1e4), ("n", None, 2.0))},
         "kind: irony or (empty), price 10 to 10,000, n at most 2"),
        ({"ids": ("r1",), "marks": ("mine",)}, "id r1, tagged “mine”"), ({"ids": ("r1", "r2")}, "one of 2 ids"),
    ]:
        assert in_words(Slice(**fields), CEBAB) == words


def test_every_condition_can_be_named_by_itself() -> None:
    said = conditions_in_words(EVERYTHING, TOY)
    assert tuple(name for name, _ in said) == EVERYTHING.conditions and all(words for _, words in said)
