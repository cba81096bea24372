"""Word scores and training as they were stored: dots, lines, tables and sentences."""

from typing import Any

import pytest

from sparsecbm.evaluation.figure_records import (
    training_figure,
    training_table,
    training_text,
    word_dots,
    word_table,
    words_text,
)
from tests.evaluation.reports import TRAINING


def part(value: float, **more: Any) -> dict[str, Any]:
    mean = {"mean": value, "ci95": [value - 0.1, value + 0.1]}
    return {"comprehensiveness": mean, "random_comprehensiveness": {"mean": 0.2, "ci95": [0.1, 0.3]}, **more}


def test_every_method_stands_next_to_random_order() -> None:
    found = word_dots({"methods": {"occlusion": {"food": part(0.6)}, "other": {"food": part(0.5)}}},
                      {"occlusion": "Occlusion"})
    assert [(dot.series, round(dot.value)) for dot in found] == [
        ("Occlusion", 60), ("other", 50), ("random order", 20)]
    assert found[0].interval == pytest.approx((50, 70))
    table = word_table({"methods": {"occlusion": {"food": part(
        0.6, loo_tau={"mean": 0.5}, sufficiency={"mean": -0.1}, beats_random=True), "noise": part(0.3)}}}, {})
    row = table.set_index("target").loc["food"]
    assert row[["comprehensiveness", "95 % to", "in random order", "sufficiency"]].tolist() == [60, 70, 20, -10]
    assert (row["tau with leaving words out"], row["beats random order"]) == (0.5, True)


def test_a_mean_of_one_text_is_shown_without_an_interval() -> None:
    alone = {"methods": {"m": {"food": dict.fromkeys(
        ("comprehensiveness", "random_comprehensiveness"), {"mean": 0.5, "ci95": None})}}}
    assert [(dot.value, dot.interval) for dot in word_dots(alone, {})] == [(50, None), (50, None)]
    assert word_table(alone, {})[["95 % from", "95 % to"]].isna().all(axis=None)


def test_methods_of_the_same_outcome_are_named_together() -> None:
    good, bad = part(0.6, beats_random=True), part(0.2, beats_random=False)
    said = words_text({"methods": {"a": {"food": good, "noise": bad}, "b": {"food": good, "noise": bad},
                                   "c": {"food": bad, "noise": bad}}}, {"a": "Alpha", "b": "Beta", "c": "Gamma"})
    first, second = said.split(". ")
    assert first.startswith("Alpha and beta") and first.index("food") < first.index("not") < first.index("noise")
    assert second.startswith("Gamma never")


def test_training_as_lines_as_a_table_and_in_a_sentence() -> None:
    figure = training_figure(TRAINING, "Training", False)
    assert [list(trace.y) for trace in figure.data] == [[None, 60], [None, 80], [0, 70]]
    assert list(figure.data[0].x) == [1, 2] and figure.layout.shapes[0].x0 == 2
    table = training_table(TRAINING)
    assert table["epoch"].tolist() == [1, 2] and table["label macro F1, percent"].tolist()[1] == 60
    assert all(number in training_text(TRAINING) for number in ("Epoch 2 of 2", "2 minutes", "60.0 %", "80.0 %"))
