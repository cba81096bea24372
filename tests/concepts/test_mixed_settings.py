"""A concept that is set to several values at once is never said to be set to one of them."""

import html
import re
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from sparsecbm.__main__ import main
from sparsecbm.concepts.contributions import check_distribution, format_override, parse_override
from sparsecbm.concepts.panel_comparison import Compared, _table
from sparsecbm.export import explanation_html
from sparsecbm.figures.text import percent, reading_text, setting_text
from sparsecbm.revision.edit import Override
from sparsecbm.revision.history import describe
from sparsecbm.revision.panel_rules import moves_text
from sparsecbm.revision.rule import Rule
from sparsecbm.schema import CEBAB
from sparsecbm.types import InterventionResult
from sparsecbm.ui.scene_parts import result_parts, result_title
from tests.builders import a_prediction, an_explanation, an_intervention

MIXED = [(0.3333, 0.3333, 0.3333), (0.5, 0.5, 0.0), (0.34, 0.33, 0.33), (0.0, 0.001, 0.999)]


def result(given: tuple[float, ...]) -> tuple[InterventionResult, str]:
    """Food set so, and how that is said."""
    shares = check_distribution("food", given, CEBAB)
    before = a_prediction(concepts={"food": "Positive"})
    concepts = before.concept_probabilities.copy()
    concepts[0] = shares
    said = ", ".join(f"{value} {percent(share)}" for value, share in zip(CEBAB.values, shares, strict=True) if share)
    made = an_intervention(before, replace(before, concept_probabilities=concepts, text="After."))
    return replace(made, overrides={"food": shares}), said


@pytest.mark.parametrize("given", MIXED, ids=str)
def test_every_sentence_says_the_distribution(given: tuple[float, ...]) -> None:
    made, said = result(given)
    shares = made.overrides["food"]
    assert setting_text(shares, CEBAB.values) == said
    assert f"food set to {said}" in result_title(made)
    assert any(row[:2] == ("food", said) for row in result_parts(made, "4")[-1].rows)
    assert f"set to {said} it would" in html.unescape(explanation_html(an_explanation("Good soup."), made))
    assert describe(Override("food", shares), CEBAB) == f"food set to {said}"
    rule = Rule((), (Override("food", shares),))
    assert f"food to {said}" in rule.in_words(CEBAB)
    assert moves_text(made, rule) == f"food changes from {reading_text(made.before, 'food')} to {said}."
    again = describe(Override("food", (1.0, 0.0, 0.0)), CEBAB, made.after, overrides=made.overrides)
    assert again == f"food set to Negative (was {said})"
    _, rows = _table([Compared("This text", made.before, made.after, (), made.overrides)], CEBAB)
    assert rows[0][1:] == (reading_text(made.before, "food"), said)
    address = format_override("food", shares, CEBAB)
    assert not set(CEBAB.values) & set(address.partition("=")[2].split(","))
    assert parse_override(address, CEBAB)[1] == pytest.approx(shares, abs=1e-3)


@pytest.mark.parametrize(("shares", "said"), [
    ([0.5, 0.5, 0.0], "Negative 50\u00a0%, unknown 50\u00a0%"),
    ([1 / 3, 1 / 3, 1 / 3], "Negative 33\u00a0%, unknown 33\u00a0%, Positive 33\u00a0%"),
    ([0.1, 0.2, 0.7], "Positive 70\u00a0%"),
])
def test_a_tie_names_no_value(shares: list[float], said: str) -> None:
    made = a_prediction()
    concepts = np.stack([np.array(shares, dtype=np.float32), *made.concept_probabilities[1:].astype(np.float32)])
    assert reading_text(replace(made, concept_probabilities=concepts), "food") == said


@pytest.mark.parametrize("command", ["explain", "intervene"])
@pytest.mark.parametrize("given", MIXED, ids=str)
def test_the_console_says_the_distribution(
    command: str, given: tuple[float, ...], tiny_checkpoint: Path, capsys: Any
) -> None:
    shares, (_, said) = ",".join(map(str, given)), result(given)
    assert main([command, "The soup", "--override", f"food={shares}", "--checkpoint", str(tiny_checkpoint)]) == 0
    out = capsys.readouterr().out
    assert f"food set to {said}" in out and out.count(said) == 2  # the second in the table of what became of it
    assert not re.search(r"food +(Negative|unknown|Positive) \(", out.partition("After")[2])
