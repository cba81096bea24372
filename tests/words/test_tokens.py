"""The pieces that the token view draws: every character, both colours, scores in words, weak runs folded."""

import re
from typing import Any

import pytest

from sparsecbm.figures.style import OPPOSES, SUPPORTS, contrast
from sparsecbm.words.panel_tokens import COMFORTABLE_WORDS, Piece, token_pieces, usual_density, weak_runs
from tests.builders import an_attribution

TEXT = "Good soup,\n  but <slow> waiters \u202e."
SCORES = {"Good": 1.0, "soup": 0.02, "but": -0.4, "slow": -1.0}


def pieces(density: str = "comfortable", dark: bool = False, **settings: Any) -> list[Piece]:
    return of(TEXT, SCORES, density, dark, **settings)


def of(text: str, scores: dict[str, float], density: str, dark: bool = False, **settings: Any) -> list[Piece]:
    scored = an_attribution(text, scores)
    return token_pieces(scored.words, scored.scores.tolist(), text, 1.0, dark, density, **settings)


def text_of(made: list[Piece]) -> str:
    return "".join(text_of(piece["inside"]) if "inside" in piece else piece.get("shown", piece.get("text"))
                   for piece in made)


@pytest.mark.parametrize("density", ["comfortable", "compact", "strong"])
def test_no_character_is_lost_and_none_reorders_the_others(density: str) -> None:
    assert text_of(pieces(density)) == TEXT.replace("\u202e", "[U+202E]")


def test_words_say_their_score_and_show_it_where_it_is_strong() -> None:
    good, soup, but, slow = (piece for piece in pieces() if "word" in piece)
    assert (good["say"], good["mark"], good["style"]) == (
        "Good, plus 1.00, speaks for it", "+1.00", f"background:{SUPPORTS};color:#FFFFFF")
    assert (slow["say"], slow["mark"]) == ("slow, minus 1.00, speaks against it", "−1.00") and OPPOSES in slow["style"]
    assert (soup["say"], soup["mark"], soup["style"]) == ("soup, plus 0.02, hardly matters", "", "")
    assert but["tip"] == "−0.40: speaks against it"


def test_compact_words_keep_a_sign_that_needs_no_colour() -> None:
    assert [piece["mark"] for piece in pieces("compact") if "word" in piece] == ["+", "", "−", "−"]


@pytest.mark.parametrize("dark", [False, True])
def test_every_shaded_word_sets_both_colours_readably(dark: bool) -> None:
    scores = {str(i): (i - 50) / 50 for i in range(101)}
    text = " ".join(scores)
    styles = [piece["style"] for piece in of(text, scores, "compact", dark) if piece.get("style")]
    pairs = [re.fullmatch(r"background:(#\w{6});color:(#\w{6})", style) for style in styles]
    assert len(pairs) > 80 and min(contrast(*pair.groups()) for pair in pairs if pair) >= 4.5 and all(pairs)


def test_before_there_are_scores_the_text_is_whole_and_plain() -> None:
    words = an_attribution(TEXT, SCORES).words
    made = token_pieces(words, None, TEXT, 1.0, False, "strong", hidden=(1,))
    assert text_of(made) == TEXT.replace("\u202e", "[U+202E]")
    assert [(piece["style"], piece["mark"], piece["hidden"]) for piece in made if "word" in piece] == [
        ("", "", number == 1) for number in range(4)]


def test_hidden_words_and_what_was_not_read_are_marked() -> None:
    made = pieces(hidden=(2,), truncated=True)
    assert [piece["hidden"] for piece in made if "word" in piece] == [False, False, True, False]
    assert made[-1] == {"text": "> waiters [U+202E].", "unread": True}
    assert not pieces()[-1]["unread"]


@pytest.mark.parametrize(("shares", "kept", "runs"), [
    ([0.0] * 4, (), [(0, 4)]),
    ([0.0] * 3, (), []),
    ([0.9, 0.1, 0.1, 0.1, -0.1, -0.9, 0.0, 0.0, 0.0, 0.0, 0.19], (), [(1, 5), (6, 11)]),
    ([0.2, 0.0, 0.0, 0.0, 0.0], (), [(1, 5)]),
    ([0.0] * 9, (4,), [(0, 4), (5, 9)]),
    ([0.0] * 7, (3,), []),
    ([], (), []),
])
def test_runs_of_weak_words_are_found(shares: list[float], kept: tuple[int, ...], runs: list[tuple[int, int]]) -> None:
    assert [(run.start, run.stop) for run in weak_runs(shares, kept)] == runs


def test_strong_words_only_folds_runs_and_leaves_the_blank_before_them_outside() -> None:
    text = "bad a b c d e good"
    scores = {"bad": -1.0, "a": 0.0, "b": 0.1, "c": 0.0, "d": -0.1, "e": 0.0, "good": 1.0}
    made = of(text, scores, "strong")
    assert [piece.get("shown", piece.get("text", piece.get("fold"))) for piece in made] == ["bad", " ", 5, " ", "good"]
    assert text_of([made[2]]) == "a b c d e"


def test_a_long_review_starts_compact() -> None:
    assert (usual_density(COMFORTABLE_WORDS), usual_density(COMFORTABLE_WORDS + 1)) == ("comfortable", "compact")
