"""The schema: names and their places, and what cannot be one."""

from typing import Any

import pytest

from sparsecbm.config import ModelConfig, from_json, to_json
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
    ({"document": " "}, "can be seen"),
])
def test_what_cannot_be_a_schema_is_refused(changes: dict[str, Any], part: str) -> None:
    with pytest.raises(ConfigError, match=part):
        schema(**changes)


def test_one_concept_is_enough() -> None:
    assert schema(concepts=("soup",), concept_help=("The soup.",)).concepts == ("soup",)


def test_schemas_are_values() -> None:
    assert schema() == schema() != schema(name="other") and hash(schema()) == hash(schema())


def test_each_concept_may_have_values_of_its_own() -> None:
    own = schema(values=("rude", "low", "kind", "high"), concept_values=(("low", "high"), ("rude", "kind")))
    assert (own.values_of("soup"), own.values_of("room")) == (("low", "high"), ("rude", "kind"))
    assert own.value_index("high", "soup") == 3 and schema().values_of("room") == SENTIMENT
    with pytest.raises(InputError, match="Unknown value 'high'; allowed: rude, kind"):
        own.value_index("high", "room")


@pytest.mark.parametrize(("given", "part"), [
    ((SENTIMENT,), "1 of 2 concepts"),
    ((SENTIMENT, ("Positive",)), "'room' has the values .* at least two"),
    ((SENTIMENT, ("Positive", "Negative")), "in this order"),
    ((SENTIMENT, ("Negative", "good")), "'room'"),
])
def test_values_of_a_concept_are_some_of_all_in_their_order(given: tuple[tuple[str, ...], ...], part: str) -> None:
    with pytest.raises(ConfigError, match=part):
        schema(concept_values=given)


def test_what_was_written_before_a_document_had_a_name_keeps_its_form() -> None:
    """So that the digest of a stored study stays, and an old checkpoint reads as of reviews."""
    old = to_json(ModelConfig(schema()))["schema"]
    assert not {"document", "documents", "concept_values"} & set(old)
    assert from_json(ConceptSchema, old).documents == "reviews"
    new = schema(document="ticket", documents="tickets", concept_values=(SENTIMENT, SENTIMENT[::2]))
    assert from_json(ConceptSchema, to_json(new)) == new


def test_models_and_documents_fit_together_by_names_and_not_by_words() -> None:
    assert schema().axes == schema(name="other", document="ticket", concept_help=("", "")).axes
    assert schema().axes != schema(concept_values=(SENTIMENT, SENTIMENT[::2])).axes
