"""A protocol refuses what contradicts itself, and is the same after JSON."""

import json
from dataclasses import replace
from typing import Any

import pytest

from sparsecbm.errors import ConfigError
from sparsecbm.studies.protocol import Case, Protocol, Question, offers
from tests.studies.toys import a_protocol


def test_json_both_ways_and_a_digest_of_all_of_it() -> None:
    protocol = a_protocol(between=True, time_limit_s=30, practice=(Case("p", "Practice.", "bad"),))
    again = Protocol.from_json(json.loads(json.dumps(protocol.to_json())))
    assert again == protocol and again.digest == protocol.digest
    later = protocol.next_version(seed=7)
    assert (later.version, later.seed) == (2, 7) and later.digest != protocol.digest
    assert replace(protocol, consent="I do.").digest != protocol.digest


def test_each_arm_offers_what_those_before_it_do() -> None:
    assert offers("overrides", "words") and offers("words", "words") and not offers("words", "concepts")


@pytest.mark.parametrize(("changes", "part"), [
    ({"name": " "}, "name"), ({"consent": ""}, "consent"), ({"arms": ()}, "0 arms"),
    ({"arms": ("words", "words")}, "words"),
    ({"arms": ("prediction", "words", "overrides")}, "4 cases cannot be shared equally by 3 arms"),
    ({"cases": ()}, "0 cases"), ({"cases": (Case("a", "x", "good"), Case("a", "y", "bad"))}, "'a' is repeated"),
    ({"practice": (Case("c0", "x", "good"),)}, "'c0' is repeated"),
    ({"cases": (Case("a", " ", "good"), Case("b", "y", "bad"))}, "has no text"),
    ({"cases": (Case("a", "x", "best"), Case("b", "y", "bad"))}, "'best'"),
    ({"cases": (Case("a", "x", "good", {"soup": "hot"}), Case("b", "y", "bad"))}, "hot"),
    ({"answer_first": False}, "confidence_before"), ({"time_limit_s": 1}, "5 seconds"), ({"seed": -1}, "seed -1"),
    ({"version": 0}, "Version 0"), ({"checkpoint": ""}, "hash"),
    ({"questions": (Question("q", "?", "text", "end"), Question("q", "!", "text", "end"))}, "'q' is repeated"),
])
def test_what_contradicts_itself_is_refused(changes: dict[str, Any], part: str) -> None:
    with pytest.raises(ConfigError, match=part):
        a_protocol(**changes)


def test_json_that_is_none_is_refused_with_its_place() -> None:
    values = a_protocol().to_json() | {"arms": ["prediction", "guess"]}
    with pytest.raises(ConfigError, match=r"study x: setting 'arms\.1'"):
        Protocol.from_json(values, "study x")
    with pytest.raises(ConfigError, match="surprise"):
        Protocol.from_json(a_protocol().to_json() | {"surprise": 1})
