"""Effects of rewritings: verdicts by measure, effects in points, and the order of the pairs."""

import numpy as np

from sparsecbm.evaluation.figure_causal import (
    EXPLAINERS,
    causal_dots,
    causal_text,
    distance_text,
    effect_dots,
    ordered_pairs,
)
from sparsecbm.figures.dots import Dot
from sparsecbm.schema import CEBAB
from tests.evaluation.reports import causal


def test_the_verdict_names_the_measures_and_the_references() -> None:
    mixed = causal_text(causal(zero=0.1, s_learner=0.005, conexp=-0.2))
    places = [mixed.index(part) for part in ("L2 distance, cosine distance and", "nearer", EXPLAINERS["zero"],
                                             "farther", EXPLAINERS["conexp"], "not clearly", EXPLAINERS["s_learner"])]
    assert places == sorted(places) and mixed.count("By ") == 1, "measures of the same outcome stand together"
    split = causal_text(causal(cosine=-0.2, zero=0.1))
    assert split.count("By ") == 2 and "By cosine distance, setting the concept is farther" in split
    assert "every reference" in causal_text(causal(zero=0.1, random=0.2))
    assert EXPLAINERS["revision"] not in causal_text(causal(zero=0.1, revision=-0.1)), "it is ours, not a reference"
    assert causal_dots(causal(zero=0.1))[3] == Dot(EXPLAINERS["zero"], "L2 distance", 0.5, (0.4, 0.6))


def test_effects_stand_next_to_each_other_in_points() -> None:
    found = effect_dots({"did": np.array([0.1, 0, 0, 0, -0.1]), "said": np.zeros(5)}, CEBAB)
    assert [(dot.row, dot.series, dot.value) for dot in found[:2]] == [("1 star", "did", 10), ("1 star", "said", 0)]
    assert found[-2].value == -10 and len(found) == 10


def test_the_error_of_a_pair_stands_among_those_of_the_others() -> None:
    said = distance_text({"l2": 0.5, "cosine": 0.25, "norm_difference": 0.1}, np.array([0.2, 0.5, 0.8, 0.9]))
    places = [said.index(part) for part in ("0.500", "4 pairs", "0.600", "50 %", "0.250", "0.100")]
    assert places == sorted(places)


def test_pairs_come_in_the_chosen_order() -> None:
    l2, some = np.array([0.3, 0.9, 0.3, 0.1]), np.array([True, False, True, True])
    orders = {sort: ordered_pairs(some, l2, sort).tolist() for sort in ("far", "near", "file")}
    assert orders == {"far": [0, 2, 3], "near": [3, 0, 2], "file": [0, 2, 3]}
