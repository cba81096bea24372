"""What is said of subnetworks that carry their concept, and of those that do not."""

import numpy as np
import pytest

from sparsecbm.subnetworks.figure_specificity import (
    cost_map,
    knock_out_text,
    lead_text,
    leads,
    necessity_table,
    specificity_map,
    square_table,
    within_chance,
)
from sparsecbm.subnetworks.specificity import Necessity, SpecificitySettings, SpecificityReport

CONCEPTS = ("food", "service")
SPECIFICITY = np.array([[0.90, 0.88], [0.80, 0.92]])


def a_probe(random: tuple[float, ...] = (0.5, 0.6)) -> SpecificityReport:
    """Two concepts; service's subnetwork costs service 31 points and food 2, its own part 20 points."""
    necessity = {"food": Necessity(40, 0.90, 0.4, {"service": 0.8}, (0.5, 0.5), 0.4),
                 "service": Necessity(40, 0.92, 0.4, {"food": 0.88}, random, 0.4)}
    return SpecificityReport(
        SpecificitySettings("hash", "dev", "data", 40, 2, 0), CONCEPTS, SPECIFICITY, necessity,
        without=np.array([[0.50, 0.91], [0.88, 0.61]]), without_exclusive=np.array([[0.70, 0.92], [0.90, 0.72]]))


def test_a_lead_is_the_own_mask_minus_the_best_other_in_the_concepts_column() -> None:
    food, service = leads(SPECIFICITY, CONCEPTS)
    assert (food.lead, service.lead) == (pytest.approx(0.10), pytest.approx(0.04))
    assert (food.best_other, service.best_other) == ("service", "food")
    assert service.weak and not food.weak
    assert leads(np.array([[0.9]]), ("food",)) == ()


@pytest.mark.parametrize(("other", "weak"), [(0.85, False), (0.851, True)])
def test_five_points_are_enough(other: float, weak: bool) -> None:
    assert leads(np.array([[0.90, 0.5], [other, 0.9]]), CONCEPTS)[0].weak is weak


def test_a_weak_lead_is_said_in_plain_words() -> None:
    assert lead_text(leads(SPECIFICITY, CONCEPTS)[1]) == (
        "service is only weakly specific: its own subnetwork (92.0 % right) is 4.0 points ahead of that of food "
        "(88.0 %).")
    behind = leads(np.array([[0.8, 0.0], [0.9, 1.0]]), CONCEPTS)[0]
    assert lead_text(behind) == ("food is not specific: it is read better through the subnetwork of service (90.0 % "
                                 "right) than through its own (80.0 %).")


def test_knocking_out_is_said_in_points() -> None:
    said = knock_out_text(a_probe(), "service")
    assert "Knocking out service's subnetwork costs 31 points on service and 2 on food;" in said
    assert "its own costs 20 points on service" in said
    assert "random ones of the same size cost service 37 points (spread 7)" in said
    assert said.endswith("all the weights that it does not use cost 52 points.")


def test_no_better_than_random_is_found() -> None:
    assert within_chance(a_probe((0.91, 0.93)).necessity["service"])
    assert not within_chance(a_probe().necessity["service"])


def test_the_maps_have_masks_in_rows_and_concepts_in_columns() -> None:
    figure = specificity_map(SPECIFICITY, CONCEPTS, "Title").figure(False)
    assert figure.data[0].z == ([0.90, 0.88], [0.80, 0.92])
    assert figure.data[1].text[2] == ("food read through that of service:<br>80.0 % right, −10.0 points beside its own")
    assert len(figure.layout.shapes) == 2
    cost = cost_map(a_probe().cost(), CONCEPTS, "Title").figure(False)
    assert np.array(cost.data[0].z) == pytest.approx(np.array([[-0.40, -0.01], [-0.02, -0.31]]))
    assert list(cost.data[2].text) == ["−40.0", "−1.0", "−2.0", "−31.0"]


def test_the_tables() -> None:
    assert square_table(SPECIFICITY, CONCEPTS, "mask").to_numpy().tolist() == [["food", 90, 88], ["service", 80, 92]]
    row = necessity_table(a_probe()).set_index("concept").loc["service"]
    assert (row["own subnetwork"], row["best other concept's"], row["random, mean"]) == (92.0, 88.0, 55.0)
