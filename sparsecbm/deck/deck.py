"""Scenes in their order, and the file that keeps them. Every change gives a new deck."""

from dataclasses import replace
from functools import cached_property
from typing import Annotated, Literal

from pydantic import AwareDatetime, Field, TypeAdapter
from pydantic.dataclasses import dataclass

from sparsecbm.deck.parts import STRICT, Bars, Chart, Heatmap, Part, Passage, Table
from sparsecbm.errors import InputError
from sparsecbm.validation import validated

LONGEST_TITLE, LONGEST_NOTE = 140, 1000

_Part = Annotated[Passage | Heatmap | Bars | Table | Chart, Field(discriminator="kind")]


@dataclass(frozen=True, config=STRICT)
class Scene:
    """A snapshot; `parts` are shown from the top. `page` and `query` are the address that it was pinned from.

    `checkpoint` is the content hash of its model, and `receipt` says in words how the results were computed.
    """

    title: Annotated[str, Field(min_length=1, max_length=LONGEST_TITLE)]
    note: Annotated[str, Field(max_length=LONGEST_NOTE)]
    created: AwareDatetime
    page: Annotated[str, Field(pattern=r"^[A-Za-z0-9_]{0,40}$")]
    query: tuple[tuple[str, str], ...]
    parts: Annotated[tuple[_Part, ...], Field(min_length=1, max_length=20)]
    checkpoint: Annotated[str, Field(max_length=128)]
    receipt: Annotated[str, Field(max_length=500)] = ""

    @cached_property
    def size(self) -> int:
        """Bytes that it takes in a file."""
        return len(_SCENE.dump_json(self))


_SCENE = TypeAdapter(Scene)

__all__ = ["LONGEST_NOTE", "LONGEST_TITLE", "Part", "Scene"]


FORMAT: Literal[1] = 1
MOST_SCENES = 100
#: Of the file; a scene takes some 5 to 20 kB.
MOST_BYTES = 4 * 2**20


@dataclass(frozen=True, config=STRICT)
class Deck:
    """Scenes in their order, and the title of the cover, empty for the usual one.

    Scenes are numbered from 0 here, and from 1 wherever a person reads their number. InputError for a deck that is too
    large, and for numbers that it does not have.
    """

    scenes: tuple[Scene, ...] = ()
    format: Literal[1] = FORMAT
    title: Annotated[str, Field(max_length=LONGEST_TITLE)] = ""

    def __post_init__(self) -> None:
        size = sum(scene.size for scene in self.scenes)
        if len(self.scenes) > MOST_SCENES or size > MOST_BYTES:
            raise InputError(f"The deck would have {len(self.scenes):,} scenes and {size:,} bytes; allowed: up to "
                             f"{MOST_SCENES} scenes and {MOST_BYTES:,} bytes. Export it and start a new one, or "
                             "delete scenes.")

    def add(self, *scenes: Scene) -> "Deck":
        """With more scenes at the end."""
        return replace(self, scenes=(*self.scenes, *scenes))

    def remove(self, number: int) -> "Deck":
        """Without a scene."""
        self._check(number)
        return replace(self, scenes=(*self.scenes[:number], *self.scenes[number + 1 :]))

    def move(self, number: int, to: int) -> "Deck":
        """With a scene at another place; those between move up."""
        self._check(number)
        self._check(to)
        rest = [*self.scenes[:number], *self.scenes[number + 1 :]]
        return replace(self, scenes=(*rest[:to], self.scenes[number], *rest[to:]))

    def rename(self, number: int, title: str, note: str) -> "Deck":
        """With another title and note for a scene."""
        self._check(number)
        changes = {"title": title, "note": note}
        renamed = validated(lambda given: replace(self.scenes[number], **given), changes, f"Scene {number + 1}")
        return replace(self, scenes=(*self.scenes[:number], renamed, *self.scenes[number + 1 :]))

    def number(self, scene: Scene) -> int:
        """The number of a scene; InputError where it is gone."""
        if scene not in self.scenes:
            raise InputError(f"The scene {scene.title!r} is no longer in this deck; allowed: one of its "
                             f"{len(self.scenes)} scenes. Look at the list again.")
        return self.scenes.index(scene)

    def _check(self, number: int) -> None:
        if not 0 <= number < len(self.scenes):
            raise InputError(f"There is no scene {number + 1}; allowed: 1 to {len(self.scenes)}, the scenes of this "
                             "deck. Look at the list again.")


_DECK = TypeAdapter(Deck)


def deck_to_json(deck: Deck) -> str:
    """The deck's file; equal decks give equal files."""
    return _DECK.dump_json(deck, exclude=None if deck.title else {"title"}).decode()


def read_deck(data: bytes, source: str = "deck") -> Deck:
    """The inverse of `deck_to_json`. Nothing in it is run, fetched or taken for HTML.

    InputError names what is wrong with the file, and what is allowed. `figure.deck_from_json` checks the charts, too.
    """
    if len(data) > MOST_BYTES + 1024:  # what is around the scenes
        raise InputError(f"{source} has {len(data):,} bytes; allowed for a deck: up to {MOST_BYTES:,}. Choose another "
                         "file.")
    return validated(_DECK.validate_json, data, source)
