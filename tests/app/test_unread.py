"""What the model does not read is said below the text, with and without word scores."""

import pytest
from streamlit.testing.v1 import AppTest

from sparsecbm.service import Explainer
from sparsecbm.ui.safe_text import as_markdown
from sparsecbm.words.unread import unread_text
from tests.app.screen import QUICK, blocks, fine, open_alone, open_explain, words

TEXT = "The soup \U0001f92e was \ufffd tasty"
NOTHING = "\u0e14\u0e35 \U0001f92e!"
INTERVENTIONS = "pages/3_Interventions.py"


def notes(at: AppTest) -> list[str]:
    return [block for block in blocks(at) if 'role="note"' in block]


def test_explain_marks_each_such_word_and_names_them_once(explainer: Explainer) -> None:
    at = fine(open_explain(text=TEXT, method=QUICK))
    assert {word["shown"]: word["unread"] for word in words(at)} == {
        word.text: word.unread for word in explainer.words(TEXT)} != dict.fromkeys(TEXT.split(), "")
    (note,) = notes(at)
    assert unread_text(explainer.words(TEXT)) in note and not any("no word" in one.value for one in at.warning)


@pytest.mark.parametrize("page", ["Explain", "Interventions"])
def test_a_text_of_which_nothing_is_read_has_a_warning(page: str, explainer: Explainer) -> None:
    at = fine(open_explain(text=NOTHING, method=QUICK) if page == "Explain" else
              open_alone(INTERVENTIONS, text=NOTHING).run())
    assert [one.value for one in at.warning if "no word" in one.value] == [
        as_markdown(unread_text(explainer.words(NOTHING)))]


def test_interventions_names_them_and_says_nothing_of_other_texts(explainer: Explainer) -> None:
    (note,) = notes(fine(open_alone(INTERVENTIONS, text=TEXT).run()))
    assert unread_text(explainer.words(TEXT)) in note
    assert not notes(fine(open_alone(INTERVENTIONS, text="The soup was tasty").run()))
    assert not notes(fine(open_explain(text="The soup was tasty", method=QUICK)))
