"""Which concepts, values and labels a model speaks about. The only place that knows "food" or "5 stars"."""

from collections.abc import Callable
from typing import Any

from pydantic import model_serializer
from pydantic.dataclasses import dataclass

from sparsecbm.errors import ConfigError, InputError, unknown_name

#: Order of a concept's values, as an analyst reads them from bad to good.
SENTIMENT = ("Negative", "unknown", "Positive")
#: Settings that later releases added; they are written only where they are set, so that old digests stay.
_ADDED: dict[str, Any] = {"document": "review", "documents": "reviews", "concept_values": ()}


@dataclass(frozen=True)
class ConceptSchema:
    """The names behind the axes `concept` (K), `value` (C) and `label` (Y).

    All concepts share one axis of values; `concept_values` says which of them each concept can have, all of them where
    it is empty. `label_display`, `concept_help`, and `document` with its plural are what a person reads; `labels` and
    `concepts` are what files, addresses and the command line use. Schemas without a word for a document are of reviews.

        >>> CEBAB.concepts, CEBAB.value_index("Positive")
        (('food', 'ambiance', 'service', 'noise'), 2)
    """

    name: str
    concepts: tuple[str, ...]
    values: tuple[str, ...]
    labels: tuple[str, ...]
    label_title: str
    label_display: tuple[str, ...]
    concept_help: tuple[str, ...]
    document: str = _ADDED["document"]
    documents: str = _ADDED["documents"]
    concept_values: tuple[tuple[str, ...], ...] = ()

    def __post_init__(self) -> None:
        for kind, names in (("concept", self.concepts), ("value", self.values), ("label", self.labels)):
            if len(names) < 2 and kind != "concept" or not names:
                raise ConfigError("A schema needs at least two values and labels and one concept; "
                                  f"{kind}s are {names}.")
            if len(set(names)) != len(names):
                raise ConfigError(f"{kind.capitalize()} names must differ; got {names}.")
        if len(self.label_display) != len(self.labels) or len(self.concept_help) != len(self.concepts):
            raise ConfigError("A schema needs one display name per label and one help line per concept.")
        if {"label", "residual"} & set(self.concepts):
            raise ConfigError("No concept may be called 'label' or 'residual'; these names are taken.")
        if not self.document.strip() or not self.documents.strip():
            raise ConfigError(f"A document is called {self.document!r}, and several {self.documents!r}; allowed: words "
                              "that can be seen.")
        if self.concept_values:
            self._check_concept_values()

    @model_serializer(mode="wrap")
    def _written(self, write: Callable[[Any], dict[str, Any]]) -> dict[str, Any]:
        return {name: value for name, value in write(self).items()
                if name not in _ADDED or getattr(self, name) != _ADDED[name]}

    def _check_concept_values(self) -> None:
        if len(self.concept_values) != len(self.concepts):
            raise ConfigError(f"Values came for {len(self.concept_values)} of {len(self.concepts)} concepts; allowed: "
                              "a list for each concept, or none at all.")
        for concept, own in zip(self.concepts, self.concept_values, strict=True):
            if len(own) < 2 or own != tuple(value for value in self.values if value in own):
                raise ConfigError(f"Concept {concept!r} has the values {own}; allowed: at least two of {self.values}, "
                                  "in this order.")

    @property
    def axes(self) -> tuple[tuple[str, ...], tuple[str, ...], tuple[str, ...], tuple[tuple[str, ...], ...]]:
        """What two schemas share whose models and documents fit together: concepts, values, labels, each one's values.
        """
        return self.concepts, self.values, self.labels, tuple(map(self.values_of, self.concepts))

    def values_of(self, concept: str) -> tuple[str, ...]:
        """The values that a concept can have, in the order of the `value` axis."""
        place = self.concept_index(concept)
        return self.concept_values[place] if self.concept_values else self.values

    def value_places(self, concept: str) -> list[int]:
        """Positions of a concept's values on the `value` axis."""
        return [self.values.index(value) for value in self.values_of(concept)]

    def concept_index(self, name: str) -> int:
        """Position of a concept on the `concept` axis; InputError lists the allowed names."""
        return _index("concept", name, self.concepts)

    def value_index(self, name: str, concept: str | None = None) -> int:
        """Position of a value on the `value` axis; InputError lists the allowed names, those of a concept if one is
        given."""
        _index("value", name, self.values if concept is None else self.values_of(concept))
        return self.values.index(name)

    def label_index(self, name: str) -> int:
        """Position of a label on the `label` axis; InputError lists the allowed names."""
        return _index("label", name, self.labels)


def _index(kind: str, name: str, allowed: tuple[str, ...]) -> int:
    if name not in allowed:
        raise InputError(unknown_name(kind, name, allowed))
    return allowed.index(name)


CEBAB = ConceptSchema(
    name="cebab",
    concepts=("food", "ambiance", "service", "noise"),
    values=SENTIMENT,
    labels=("1", "2", "3", "4", "5"),
    label_title="rating",
    label_display=("1 star", "2 stars", "3 stars", "4 stars", "5 stars"),
    concept_help=(
        "What the review says of the food and drink.",
        "What the review says of the room, the decor and the mood.",
        "What the review says of the staff and the waiting.",
        "What the review says of how loud it was.",
    ),
)

IMDB_C = ConceptSchema(
    name="imdb-c",
    concepts=("acting", "storyline", "emotional arousal", "cinematography"),
    values=SENTIMENT,
    labels=("Negative", "Positive"),
    label_title="sentiment",
    label_display=("Negative", "Positive"),
    concept_help=(
        "What the review says of the actors and how they play.",
        "What the review says of the plot and how it is told.",
        "What the review says of the feelings that the film stirs.",
        "What the review says of the camera work and the pictures.",
    ),
)
