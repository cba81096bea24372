"""Decks: scenes keep their order and their contents, files come back whole, and foreign files are refused."""

import json
from typing import Any

import pytest

from sparsecbm.deck.deck import MOST_BYTES, MOST_SCENES, Deck, deck_to_json
from sparsecbm.deck.figure import deck_from_json
from sparsecbm.deck.parts import Heatmap, Passage, Table
from sparsecbm.errors import InputError
from tests.deck.scenes import a_scene

ABC = Deck().add(a_scene("A"), a_scene("B"), a_scene("C"))


def titles(deck: Deck) -> str:
    return "".join(scene.title for scene in deck.scenes)


@pytest.mark.parametrize(("number", "to", "after"), [(0, 2, "BCA"), (2, 0, "CAB"), (1, 1, "ABC"), (0, 1, "BAC")])
def test_a_moved_scene_stands_where_it_was_put(number: int, to: int, after: str) -> None:
    assert titles(ABC.move(number, to)) == after and titles(ABC) == "ABC"


def test_scenes_are_added_removed_and_renamed() -> None:
    deck = ABC.remove(1).add(a_scene("D"))
    assert titles(deck) == "ACD"
    renamed = deck.rename(1, "E", "why")
    assert titles(renamed) == "AED" and renamed.scenes[1].note == "why"
    assert renamed.scenes[1].parts == deck.scenes[1].parts and renamed.scenes[1].created == deck.scenes[1].created
    assert deck.number(deck.scenes[2]) == 2


@pytest.mark.parametrize("number", [-1, 3])
def test_a_scene_that_is_not_there_is_refused(number: int) -> None:
    for action in (ABC.remove, lambda one: ABC.move(0, one), lambda one: ABC.rename(one, "x", "")):
        with pytest.raises(InputError, match="allowed: 1 to 3"):
            action(number)
    with pytest.raises(InputError, match="gone"):
        ABC.number(a_scene("gone"))


@pytest.mark.parametrize(("title", "note"), [("", "x"), ("x" * 141, ""), ("x", "x" * 1001)])
def test_titles_and_notes_have_bounds(title: str, note: str) -> None:
    with pytest.raises(InputError, match="Scene 2"):
        ABC.rename(1, title, note)


def test_a_file_gives_the_same_deck() -> None:
    assert deck_from_json(deck_to_json(Deck(ABC.scenes, title="T")).encode()).add(a_scene("D")).title == "T"
    data = deck_to_json(ABC)
    assert '"title":"T"' not in data and set(json.loads(data)) == {"scenes", "format"}  # as before covers had titles
    assert deck_from_json(data.encode()) == ABC and deck_to_json(deck_from_json(data.encode())) == data
    assert deck_from_json(deck_to_json(Deck()).encode()) == Deck()


def test_a_deck_has_bounds() -> None:
    scene = a_scene("A", Passage("x"))
    full = Deck((scene,) * MOST_SCENES)
    assert len(deck_from_json(deck_to_json(full).encode()).scenes) == MOST_SCENES
    with pytest.raises(InputError, match=f"up to {MOST_SCENES}"):
        full.add(scene)
    half = a_scene("A", Passage("x" * (MOST_BYTES // 2)))
    with pytest.raises(InputError, match="bytes"):
        Deck().add(half, half)
    with pytest.raises(InputError, match="bytes"):
        deck_from_json(b" " * (MOST_BYTES + 2000))


def changed(**changes: Any) -> bytes:
    """The file of one scene with some of its values changed."""
    plain = json.loads(deck_to_json(Deck((a_scene(),))))
    plain["scenes"][0] |= changes
    return json.dumps(plain).encode()


@pytest.mark.parametrize("data", [
    b"", b"\xff\xfe", b"[]", b"null", b"[" * 100_000, b'{"scenes":[],"format":2}', b'{"scenes":[],"extra":1}',
    b'{"scenes":[{}],"format":1}',
    changed(title=""), changed(title="x" * 141), changed(title=3), changed(note=None), changed(created="2026-11-21"),
    changed(page="../x"), changed(page="//evil.example"), changed(query=[["a"]]), changed(parts=[]),
    changed(parts=[{"kind": "html", "text": "x"}]), changed(parts=[{"kind": "text", "text": "x", "onload": "x"}]),
    changed(parts=[{"kind": "bars", "heading": "x", "rows": [["a", 1.5]]}]),
    changed(parts=[{"kind": "words", "text": "abc", "spans": [[0, 4, 1]], "limit": 1, "subject": "x"}]),
    changed(parts=[{"kind": "words", "text": "abc", "spans": [[1, 2, 1], [0, 1, 1]], "limit": 1, "subject": "x"}]),
    changed(parts=[{"kind": "words", "text": "abc", "spans": [[0, 1, "NaN"]], "limit": 1, "subject": "x"}]),
    changed(parts=[{"kind": "words", "text": "abc", "spans": [], "limit": 0, "subject": "x"}]),
    changed(parts=[{"kind": "table", "columns": ["a", "b"], "rows": [["1"]]}]),
    changed(parts=[{"kind": "chart", "light": "{}", "dark": "{}", "alt": "x"}]),
    changed(checkpoint="x" * 129), changed(extra="x"),
])
def test_a_file_that_is_no_sound_deck_is_refused(data: bytes) -> None:
    with pytest.raises(InputError) as caught:
        deck_from_json(data, "file")
    assert len(str(caught.value)) < 600


def test_words_keep_their_place_in_the_text() -> None:
    words = Heatmap("good soup", ((0, 4, 1.0), (5, 9, -0.5)), 2.0, "food")
    assert [word.text for word in words.words] == ["good", "soup"] and words.scores == (1.0, -0.5)
    with pytest.raises(InputError, match="1 cells"):
        Table(("a", "b"), (("1",),))
