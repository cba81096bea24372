"""What is said of subnetworks that carry their concept, and of those that do not."""

import re

import numpy as np
import pytest

from sparsecbm.subnetworks.figure_specificity import (
    cost_map,
    knock_out_text,
    lead_text,
    leads_text,
    least_lead_text,
    necessity_table,
    specificity_map,
    square_table,
    within_chance,
)
from sparsecbm.subnetworks.specificity import Necessity, SpecificityReport, SpecificitySettings, leads

CONCEPTS = ("food", "service")
SPECIFICITY = np.array([[0.90, 0.88], [0.80, 0.92]])


def a_report(random: tuple[float, ...] = (0.5, 0.6)) -> SpecificityReport:
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


def test_a_lead_is_said_with_both_accuracies_and_who_is_next() -> None:
    found = leads(SPECIFICITY, CONCEPTS)
    weak = lead_text(found[1])
    assert all(part in weak for part in ("service", "92.0 %", "4.0 points", "food", "88.0 %"))
    behind = leads(np.array([[0.8, 0.0], [0.9, 1.0]]), CONCEPTS)
    assert all(part in lead_text(behind[0]) for part in ("food", "90.0 %", "80.0 %")) and "points" not in lead_text(
        behind[0])
    assert least_lead_text(behind) == lead_text(behind[0]) and least_lead_text(()) == ""
    assert "4.0 points" in least_lead_text(found)
    assert "food by 10.0 points" in leads_text(found) and "service by" not in leads_text(found)


def test_knocking_out_is_said_in_points() -> None:
    said = knock_out_text(a_report(), "service")
    assert re.findall(r"\d+", said) == ["31", "2", "20", "37", "7", "52"]
    assert "costs 31 points on service and 2 on food" in said


def test_no_better_than_random_is_found() -> None:
    assert within_chance(a_report((0.91, 0.93)).necessity["service"])
    assert not within_chance(a_report().necessity["service"])


def test_the_maps_have_masks_in_rows_and_concepts_in_columns() -> None:
    figure = specificity_map(SPECIFICITY, CONCEPTS, "Title").figure(False)
    assert figure.data[0].z == ([0.90, 0.88], [0.80, 0.92])
    assert "80.0 % right" in figure.data[1].text[2] and "−10.0 points" in figure.data[1].text[2]
    assert "points" not in figure.data[1].text[0], "its own is compared with nothing"
    assert len(figure.layout.shapes) == 2
    cost = cost_map(a_report().cost(), CONCEPTS, "Title").figure(False)
    assert np.array(cost.data[0].z) == pytest.approx(np.array([[-0.40, -0.01], [-0.02, -0.31]]))
    assert list(cost.data[2].text) == ["−40.0", "−1.0", "−2.0", "−31.0"]


def test_the_tables() -> None:
    assert square_table(SPECIFICITY, CONCEPTS, "mask").to_numpy().tolist() == [["food", 90, 88], ["service", 80, 92]]
    row = necessity_table(a_report()).set_index("concept").loc["service"]
    assert (row["own subnetwork"], row["best other concept's"], row["random, mean"]) == (92.0, 88.0, 55.0)
