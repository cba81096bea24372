"""The standalone page: everything on it, nothing fetched, nothing run, readable in both colour schemes."""

import re
from dataclasses import replace
from html.parser import HTMLParser
from itertools import pairwise

import numpy as np
import pytest

from sparsecbm.export import explanation_html
from sparsecbm.export.page import environment
from sparsecbm.familiarity.unlike import unlike_text
from sparsecbm.figures.style import PAPER, contrast
from sparsecbm.figures.text import visible
from sparsecbm.schema import CEBAB
from sparsecbm.types import Explanation, InterventionResult
from tests.builders import RECEIPT, a_faithfulness, a_prediction, an_attribution, an_explanation
from tests.helpers import HOSTILE

TEXT = "Good soup, slow waiters."


class Page(HTMLParser):
    """What a browser makes of a page: its tags with their attributes, and its text without style and title."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.text, self._aside = "", False
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))
        self._aside = tag in ("style", "title")
        self.text += " " if tag in ("td", "th", "dt", "dd") else ""

    def handle_endtag(self, tag: str) -> None:
        self._aside = False

    def handle_data(self, data: str) -> None:
        self.text += "" if self._aside else data

    @property
    def words(self) -> str:
        """The text with every blank as one space."""
        return " ".join(self.text.split())


def page_of(*arguments: object) -> Page:
    return Page(explanation_html(*arguments))  # type: ignore[arg-type]


def full_page(text: str = TEXT) -> str:
    """A page with every section."""
    explanation = an_explanation(text)
    after = a_prediction(text, "5")
    result = InterventionResult(explanation.prediction, after, {"food": (0.0, 0.0, 1.0)}, RECEIPT)
    return explanation_html(explanation, result, [a_faithfulness(0.3, [0.1])])


def incomplete(gap: float) -> Explanation:
    return an_explanation(TEXT, replace(an_attribution(TEXT, {"Good": 1.0}), completeness_gap=gap))


@pytest.mark.parametrize("text", HOSTILE.values(), ids=HOSTILE)
def test_no_review_changes_the_page(text: str) -> None:
    plain = "word " * len(text.split())
    hostile, harmless = Page(full_page(text)), Page(full_page(plain.strip()))
    assert {tag for tag, _ in hostile.tags} <= {tag for tag, _ in harmless.tags} - {"script", "img"}
    assert visible(text) in hostile.text
    names = {name for _, attributes in hostile.tags for name in attributes}
    assert not {name for name in names if name.startswith("on")} and not names & {"src", "href", "srcset", "action"}


def test_a_script_in_the_review_is_text() -> None:
    page = full_page(HOSTILE["html"])
    assert "<script" not in page and "<img" not in page
    assert "<script>alert('soup')</script>" in Page(page).text


def test_names_from_a_schema_are_text_too() -> None:
    schema = replace(CEBAB, concepts=("<b>food", "ambiance", "service", "noise"), label_title="<i>rating",
                     label_display=("<u>1", "<u>2", "<u>3", "<u>4", "<u>5"))
    explanation = an_explanation(TEXT, an_attribution(TEXT, {"Good": 1.0}, parts={"<b>food": [1.0]}), schema=schema)
    page = page_of(explanation)
    assert not {"b", "i", "u"} & {tag for tag, _ in page.tags}
    assert "<i>rating = <u>4" in page.text and "<b>food" in page.text


def test_nothing_is_fetched_and_nothing_is_run() -> None:
    page = full_page()
    assert not re.search(r"https?:|//|url\(|@import|<script|<link|<iframe|<object|<form| src=| href=", page)
    policy = next(attributes["content"] for tag, attributes in Page(page).tags
                  if attributes.get("http-equiv") == "Content-Security-Policy")
    assert policy and policy.startswith("default-src 'none'; style-src 'unsafe-inline'")


def test_equal_results_give_equal_pages() -> None:
    assert full_page() == full_page()


def test_every_element_is_closed_where_it_should_be() -> None:
    """Nesting by hand-written templates goes wrong silently: browsers mend what they find."""
    void, open_tags = {"meta", "br"}, list[str]()

    class Nesting(HTMLParser):
        def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
            if tag not in void:
                open_tags.append(tag)

        def handle_endtag(self, tag: str) -> None:
            assert open_tags.pop() == tag

    Nesting().feed(full_page())
    assert open_tags == []


def test_it_says_what_the_model_said_with_the_exact_sum() -> None:
    explanation = an_explanation(TEXT)
    words = page_of(explanation).words
    assert "The model says: 4 stars (>99 %)" in words
    assert "food" in words and re.search(r"residual \D* \+9\.00", words) and re.search(r"bias \D* \+0\.50", words)
    assert words.count("sum Logit of 4 stars") == 1
    assert "+13.70" in words  # 0.3 + 0.8 + 1.3 + 1.8 + 9 + 0.5


def test_words_come_on_one_scale_the_label_first() -> None:
    concept = an_attribution(TEXT, {"Good": -4.0, "slow": 0.5}, "food=Positive")
    label = an_attribution(TEXT, {"Good": 1.0, "slow": -2.0})
    page = explanation_html(an_explanation(TEXT, concept, label))
    assert ">against −4.00<" in page and ">+4.00 for" in page
    figures = page.split("<figure")[1:]
    assert [re.search(r"</span> (.*?)</h3>", figure)[1] for figure in figures] == [  # type: ignore[index]
        "rating = 4 stars", "food = Positive"]
    shade = {word: re.search(rf"background:light-dark\((#\w+),[^>]*>{word}", figures[0])[1]  # type: ignore[index]
             for word in ("Good", "slow")}
    paper, full = contrast(shade["Good"], PAPER), contrast(shade["slow"], PAPER)
    assert 1 < paper < full  # half and quarter of the scale, not both full


def test_a_strong_word_carries_its_score_and_any_word_tells_it_on_hover() -> None:
    page = explanation_html(an_explanation(TEXT, an_attribution(TEXT, {"Good": 1.0, "soup": 0.01})))
    assert '<bdi>+1.00</bdi></sup>' in page
    assert 'title="+0.01: hardly matters">soup<' in page


def test_every_heatmap_says_by_what_it_was_made() -> None:
    made = an_attribution(TEXT, {"Good": 1.0})
    quick = replace(an_attribution(TEXT, {"Good": 1.0}, "food=Positive"), method="gradient-x-input", steps=None)
    words = page_of(an_explanation(TEXT, made, quick)).words
    assert "Integrated gradients, 32 steps · completeness gap" in words
    assert "Gradient × input · completeness gap" in words


def test_a_split_by_concept_is_there_for_labels_only() -> None:
    split = page_of(an_explanation(TEXT, an_attribution(TEXT, {"Good": 1.0}, parts={"food": [0.7], "residual": [0.3]})))
    assert "Good +1.00 +0.70 +0.30" in split.words
    concept = an_attribution(TEXT, {"Good": 1.0}, "food=Positive")
    assert "all words" in split.words and "all words" not in page_of(an_explanation(TEXT, concept)).text


def test_a_large_gap_warns_in_amber_and_a_small_one_is_still_told() -> None:
    assert "the scores miss 10\u00a0% of the difference" in page_of(incomplete(0.1)).text
    assert 'class="amber"' in explanation_html(incomplete(0.051))
    assert 'class="amber"' not in explanation_html(incomplete(0.05))
    assert "completeness gap 0.050 of +1.00 (5.0\u00a0%)" in page_of(incomplete(0.05)).text


def test_a_long_review_says_how_much_was_read() -> None:
    attribution = an_attribution(TEXT, {"Good": 1.0, "soup": 0.5})
    page = page_of(an_explanation(TEXT, attribution, tokens_read=1256, tokens_total=13_000))
    assert "1,256 of 13,000 tokens" in page.words
    assert page.text.count("slow waiters") == 1  # set apart, and in no heatmap
    assert "Long text" not in page_of(an_explanation(TEXT, attribution)).words


def test_a_text_that_is_unlike_the_training_texts_says_so_and_no_other() -> None:
    pages = [page_of(an_explanation(TEXT, unlike=unlike)).words for unlike in (0.98, 0.9, None)]
    assert [unlike_text(0.98).replace("\u00a0", " ") in words for words in pages] == [True, False, False]
    assert not any("training texts" in words for words in pages[1:])


def test_an_intervention_stands_before_and_after() -> None:
    words = Page(full_page()).words
    assert "With food set to Positive it would say 5 stars (>99 %)." in words
    assert "Before: 4 stars" in words and "After: 5 stars" in words
    assert "The label flips from 4 stars to 5 stars" in words
    same = InterventionResult(a_prediction(), a_prediction(), {"food": (0.5, 0.5, 0.0)}, RECEIPT)
    unchanged = page_of(an_explanation(), same).words
    assert "With food set to Negative 50 %, unknown 50 % it would still say 4 stars" in unchanged
    assert "The label stays 4 stars" in unchanged
    assert "What if a concept" not in page_of(an_explanation()).text


@pytest.mark.parametrize(("loss", "warned"), [(0.3, False), (0.05, True)])
def test_scores_no_better_than_chance_are_said_to_be_so(loss: float, warned: bool) -> None:
    one = a_faithfulness(loss, [0.1, 0.12])
    page = explanation_html(an_explanation(), None, [one])
    assert "falls by" in page
    assert ('class="amber"' in page) is warned is ("do not rely on them" in page)
    assert "random orders" not in explanation_html(an_explanation())


def test_the_receipt_is_whole() -> None:
    receipt = replace(RECEIPT, checkpoint="ab" * 32, method="integrated-gradients", device="cuda", milliseconds=123.4)
    words = page_of(replace(an_explanation(), receipt=receipt)).words
    assert f"Checkpoint {'ab' * 32} Method integrated-gradients Device cuda, float32 Time 123.4 ms" in words
    assert "label=4 integrated-gradients 32 0 +1.00 1.0" in words


def test_a_model_without_concepts_or_without_words_has_a_page_too() -> None:
    black_box = page_of(an_explanation(TEXT, contributions=np.zeros((4, 5))))
    assert "No concepts" in black_box.text and "It read food" not in black_box.words
    wordless = page_of(replace(an_explanation(TEXT), attributions=()))
    assert "Which words" not in wordless.text and TEXT in wordless.text
    no_residual = page_of(an_explanation(TEXT, residual=np.zeros(5)))
    assert "residual Switched off, or not part of this model 0.00" in no_residual.words


def colours() -> dict[str, tuple[str, str]]:
    """The style's colours by name, for light and dark; `for` and `against` are those of signed numbers."""
    style = environment().get_template("page.css").render()
    pairs = re.findall(r"(--[\w-]+|\.for|\.against)(?:: | \{ color: )light-dark\((#\w{6}), (#\w{6})\)", style)
    return {name: (light, dark) for name, light, dark in pairs}


@pytest.mark.parametrize(("ink", "paper"), [
    (ink, paper) for ink in ("--ink", "--faint", ".for", ".against", "--accent") for paper in ("--paper", "--card")
] + [("--amber-ink", "--amber-paper")])
@pytest.mark.parametrize("scheme", [0, 1], ids=["light", "dark"])
def test_text_of_the_style_is_readable(ink: str, paper: str, scheme: int) -> None:
    assert contrast(colours()[ink][scheme], colours()[paper][scheme]) >= 4.5


def test_words_are_readable_in_both_schemes() -> None:
    scores = {f"w{i:03d}": (i - 50) / 50 for i in range(101)}
    page = explanation_html(an_explanation(" ".join(scores), an_attribution(" ".join(scores), scores)))
    colour = r"light-dark\((#\w{6}),(#\w{6})\)"
    found = re.findall(f"background:{colour};color:{colour}", page)
    assert len(found) > 150  # the heatmap and the table
    assert min(contrast(one[scheme], one[scheme + 2]) for one in found for scheme in (0, 1)) >= 4.5


def test_headings_leave_no_level_out() -> None:
    levels = [int(tag[1]) for tag, _ in Page(full_page()).tags if re.fullmatch(r"h\d", tag)]
    assert levels[0] == 1 and levels.count(1) == 1
    assert all(later - earlier <= 1 for earlier, later in pairwise(levels))
