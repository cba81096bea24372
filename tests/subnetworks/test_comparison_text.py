"""Two sets of masks in words and in a table."""

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


def test_weights_that_come_again_belong_to_the_concept() -> None:
    assert headline(there(5, 6)) == "A concept's own weights go to the same concept there, more than to any other."
    assert "likely to hold for another run" in advice(there(5, 6))


def test_weights_that_do_not_come_again_belong_to_the_run() -> None:
    assert headline(there(0, 0)).startswith("Which weights a concept gets depends on the training run")
    assert "Do not build on single heads or neurons" in advice(there(0, 0))


def test_some_concepts_may_keep_theirs() -> None:
    assert headline(there(0, 6)) == ("The own weights of room go to the same concept there more than to any other; "
                                     "those of the other concepts depend on the training run.")
    assert "Do not build on single heads or neurons" in advice(there(0, 6))


def test_a_lead_of_five_points_is_enough_and_less_is_not() -> None:
    masks = ["1" * 20 + "0" * 20, "0" * 20 + "1" * 20]

    def kept(own: int, foreign: int) -> Any:
        """How many of each concept's twenty own weights the same concept keeps there, and how many the other."""
        food = "1" * own + "0" * (20 - own) + "1" * foreign + "0" * (20 - foreign)
        return comparison_of({"0": masks}, {"0": [food, food[20:] + food[:20]]})

    assert ahead(kept(10, 9).own) == (0, 1) and ahead(kept(9, 9).own) == ()


def test_the_same_masks_are_said_to_be_the_same() -> None:
    same = comparison_of({"0": FORTY}, {"0": FORTY})
    assert "the very same masks" in headline(same) and findings(same) == () and "another run" in advice(same)


def test_where_no_concept_has_its_own_the_whole_counts() -> None:
    """Both concepts keep the first ten here, so nothing is either's own; there each keeps one half of them."""
    shared = comparison_of({"0": ["1" * 10, "1" * 10]}, {"0": ["1" * 5 + "0" * 5, "0" * 5 + "1" * 5]})
    assert headline(shared).startswith("Which weights a concept gets depends on the training run")
    assert "concept's own here" not in said(shared)


def test_the_findings_are_the_counts_in_words() -> None:
    assert said(TWO) == (
        "Of the weights that a concept is read with here, 50 % are used for the same concept there, 25 to 75 % for any "
        "other one on average, and 38 to 50 % would be by chance. Of those that are a concept's own here, 0 to 50 % "
        "are used for the same concept there, and 0 to 50 % for any other one on average. The subnetworks of other are "
        "more their own than those here: 71 % of one belongs to its concept alone (here 50 %), and two overlap by 0.17 "
        "(here 0.33, mean Jaccard).")


def test_weights_that_went_to_another_concept_are_named() -> None:
    swapped = comparison_of({"0": FORTY}, {"0": [FORTY[1], "1" * 8 + "0" * 32]})
    assert ("There, room uses 80 % of food's own part, food itself 0 %; food uses 100 % of room's own part, room "
            "itself 0 %.") in said(swapped)


def test_what_pruning_takes_first_is_said() -> None:
    assert headline(PRUNED) == "Pruned further to 90 %, what a concept has to itself goes first."
    assert said(PRUNED).startswith("Of each subnetwork 75 % stays, but of the part that is a concept's own 50 %. The "
                                   "subnetworks of other are less their own than those here: 33 % of one")
    assert "pruned by magnitude and not trained again" in advice(PRUNED)
    alike = comparison_of({"0": FORTY}, {"0": ["1" * 5 + "0" * 35, "0" * 10 + "1" * 5 + "0" * 25]}, sparsity=0.875)
    assert headline(alike) == "Pruned further to 87.5 %, subnetworks lose their common weights and their own alike."


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
    assert rows["measured on"] == ["dev, 1,673 reviews"] * 2
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
    assert said(alone).startswith("Of the weights") and "mean Jaccard" not in said(alone)


def test_names_that_are_alike_are_told_apart() -> None:
    assert side_by_side(TWO).columns.tolist() == ["", "mine", "other"]
    namesake = replace(TWO, second=replace(TWO.second, name="mine"))
    assert side_by_side(namesake).columns.tolist() == ["", "mine", "mine (other)"]


def test_records_that_cannot_be_compared_are_named() -> None:
    def of(metrics: dict[str, Any]) -> tuple[str, ...]:
        return cautions(comparison_of({"0": FORTY}, {"0": FORTY[::-1]}, metrics=(measured(), metrics)))

    assert of(measured()) == of({}) == ()
    assert "different reviews" in of(measured(data_hash="e"))[0]
    foreign = measured()
    foreign["training"]["config"]["backbone"] = "owner/large"
    assert "mine was trained from owner/small, other from owner/large" in of(foreign)[0]
    foreign["training"]["config"]["backbone"] = "/home/someone/small"
    assert of(foreign) == (), "a folder does not tell what is in it"
