"""The schema: names and their places, and what cannot be one."""

from typing import Any

import pytest

from sparsecbm.errors import ConfigError, InputError
from sparsecbm.schema import CEBAB, SENTIMENT, ConceptSchema


def schema(**changes: Any) -> ConceptSchema:
    plain = {"name": "toy", "concepts": ("soup", "room"), "values": SENTIMENT, "labels": ("bad", "good"),
             "label_title": "verdict", "label_display": ("Bad", "Good"), "concept_help": ("The soup.", "The room.")}
    return ConceptSchema(**plain | changes)


def test_names_have_places() -> None:
    assert [CEBAB.concept_index(name) for name in ("food", "ambiance", "service", "noise")] == [0, 1, 2, 3]
    assert [CEBAB.value_index(name) for name in ("Negative", "unknown", "Positive")] == [0, 1, 2]
    assert [CEBAB.label_index(str(stars)) for stars in (1, 2, 3, 4, 5)] == [0, 1, 2, 3, 4]


@pytest.mark.parametrize(("kind", "allowed"), [
    ("concept", "food, ambiance, service, noise"), ("value", "Negative, unknown, Positive"), ("label", "1, 2, 3, 4, 5"),
])
@pytest.mark.parametrize("name", ["", "Food", "6", "food "])
def test_an_unknown_name_is_an_input_error_that_lists_the_allowed(kind: str, allowed: str, name: str) -> None:
    with pytest.raises(InputError) as error:
        getattr(CEBAB, f"{kind}_index")(name)
    assert f"Unknown {kind} {name!r}; allowed: {allowed}." in str(error.value)


@pytest.mark.parametrize(("changes", "part"), [
    ({"concepts": (), "concept_help": ()}, "one concept"),
    ({"values": ("one",)}, "two values"),
    ({"labels": ("one",), "label_display": ("One",)}, "labels"),
    ({"concepts": ("soup", "soup")}, "Concept names must differ"),
    ({"values": ("no", "yes", "no")}, "Value names must differ"),
    ({"labels": ("good", "good")}, "Label names must differ"),
    ({"label_display": ("Bad",)}, "display name"),
    ({"concept_help": ("The soup.",)}, "help line"),
    ({"concepts": ("soup", "label")}, "taken"),
    ({"concepts": ("residual", "room")}, "taken"),
])
def test_what_cannot_be_a_schema_is_refused(changes: dict[str, Any], part: str) -> None:
    with pytest.raises(ConfigError, match=part):
        schema(**changes)


def test_one_concept_is_enough() -> None:
    assert schema(concepts=("soup",), concept_help=("The soup.",)).concepts == ("soup",)


def test_schemas_are_values() -> None:
    assert schema() == schema() != schema(name="other") and hash(schema()) == hash(schema())
