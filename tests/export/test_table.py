"""The CSV: a row per target and word, numbers as numbers, nothing that a spreadsheet would run."""

import csv
import io
from dataclasses import replace

import pandas as pd
import pytest

from sparsecbm.export import explanation_csv
from sparsecbm.export.values import as_cell
from sparsecbm.spreadsheet import MARK
from tests.builders import an_attribution, an_explanation
from tests.helpers import HOSTILE

TEXT = "Good soup, slow waiters."


def rows(page: str) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(page)))


def test_a_row_says_all_about_one_word() -> None:
    label = an_attribution(TEXT, {"Good": 1.5, "slow": -0.25}, parts={"food": [1.0, 0.0], "residual": [0.5, -0.25]})
    concept = an_attribution(TEXT, {"Good": 0.1, "slow": 0.2}, "food=Positive")
    table = rows(explanation_csv(an_explanation(TEXT, label, concept)))
    assert table[1] == {
        "checkpoint": "0123456789abcdef", "target": "label=4", "method": "integrated-gradients", "steps": "32",
        "position": "1", "start": "11", "end": "15", "word": "slow", "unread": "", "score": "-0.25", "part_food": "0.0",
        "part_residual": "-0.25", "completeness_gap": "0.0", "difference": "1.25", "device": "cpu", "dtype": "float32"}
    assert [(row["target"], row["word"], row["part_food"]) for row in table] == [
        ("label=4", "Good", "1.0"), ("label=4", "slow", "0.0"),
        ("food=Positive", "Good", ""), ("food=Positive", "slow", "")]


def test_a_data_frame_reads_numbers_in_full_precision() -> None:
    explanation = an_explanation(TEXT, an_attribution(TEXT, {"Good": 1 / 3, "soup": -2e-9}))
    frame = pd.read_csv(io.StringIO(explanation_csv(explanation)))
    assert frame["score"].tolist() == [1 / 3, -2e-9]
    assert [TEXT[start:end] for start, end in zip(frame["start"], frame["end"], strict=True)] == ["Good", "soup"]


@pytest.mark.parametrize("text", ["=1+1", "+1", "-1", "@sum", "\t=1", "\n=1", "=cmd|' /C calc'!A0", "＝1", "﹦1", "-",
                                  " =1", "\u00a0=1", "\u3000=1", "\ufeff=1", "\u00ad=1", "\u00a0 \ufeff@sum"])
def test_text_that_a_spreadsheet_would_run_begins_with_an_apostrophe(text: str) -> None:
    assert as_cell(text) == MARK + text and MARK.startswith("'")


@pytest.mark.parametrize("content", [-1.5, 0, None, "a=1", "5-star", "food=Positive", "'=1", " a=1", "", " "])
def test_all_else_stays_as_it_is(content: str | float | None) -> None:
    assert as_cell(content) == content


def test_formulas_in_a_review_are_text_and_negative_scores_are_numbers() -> None:
    text = 'Try =HYPERLINK("http://x.test","free") -now, "quoted"'
    words = {word: -1.0 for word in text.split(" ")}
    table = rows(explanation_csv(an_explanation(text, an_attribution(text, words))))
    assert [row["word"] for row in table] == [
        "Try", MARK + '=HYPERLINK("http://x.test","free")', MARK + "-now,", '"quoted"']
    assert {row["score"] for row in table} == {"-1.0"}


@pytest.mark.parametrize("text", HOSTILE.values(), ids=HOSTILE)
def test_any_text_makes_a_file_with_one_row_for_each_word(text: str) -> None:
    explanation = an_explanation(text)
    page = explanation_csv(explanation)
    words = sum(len(attribution.words) for attribution in explanation.attributions)
    assert len(rows(page.encode().decode())) == words
    assert not set(page) & {"\x00", "\x07", "\x1b", "\u202e", "\u200b"}


def test_a_method_without_steps_leaves_them_empty() -> None:
    attribution = replace(an_attribution(TEXT, {"Good": 1.0}), steps=None)
    assert rows(explanation_csv(an_explanation(TEXT, attribution)))[0]["steps"] == ""
