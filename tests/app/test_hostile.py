"""Texts that are no ordinary review, and a checkpoint that is not there."""

import shutil
from pathlib import Path

import numpy as np
import pytest

from sparsecbm.figures.text import visible
from sparsecbm.service import Explainer
from sparsecbm.ui.loaded_model import CHECKPOINT_VARIABLE, load_explainer
from sparsecbm.words.methods import METHODS
from tests.app.screen import (
    QUICK,
    address,
    bars,
    blocks,
    fine,
    open_explain,
    open_home,
    press,
    shown_text,
    submit,
    view_data,
    words,
)

pytestmark = pytest.mark.usefixtures("explainer")

#: Each of its words is one token of the small model.
MANY_WORDS = "tasty soup " * 5000


def test_blank_text_says_what_to_do() -> None:
    at = open_explain(text="The soup was cold.", method=QUICK)
    for blank in ("", "   ", "\n\t \n", "\u200b\u2060"):
        at = fine(submit(at, blank))
        assert at.info and not blocks(at)


def test_ten_thousand_words_are_cut_and_the_page_says_so() -> None:
    at = fine(submit(open_explain(method=QUICK), MANY_WORDS))
    read = load_explainer().checkpoint.max_tokens
    assert all(f"{number:,}" in at.warning[0].value for number in (read, 10_002))
    assert any("too long for a link" in info.value for info in at.info)
    assert address(at) == {"method": [QUICK]}
    assert shown_text(at) == MANY_WORDS, "the whole review is still on screen"
    rest = view_data(at)["pieces"][-1]
    assert rest["unread"] and rest["text"] == MANY_WORDS.removeprefix(shown_text(at).removesuffix(rest["text"]))
    assert at.text_area(key="explain:box").value == MANY_WORDS


#: Text, what must be on screen of it, and what must not stand in any HTML.
UNUSUAL = (
    ("Nice <script>alert(1)</script> soup", "script", "<script"),
    ("Nice <img src=x onerror=alert(1)> soup", "onerror", "<img"),
    ('Nice " onmouseover="alert(1) soup', "onmouseover", '" onmouseover='),
    ("Nice &lt;b&gt; soup", "amp;", "&lt;b&gt;"),
    ("Soup \u202eevil\u202c and \u2066more\u2069", "[U+202E]", "\u202e"),
    ("Bell \x07 and escape \x1b[31m soup", "[U+001B]", "\x1b"),
    ("طعام لذيذ والخدمة رائعة", "لذيذ", "[U+"),
    ("Great noodles 🍜🔥 👩‍👩‍👧 😍", "🍜", "[U+"),
    ("![x](https://example.org/x.png) **bold** $x$ :red[y]", "https", "<img"),
)


def test_unusual_text_is_shown_as_text() -> None:
    at = open_explain(method=QUICK, compare="occlusion")
    for text, shown, never in UNUSUAL:
        at = fine(submit(at, text))
        assert shown_text(at) == visible(text) and shown in shown_text(at) + "".join(blocks(at)), text
        assert never not in "".join(blocks(at)), text
        assert at.text_area(key="explain:box").value == text
        assert address(at) == {"text": [text], "method": [QUICK], "compare": ["occlusion"]}
        assert bars(at, "Before") == bars(at, "After")


def test_one_word_and_unknown_words_have_scores_by_every_method() -> None:
    at = fine(open_explain(text="🍜 🔥 😍", method=QUICK))
    assert shown_text(at) == "🍜 🔥 😍" and len(words(at)) == 3
    for text in ("Soup", "🍜", "🍜 🔥 😍"):
        for method in METHODS:
            steps = METHODS[method].steps and 2
            scores = load_explainer().explain(text, method=method, steps=steps).attributions[-1].scores
            assert len(scores) == len(text.split()) and np.isfinite(scores).all(), (text, method)


def test_taking_out_the_only_word_leaves_nothing_to_predict() -> None:
    at = fine(open_explain(text="Soup", method=QUICK, hidden="1"))
    assert address(at)["hidden"] == ["1"]
    assert bars(at, "Before") == bars(at, "After")
    assert "hidden" not in address(fine(press(at, "explain:drop")))


def test_a_request_that_is_too_large_says_so_in_place_and_can_be_changed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sparsecbm.words.compute.MOST_TOKENS", 300_000)  # this model reads few
    at = open_explain(text=MANY_WORDS[:2500], steps="10000")
    assert not at.exception and len(at.error) == 1
    assert "fewer steps than 10000" in at.error[0].value.replace("\\", "")
    at.number_input(key="explain:steps:integrated-gradients").set_value(1).run()
    assert words(fine(at)) and address(at)["steps"] == ["1"]


@pytest.mark.parametrize("page", [open_home, open_explain])
def test_a_missing_checkpoint_says_so_in_place(page, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv(CHECKPOINT_VARIABLE, str(tmp_path / "nowhere"))
    at = page()
    assert not at.exception
    assert "The model cannot be loaded" in at.error[0].value and "nowhere" in at.error[0].value
    assert any(CHECKPOINT_VARIABLE in line.value for line in at.markdown)


def test_a_broken_checkpoint_says_which_file_and_recovers(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    broken = tmp_path / "broken"
    shutil.copytree(load_explainer().checkpoint.path, broken)
    weights = broken / "model.safetensors"
    whole = weights.read_bytes()
    weights.write_bytes(whole[:1000])
    monkeypatch.setenv(CHECKPOINT_VARIABLE, str(broken))
    at = open_explain(text="The soup was cold.")
    assert "safetensors" in at.error[0].value and not at.exception
    weights.write_bytes(whole)
    at.run()
    assert bars(fine(at), "Before")


def test_a_bug_is_logged_and_shown_without_its_inside(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def fail(*_: object, **__: object) -> None:
        raise ValueError("secret path /home/someone")

    monkeypatch.setattr(Explainer, "predict", fail)
    at = open_explain(text="A review that nobody has asked about before.")
    assert not at.exception and "should not have" in at.error[0].value and "secret" not in at.error[0].value
    number = at.error[0].value.split("error ")[1].split(".")[0]
    assert number in caplog.text and "secret path" in caplog.text
    assert address(at)["text"], "the review is kept"
