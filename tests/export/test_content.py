"""What the page says adds up, and its summary names what is really strongest."""

from dataclasses import replace

import numpy as np
import pytest

from sparsecbm.export.content import (
    MOST_ROWS,
    label_words,
    ledger_rows,
    read_until,
    score_table,
    set_concepts,
    split_table,
    strongest_parts,
)
from sparsecbm.types import Explanation, InterventionResult
from tests.builders import RECEIPT, a_prediction, an_attribution, an_explanation

TEXT = "Good soup, slow waiters, dark room."


def test_the_ledger_is_the_sum_of_the_predicted_label() -> None:
    """Contributions of the builder to label 4: 0.3, 0.8, 1.3, 1.8; residual 9, bias 0.5."""
    rows = ledger_rows(a_prediction(label="4", concepts={"food": "Positive"}))
    assert [row.name for row in rows] == ["food", "ambiance", "service", "noise", "residual", "bias"]
    assert [row.contribution for row in rows] == pytest.approx([0.3, 0.8, 1.3, 1.8, 9.0, 0.5])
    assert [row.bar for row in rows] == pytest.approx([0.3 / 9, 0.8 / 9, 1.3 / 9, 0.2, 1.0, 0.5 / 9])
    assert (rows[0].value, rows[0].distribution) == ("Positive", (("Negative", 0), ("unknown", 0), ("Positive", 1)))
    assert rows[4].value == rows[5].value == ""


def test_a_ledger_of_zeros_has_no_bars() -> None:
    nothing = replace(a_prediction(), contributions=np.zeros((4, 5)), residual=np.zeros(5), label_bias=np.zeros(5))
    assert {row.bar for row in ledger_rows(nothing)} == {0.0}


def test_the_strongest_parts_leave_the_bias_aside() -> None:
    contributions = np.zeros((4, 5))
    contributions[2, 3], contributions[0, 3] = 2.0, -1.0
    prediction = replace(a_prediction(), contributions=contributions, residual=np.zeros(5), label_bias=np.full(5, 7.0))
    assert strongest_parts(prediction) == (("service = unknown", 2.0), ("food = unknown", -1.0))
    contributions[0, 3] = 0.0
    assert strongest_parts(prediction)[1] is None
    named, contribution = strongest_parts(a_prediction())[0] or ("", 0.0)
    assert "residual" in named and contribution == 9.0


def test_the_strongest_words_are_those_of_the_predicted_label_that_matter() -> None:
    label = an_attribution(TEXT, {"Good": 1.0, "soup": 2.0, "slow": -1.5, "dark": -0.1})
    other = an_attribution(TEXT, {"room": 9.0}, "label=5")
    concept = an_attribution(TEXT, {"waiters": -3.0}, "food=Positive")
    explanation = an_explanation(TEXT, other, concept, label)
    assert leading(explanation) == [[("soup", 2.0)], []]  # on a scale to 9, less than 1.8 is weak
    assert leading(an_explanation(TEXT, concept, label)) == [[("soup", 2.0), ("Good", 1.0)], [("slow", -1.5)]]
    assert leading(an_explanation(TEXT, concept)) == [[], []]


def leading(explanation: Explanation) -> list[list[tuple[str, float]]]:
    return [[(word.text, score) for word, score in side] for side in label_words(explanation)]


def test_a_split_adds_up_in_rows_and_columns() -> None:
    words = {f"w{i:02d}": 1.0 + i for i in range(MOST_ROWS + 3)}
    parts = {name: [share * score for score in words.values()] for name, share in (("food", 0.25), ("residual", 0.75))}
    table = split_table(an_attribution(" ".join(words), words, parts=parts))
    names, numbers = [name for name, _ in table], np.array([row for _, row in table])
    assert names == [*list(words)[3:], "3 weaker words", "all words"]
    assert numbers[:, 0] == pytest.approx(numbers[:, 1:].sum(axis=1))
    assert numbers[-1] == pytest.approx(numbers[:-1].sum(axis=0))
    assert numbers[-1, 0] == sum(words.values())


def test_a_word_whose_parts_cancel_is_not_weak() -> None:
    words = {f"w{i:02d}": 0.5 for i in range(MOST_ROWS)} | {"torn": 0.0}
    parts = {"food": [0.5] * MOST_ROWS + [3.0], "residual": [0.0] * MOST_ROWS + [-3.0]}
    table = split_table(an_attribution(" ".join(words), words, parts=parts))
    assert ("torn", [0.0, 3.0, -3.0]) in table
    assert "1 weaker word" in dict(table)


def test_a_short_review_has_no_row_of_weaker_words() -> None:
    table = split_table(an_attribution(TEXT, {"Good": 1.0}, parts={"residual": [1.0]}))
    assert table == [("Good", [1.0, 1.0]), ("all words", [1.0, 1.0])]


def test_every_score_stands_in_the_table() -> None:
    attributions = tuple(an_attribution(TEXT, {"Good": x, "soup": -x}, target)
                         for x, target in ((1.0, "label=4"), (2.0, "food=Positive")))
    assert score_table(attributions) == [("Good", [1.0, 2.0]), ("soup", [-1.0, -2.0])]
    assert score_table(()) == []


def test_where_reading_stopped_is_known_from_the_words() -> None:
    explanation = an_explanation(TEXT, an_attribution(TEXT, {"Good": 1.0, "soup": 0.0}))
    assert read_until(explanation) == len(TEXT)
    cut = replace(explanation, prediction=replace(explanation.prediction, tokens_total=900))
    assert TEXT[: read_until(cut)] == "Good soup"
    assert read_until(replace(cut, attributions=())) == len(TEXT)


def test_what_a_person_set_is_told_with_its_effect_on_the_new_label() -> None:
    before, after = a_prediction(label="2"), a_prediction(label="5")
    after.contributions[0, 4] = -1.0
    result = InterventionResult(before, after, {"food": (1.0, 0.0, 0.0), "noise": (0.2, 0.3, 0.5)}, RECEIPT)
    food, noise = set_concepts(result)
    assert (food.name, food.value, food.before, food.after) == ("food", "Negative", pytest.approx(0.4), -1.0)
    assert (noise.value, noise.distribution[2]) == ("", ("Positive", 0.5))
