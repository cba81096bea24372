"""Two sets of masks in words and in a table."""

import re
from dataclasses import replace
from typing import Any

import pytest

from sparsecbm.subnetworks.comparison_text import advice, ahead, cautions, findings, headline, side_by_side
from tests.subnetworks.masks import PRUNED, TWO, comparison_of

#: Forty weights: food has the first ten to itself, room the next ten.
FORTY = ["1" * 10 + "0" * 30, "0" * 10 + "1" * 10 + "0" * 20]


def there(food: int, room: int) -> Any:
    """Masks that keep so many of food's ten own weights, and of room's, for the same concept, and others besides."""
    return comparison_of({"0": FORTY}, {"0": ["1" * food + "0" * 20 + "1" * (20 - food),
                                              "0" * 10 + "1" * room + "0" * 20 + "1" * (10 - room)]})


def measured(**dev: Any) -> dict[str, Any]:
    report = {"n": 1673, "split": "dev", "data_hash": "d", "label": {"macro_f1": 0.698},
              "concepts": {"food": {"macro_f1": 0.8}, "room": {"macro_f1": 0.9}},
              "specificity": [[0.9, 0.8], [0.7, 0.85]]}
    config = {"backbone": "owner/small", "seed": 3, "prune": {"scheme": "core_exclusive", "sparsity": 0.7}}
    return {"dev": report | dev, "training": {"config": config}}


def said(comparison: Any) -> str:
    return " ".join(findings(comparison)).replace("\u00a0", " ")


def test_headline_and_advice_depend_on_which_weights_recur() -> None:
    both, one, none = there(5, 6), there(0, 6), there(0, 0)
    assert len({headline(case) for case in (both, one, none)}) == 3
    assert "of room go" in headline(one), "the concept whose weights recur is named"
    assert advice(one) == advice(none) != advice(both)


def test_a_lead_of_five_points_is_enough_and_less_is_not() -> None:
    masks = ["1" * 20 + "0" * 20, "0" * 20 + "1" * 20]

    def kept(own: int, foreign: int) -> Any:
        """How many of each concept's twenty own weights the same concept keeps there, and how many the other."""
        food = "1" * own + "0" * (20 - own) + "1" * foreign + "0" * (20 - foreign)
        return comparison_of({"0": masks}, {"0": [food, food[20:] + food[:20]]})

    assert ahead(kept(10, 9).own) == (0, 1) and ahead(kept(9, 9).own) == ()


def test_the_same_masks_are_said_to_be_the_same() -> None:
    same = comparison_of({"0": FORTY}, {"0": FORTY})
    assert "the same masks" in headline(same) and findings(same) == () and "another run" in advice(same)


def test_where_no_concept_has_its_own_the_whole_counts() -> None:
    """Both concepts keep the first ten here, so nothing is either's own; there each keeps one half of them."""
    shared = comparison_of({"0": ["1" * 10, "1" * 10]}, {"0": ["1" * 5 + "0" * 5, "0" * 5 + "1" * 5]})
    assert headline(shared) == headline(there(0, 0)) and "own part" not in said(shared)


def test_the_findings_are_the_counts_in_words() -> None:
    assert re.findall(r"[\d.]+(?: to \d+)? %|0\.\d+", said(TWO)) == [
        "50 %", "25 to 75 %", "38 to 50 %", "0 to 50 %", "0 to 50 %", "71 %", "50 %", "0.17", "0.33"]


def test_weights_that_went_to_another_concept_are_named() -> None:
    swapped = comparison_of({"0": FORTY}, {"0": [FORTY[1], "1" * 8 + "0" * 32]})
    assert ("There, room uses 80 % of food's own part, food itself 0 %; food uses 100 % of room's own part, room "
            "itself 0 %.") in said(swapped)


def test_what_pruning_takes_first_is_said() -> None:
    alike = comparison_of({"0": FORTY}, {"0": ["1" * 5 + "0" * 35, "0" * 10 + "1" * 5 + "0" * 25]}, sparsity=0.875)
    assert "90 %" in headline(PRUNED) and "own parts first" in headline(PRUNED)
    assert "87.5 %" in headline(alike) and "alike" in headline(alike)
    assert re.findall(r"\d+ %", said(PRUNED))[:3] == ["75 %", "50 %", "33 %"]
    assert advice(PRUNED) not in (advice(there(5, 6)), advice(there(0, 0)))


def test_what_both_measured_stands_side_by_side() -> None:
    other = measured(specificity=[[0.5, 0.8], [0.7, 0.85]])
    table = side_by_side(comparison_of({"0": FORTY}, {"0": FORTY[::-1]}, metrics=(measured(), other)))
    rows = dict(zip(table[""], table[["mine", "other"]].to_numpy().tolist(), strict=True))
    assert rows["weights kept, percent of all"] == ["25.0", "25.0"]
    assert rows["a subnetwork's own part, percent of it"] == ["100.0", "100.0"]
    assert rows["overlap of two subnetworks, mean Jaccard"] == ["0.00", "0.00"]
    assert rows["label macro F1, percent"] == ["69.8", "69.8"]
    assert rows["concept macro F1, mean percent"] == ["85.0", "85.0"]
    assert rows["least lead of a concept's own subnetwork, points"] == ["5.0 (room)", "−20.0 (food)"]
    assert rows["measured on"] == ["dev, 1,673 texts"] * 2
    assert rows["mask scheme"] == ["core exclusive"] * 2 and rows["seed"] == ["3", "3"]


@pytest.mark.parametrize("metrics", [
    {}, {"dev": None}, {"dev": {"label": [], "concepts": {"food": 3}, "specificity": "x", "n": "many", "split": "dev"}},
    {"training": {"config": []}},
])
def test_what_only_one_measured_is_left_out(metrics: dict[str, Any]) -> None:
    table = side_by_side(comparison_of({"0": FORTY}, {"0": FORTY[::-1]}, metrics=(measured(), metrics)))
    assert len(table) == 3


def test_a_single_concept_has_less_to_compare() -> None:
    alone = comparison_of({"0": ["1100"]}, {"0": ["1010"]}, ("food",), 1)
    assert side_by_side(alone)[""].tolist() == ["weights kept, percent of all"]
    assert said(alone) and "mean Jaccard" not in said(alone)


def test_equal_names_are_made_different() -> None:
    assert side_by_side(TWO).columns.tolist() == ["", "mine", "other"]
    namesake = replace(TWO, second=replace(TWO.second, name="mine"))
    assert side_by_side(namesake).columns.tolist() == ["", "mine", "mine (other)"]


def test_records_that_cannot_be_compared_are_named() -> None:
    def of(metrics: dict[str, Any]) -> tuple[str, ...]:
        return cautions(comparison_of({"0": FORTY}, {"0": FORTY[::-1]}, metrics=(measured(), metrics)))

    assert of(measured()) == of({}) == ()
    assert "different texts" in of(measured(data_hash="e"))[0]
    foreign = measured()
    foreign["training"]["config"]["backbone"] = "owner/large"
    assert "mine was trained from owner/small, other from owner/large" in of(foreign)[0]
    foreign["training"]["config"]["backbone"] = "/home/someone/small"
    assert of(foreign) == (), "the name of a folder does not say what is in it"
