"""Words that the model does not read are marked wherever words are shown, and are named below the text."""

import re

import pandas as pd
import pytest
from pydantic import TypeAdapter

from sparsecbm.deck.parts import Heatmap, Part
from sparsecbm.export import explanation_csv, explanation_html, explanation_json
from sparsecbm.export.content import score_table, split_table
from sparsecbm.types import Attribution, Unread, Word
from sparsecbm.ui.scene_parts import words_parts
from sparsecbm.words.figure import heatmap_html, legend_html, strongest_words
from sparsecbm.words.panel_tokens import token_pieces
from sparsecbm.words.panel_word_scores import strongest_sentence
from sparsecbm.words.unread import MOST_NAMED, TIPS, nothing_read, unread_text
from tests.builders import an_attribution, an_explanation

TEXT = "Good 🤮 soup ดี a\ufffdb \ufffd !"
HOW: dict[str, Unread] = {"🤮": "unread", "ดี": "unread", "a\ufffdb": "partly unread", "\ufffd": "unseen"}


def attribution(text: str = TEXT, how: dict[str, Unread] = HOW, target: str = "label=4") -> Attribution:
    """Every word of the text, in equal steps from 2 to -1 logits."""
    return an_attribution(text, dict.fromkeys(text.split(), 0.0) | {"🤮": 2.0, "ดี": -1.0}, target, unread=how)


def words(*texts: str, how: Unread = "unread") -> list[Word]:
    return [Word(text, 0, len(text), how) for text in texts]


def test_the_heatmap_frames_them_and_says_why() -> None:
    page = heatmap_html(attribution(), TEXT, 2.0, dark=False)
    spans = dict(re.findall(r"<span title=\"([^\"]*)\"[^>]*dashed[^>]*>([^<]*)", page))
    assert {word: tip.rpartition("; ")[2] for tip, word in spans.items()} == {w: TIPS[h] for w, h in HOW.items()}
    assert heatmap_html(attribution(how={}), TEXT, 2.0, dark=False).count("dashed") == 0


def test_the_legend_names_them_where_there_are_any() -> None:
    legend = legend_html(2.0, False, "4 stars", attribution().words)
    assert "dashed" in legend and all(f"“{word}”" in legend for word in HOW)
    assert legend_html(2.0, False, "4 stars", attribution(how={}).words) == legend_html(2.0, False, "4 stars")


@pytest.mark.parametrize("scored", [False, True])
def test_the_words_to_press_say_it_with_and_without_scores(scored: bool) -> None:
    made = attribution()
    pieces = {piece["shown"]: piece for piece in token_pieces(
        made.words, made.scores.tolist() if scored else None, TEXT, 2.0, False, "comfortable") if "word" in piece}
    assert {word: piece["unread"] for word, piece in pieces.items() if piece["unread"]} == HOW
    assert all(TIPS[how] in pieces[word]["tip"] and how in pieces[word]["say"] for word, how in HOW.items())
    assert pieces["Good"]["unread"] == "" and "unread" not in pieces["Good"]["say"]


def test_the_sentence_never_lets_one_speak_without_its_mark() -> None:
    said = strongest_sentence(attribution())
    assert "(+2.00, unread)" in said and "(−1.00, unread)" in said
    assert [word.text for word, _ in strongest_words(attribution(), 1)[0]] == ["🤮"]


def test_every_file_and_scene_marks_them() -> None:
    explanation = an_explanation(TEXT, attribution(), attribution(target="food=Positive"))
    marked = {word["word"]: word["unread"] for word in explanation_json(explanation)["attributions"][1]["words"]}
    assert {word: how for word, how in marked.items() if how} == HOW
    frame = pd.read_csv(pd.io.common.StringIO(explanation_csv(explanation)), keep_default_na=False)
    assert dict(zip(frame["word"], frame["unread"], strict=True)) == marked
    page = explanation_html(explanation)
    assert page.count("dashed") == 2 * len(HOW) + 2 and "🤮</bdi> [unread]" in page
    assert unread_text(attribution().words) in page
    for rows in (score_table(explanation.attributions), split_table(attribution())):
        assert {f"{word} [{how}]" for word, how in HOW.items()} <= {row[0] for row in rows}


def test_a_scene_keeps_what_was_unread_also_through_its_file() -> None:
    *_, part = words_parts(an_explanation(TEXT, attribution()))
    assert isinstance(part, Heatmap) and [word.unread for word in part.words] == [w.unread for w in attribution().words]
    *_, plain = words_parts(an_explanation("Good soup."))
    assert isinstance(plain, Heatmap) and plain.unread == () and not any(word.unread for word in plain.words)
    assert TypeAdapter(Part).validate_json(TypeAdapter(Part).dump_json(part)) == part


def test_a_sentence_for_each_kind_and_each_word_once() -> None:
    said = unread_text(attribution().words)
    assert said.count("“🤮”") == 1 and said.startswith("The model cannot read “🤮” and “ดี”")
    assert "part of “a\ufffdb”" in said and "see “\ufffd”" in said
    assert unread_text(words("soup", how="")) == unread_text([]) == ""
    assert unread_text(words(*["🤮"] * 9)).count("🤮") == 1
    many = unread_text(words(*map(str, range(MOST_NAMED + 3))))
    assert f"“{MOST_NAMED}”" not in many and "and 3 more" in many


@pytest.mark.parametrize(("made", "nothing"), [
    (words("🤮", "ดี"), True),
    ([*words("ดี"), *words("!", how="")], True),
    ([*words("🤮"), *words("soup", how="")], False),
    (words("a\ufffdb", how="partly unread"), False),
    (words("\ufffd", how="unseen"), True),
    (words("!", how=""), False),
    ([], False),
], ids=["unread", "signs", "one word", "a part", "unseen", "only signs, read", "no word"])
def test_a_text_of_which_nothing_is_read_is_told_from_the_others(made: list[Word], nothing: bool) -> None:
    assert nothing_read(made) == nothing
    assert ("no word of this text" in unread_text(made)) == nothing
