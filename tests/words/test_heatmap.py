"""The heatmap shows every character of the review, and sign without colour."""

import html
import re

import pytest

from sparsecbm.figures.style import DARK_PAPER, OPPOSES, PAPER, SUPPORTS, contrast
from sparsecbm.words.figure import LEAST_LIMIT, full_colour, heatmap_html, legend_html
from tests.builders import an_attribution

TEXT = "Good soup,\n  but <slow> waiters."
SCORES = {"Good": 1.0, "soup": 0.02, "but": -0.4, "slow": -1.0}


def shown(page: str) -> str:
    """What a reader sees, without the printed scores."""
    return html.unescape(re.sub(r"<[^>]+>", "", re.sub(r"<sup.*?</sup>", "", page)))


@pytest.mark.parametrize("dark", [False, True])
def test_no_character_is_lost(dark: bool) -> None:
    assert shown(heatmap_html(an_attribution(TEXT, SCORES), TEXT, 1.0, dark)) == TEXT


def test_the_strongest_words_get_the_full_colours_and_a_printed_sign() -> None:
    page = heatmap_html(an_attribution(TEXT, SCORES), TEXT, 1.0, dark=False)
    good, slow = (next(part for part in page.split("<span ") if word in part) for word in ("Good", "slow"))
    assert SUPPORTS in good and "+1.00" in good and "speaks for" in good
    assert OPPOSES in slow and "−1.00" in slow and "speaks against" in slow


def test_a_word_that_hardly_matters_is_not_shaded() -> None:
    page = heatmap_html(an_attribution(TEXT, SCORES), TEXT, 1.0, dark=False)
    soup = next(part for part in page.split("<span ") if ">soup" in part)
    assert "background" not in soup and "+0.02" in soup


@pytest.mark.parametrize("dark", [False, True])
def test_every_shaded_word_sets_both_colours_readably(dark: bool) -> None:
    scores = {str(i): (i - 50) / 50 for i in range(101)}
    text = " ".join(scores)
    page = heatmap_html(an_attribution(text, scores), text, 1.0, dark)
    pairs = re.findall(r"background:(#\w{6});color:(#\w{6})", page)
    assert len(pairs) > 80
    assert min(contrast(background, ink) for background, ink in pairs) >= 4.5


def test_only_what_was_not_read_is_struck_out() -> None:
    page = heatmap_html(an_attribution(TEXT, SCORES), TEXT, 1.0, dark=False, truncated=True)
    assert shown(page) == TEXT
    assert re.search(r"<s [^>]*>&gt; waiters\.</s>", page)
    assert "<s " not in heatmap_html(an_attribution(TEXT, SCORES), TEXT, 1.0, dark=False)


def test_weak_scores_never_look_strong() -> None:
    assert full_colour((an_attribution(TEXT, {"Good": 0.01}),)) == LEAST_LIMIT
    assert full_colour((an_attribution(TEXT, SCORES), an_attribution(TEXT, {"Good": -3.0}))) == 3.0
    assert full_colour((an_attribution(TEXT, {}),)) == full_colour(()) == LEAST_LIMIT


def test_parts_that_cancel_still_fit_the_scale() -> None:
    """A word may reach a label by two ways that undo each other: both are drawn on the scale of the whole."""
    cancelling = an_attribution(TEXT, {"Good": 0.5}, parts={"food": [4.0], "residual": [-3.5]})
    assert full_colour((cancelling,)) == 4.0


@pytest.mark.parametrize(("dark", "paper"), [(False, PAPER), (True, DARK_PAPER)])
def test_the_legend_prints_both_ends_and_their_meaning(dark: bool, paper: str) -> None:
    legend = legend_html(1.5, dark, "food = <Positive>")
    assert "−1.50" in legend and "+1.50 for food = &lt;Positive&gt;" in legend
    assert legend.index(OPPOSES) < legend.index(paper) < legend.index(SUPPORTS)
