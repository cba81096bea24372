"""Which concepts, values and labels a model speaks about. The only place that knows "food" or "5 stars"."""

from pydantic.dataclasses import dataclass

from sparsecbm.errors import ConfigError, InputError, unknown_name

#: Order of a concept's values, as an analyst reads them from bad to good.
SENTIMENT = ("Negative", "unknown", "Positive")


@dataclass(frozen=True)
class ConceptSchema:
    """The names behind the axes `concept` (K), `value` (C) and `label` (Y).

    All concepts share one list of values. `label_display` and `concept_help` are what a person reads;
    `labels` and `concepts` are what files, addresses and the command line use.

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

    def concept_index(self, name: str) -> int:
        """Position of a concept on the `concept` axis; InputError lists the allowed names."""
        return _index("concept", name, self.concepts)

    def value_index(self, name: str) -> int:
        """Position of a value on the `value` axis; InputError lists the allowed names."""
        return _index("value", name, self.values)

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
