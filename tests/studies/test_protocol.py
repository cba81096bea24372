"""A protocol refuses what contradicts itself, and is the same after JSON."""

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from sparsecbm.errors import ConfigError, DataError
from sparsecbm.studies.protocol import Case, Protocol, Question, load_protocol, offers
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
    ({"answer_first": False}, "confidence_before"), ({"time_limit_s": 1}, "5 to 86,400"), ({"seed": -1}, "-1"),
    ({"version": 0}, "version is 0"), ({"checkpoint": ""}, "hash"), ({"data_hash": "x" * 201}, "hash"),
    ({"time_limit_s": 10**15}, "5 to 86,400"), ({"seed": 2**63}, "seed"), ({"version": 2**31}, "version"),
    ({"cases": tuple(Case(f"c{i}", "x", "good") for i in range(1002))}, "1002 cases"),
    ({"consent": "I do.\0"}, "NUL"), ({"cases": (Case("a", "x", "good", {"soup": "Positive"}, "\0"),) * 2}, "NUL"),
    ({"external_ids": ("study",)}, "'study'"), ({"external_ids": ("a b",)}, "'a b'"),
    ({"external_ids": ("PID", "PID")}, "'PID' is repeated"), ({"external_ids": tuple("abcdefghijk")}, "11 external"),
    ({"questions": (Question("q", "?", "text", "end"), Question("q", "!", "text", "end"))}, "'q' is repeated"),
])
def test_what_contradicts_itself_is_refused(changes: dict[str, Any], part: str) -> None:
    with pytest.raises(ConfigError, match=part):
        a_protocol(**changes)


def test_what_a_later_release_added_leaves_old_digests() -> None:
    plain, more = a_protocol(), a_protocol(external_ids=("PROLIFIC_PID",))
    assert "external_ids" not in plain.to_json() and more.to_json()["external_ids"] == ["PROLIFIC_PID"]
    assert plain.digest != more.digest and Protocol.from_json(more.to_json()) == more


@pytest.mark.parametrize("content", ["[" * 100_000, '{"name": ' + "1" * 5000 + "}", "[1]", '{"name": NaN}', "\x00"])
def test_a_file_that_holds_no_protocol_is_refused_briefly(content: str, tmp_path: Path) -> None:
    (tmp_path / "p.json").write_text(content, encoding="utf-8")
    with pytest.raises((ConfigError, DataError)) as caught:
        load_protocol(tmp_path / "p.json")
    assert len(str(caught.value)) < 400 + len(str(tmp_path))
    with pytest.raises(ConfigError) as caught:
        Protocol.from_json(a_protocol().to_json() | {"time_limit_s": "5" * 10_000})
    assert len(str(caught.value)) < 300


def test_json_that_is_none_is_refused_with_its_place() -> None:
    values = a_protocol().to_json() | {"arms": ["prediction", "guess"]}
    with pytest.raises(ConfigError, match=r"study x: setting 'arms\.1'"):
        Protocol.from_json(values, "study x")
    with pytest.raises(ConfigError, match="surprise"):
        Protocol.from_json(a_protocol().to_json() | {"surprise": 1})
