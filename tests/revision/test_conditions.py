"""When a condition holds, on texts and predictions made by hand."""

import numpy as np
import pytest

from sparsecbm.errors import InputError
from sparsecbm.revision.rule import Condition, LabelIs, PredictedTexts, TextSays, Unsure, ValueIs, WordCount
from tests.helpers import TOY

TEXTS = ("We waited long.", "Worth the wait", "WAITED, and waited!", "")
#: Soup is Negative, Positive, unknown, unknown; room is Positive with 0.6, then unknown.
PREDICTED = PredictedTexts(TOY, TEXTS, np.array([
    [[0.8, 0.1, 0.1], [0.1, 0.3, 0.6]],
    [[0.1, 0.1, 0.8], [0.1, 0.8, 0.1]],
    [[0.1, 0.5, 0.4], [0.1, 0.8, 0.1]],
    [[0.2, 0.7, 0.1], [0.1, 0.9, 0.0]],
]), np.array([0, 2, 1, 1]))


@pytest.mark.parametrize(("condition", "rows", "words"), [
    (ValueIs("soup", "unknown"), [2, 3], "soup is unknown"),
    (ValueIs("soup", "unknown", negated=True), [0, 1], "soup is not unknown"),
    (ValueIs("room", "Positive"), [0], "room is Positive"),
    (LabelIs("fair"), [2, 3], "the verdict is Fair"),
    (LabelIs("fair", negated=True), [0, 1], "the verdict is not Fair"),
    (TextSays("waited"), [0, 2], "the text says “waited”"),
    (TextSays("wait"), [1], "the text says “wait”"),
    (TextSays("wait", whole=False), [0, 1, 2], "the text contains the letters “wait”"),
    (WordCount(at_most=2), [3], "the text has at most 2 words"),
    (WordCount(at_least=3, at_most=3), [0, 1, 2], "the text has at least 3 and at most 3 words"),
    (WordCount(at_least=0), [0, 1, 2, 3], "the text has at least 0 words"),
    (Unsure("soup", 0.7), [2], "the model is less than 70 % sure of soup"),
    (Unsure("room", 0.7), [0], "the model is less than 70 % sure of room"),
    (Unsure("soup", 1.0), [0, 1, 2, 3], "the model is less than 100 % sure of soup"),
], ids=str)
def test_a_condition_holds_of_these_rows(condition: Condition, rows: list[int], words: str) -> None:
    condition.check(TOY)
    assert np.flatnonzero(condition.holds(PREDICTED)).tolist() == rows
    assert condition.in_words(TOY) == words


@pytest.mark.parametrize(("word", "text", "found"), [
    ("waited", "we\u2003WAITED.", True),
    ("too loud", "Far too\n  loud for us", True),
    ("don't", "I don’t know", True),
    ("CAFÉ", "the cafe\u0301 was", True),
    ("straße", "STRASSE", True),
    (".*", "anything", False),
    ("a.c", "abc", False),
    (".*", "a .* b", True),
    ("!", "great!", True),
    ("great!", "great!!", True),
    ("eat", "great", False),
    ("7", "at 17:30", False),
    ("(", "a (b)", True),
    ("soup", "pea-soup", True),
])
def test_words_are_whole_and_never_patterns(word: str, text: str, found: bool) -> None:
    predicted = PredictedTexts(TOY, (text,), PREDICTED.concept_probabilities[:1], PREDICTED.labels[:1])
    assert bool(TextSays(word).holds(predicted)[0]) is found


@pytest.mark.parametrize(("condition", "parts"), [
    (ValueIs("decor", "unknown"), ["'decor'", "soup, room"]),
    (ValueIs("soup", "nice"), ["'nice'", "Negative, unknown, Positive"]),
    (LabelIs("6"), ["'6'", "bad, fair, good"]),
    (TextSays("  "), ["'  '", "at least one character"]),
    (WordCount(), ["None to None", "at least one bound"]),
    (WordCount(at_least=-1), ["-1", "0 or more"]),
    (WordCount(at_most=-1), ["-1", "0 or more"]),
    (WordCount(at_least=5, at_most=4), ["5 to 4", "no larger"]),
    (Unsure("decor", 0.5), ["'decor'", "soup, room"]),
    (Unsure("soup", 0.0), ["0 is no bound", "above 0"]),
    (Unsure("soup", 1.1), ["1.1", "at most 1"]),
    (Unsure("soup", float("nan")), ["nan", "above 0"]),
], ids=str)
def test_a_condition_that_cannot_be_is_refused(condition: Condition, parts: list[str]) -> None:
    with pytest.raises(InputError) as error:
        condition.check(TOY)
    assert [part for part in parts if part not in str(error.value)] == []
