"""One numbered scene: a title, a note, what it shows, and where that came from."""

from functools import cached_property
from typing import Annotated

from pydantic import AwareDatetime, Field, TypeAdapter
from pydantic.dataclasses import dataclass

from sparsecbm.deck.parts import STRICT, Bars, Chart, Heatmap, Part, Passage, Table

LONGEST_TITLE, LONGEST_NOTE = 140, 1000

_Part = Annotated[Passage | Heatmap | Bars | Table | Chart, Field(discriminator="kind")]


@dataclass(frozen=True, config=STRICT)
class Scene:
    """A snapshot; `parts` are shown from the top. `page` and `query` are the address that it was pinned from.

    `checkpoint` is the content hash of the model that it tells of, and `receipt` how the results came about, in words.
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
