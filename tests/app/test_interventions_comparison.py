"""A second review beside the one at hand, under the same edits."""

import html
import re
from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from sparsecbm.figures.text import label_name, label_with_probability
from sparsecbm.revision.history import History
from sparsecbm.service import Explainer
from sparsecbm.types import Prediction
from sparsecbm.ui.loaded_model import CHECKPOINT_VARIABLE, load_explainer
from tests.app.screen import address, bars, blocks, fine, new_session, open_page, press
from tests.app.test_interventions_revise import INTERVENTIONS, REVIEW, said
from tests.helpers import HOSTILE, saved_checkpoint
from tests.revision.toys import always

OTHER = "The soup was bland. The room felt warm."
BESIDE = "interventions:beside"
SET = {"soup": (0.0, 0.0, 1.0)}


@pytest.fixture
def explainer(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Explainer:
    """A small random model is loaded."""
    monkeypatch.setenv(CHECKPOINT_VARIABLE, str(saved_checkpoint(tmp_path / "tiny")))
    return load_explainer()


def opened(edits: History | None = None, **parts: str) -> AppTest:
    at = new_session()
    if edits is not None:
        at.session_state["interventions:history"] = edits
    return fine(open_page(at, INTERVENTIONS, **{"text": REVIEW, "section": "beside", **parts}))


def answers(at: AppTest) -> list[list[str]]:
    """The table of both reviews, row by row: every concept and then the label."""
    table = next(block for block in blocks(at) if 'aria-label="Both texts without and with the edits"' in block)
    rows = re.findall(r"<tr[^>]*>(.*?)</tr>", table)[1:]
    return [[html.unescape(cell) for cell in re.findall(r"<td[^>]*>(.*?)</td>", row)] for row in rows]


def bars_drawn(at: AppTest) -> bool:
    return any('role="img"' in block for block in blocks(at))


def labels(*sides: Prediction) -> list[str]:
    return [label_with_probability(side) for side in sides]


@pytest.mark.usefixtures("explainer")
def test_it_says_what_to_do_and_takes_a_second_review() -> None:
    at = opened()
    assert not bars_drawn(at) and "beside" not in address(at)
    at.text_area(key=f"{BESIDE}:box").set_value(OTHER)
    at = fine(press(at, "Compare"))
    assert address(at)["beside"] == [OTHER] and "No edit is in force" in said(at)
    at = fine(press(at, f"{BESIDE}:away"))
    assert "beside" not in address(at) and not bars_drawn(at)
    assert not any(area.key == f"{BESIDE}:box" for area in opened(text="").text_area)


def test_both_are_shown_without_and_with_the_concepts_that_are_set(explainer: Explainer) -> None:
    at = opened(override="soup=Positive", beside=OTHER)
    plain = [explainer.predict(text) for text in (REVIEW, OTHER)]
    this, other = (explainer.override(one, SET).after for one in plain)
    assert answers(at)[-1] == ["verdict", *labels(plain[0], this, plain[1], other)]
    assert answers(at)[0][2] == answers(at)[0][4] == "Positive"
    assert bars(at, "The other text with the edits")[label_name(other.label, other.schema)] in answers(at)[-1][4]
    at = fine(at.toggle(key=f"{BESIDE}:same").set_value(False).run())
    assert answers(at)[-1] == ["verdict", *labels(plain[0], this, plain[1], plain[1])], "it keeps what it is read as"


def test_revisions_and_rules_act_on_both(explainer: Explainer) -> None:
    value = explainer.schema.values[int(explainer.predict(REVIEW).concept_probabilities[1].argsort()[1])]
    revision = explainer.revise(REVIEW, "room", value, 0.1).revision
    rule = always("soup", "Positive")
    at = opened(History().do(revision, "revised").do(rule, "always"), beside=OTHER)
    for text, column in ((REVIEW, 2), (OTHER, 4)):
        after = explainer.apply_rules(explainer.predict_changed(text, [revision.change]), [rule]).after
        assert answers(at)[-1][column] == labels(after)[0]
        assert answers(at)[-1][column - 1] == labels(explainer.predict(text))[0]
    assert said(at).count("(rule 1 applies)") == 2
    at = fine(press(press(at, "Undo"), "Undo"))
    assert "No edit is in force" in said(at) and answers(at)[-1][3] == answers(at)[-1][4]


@pytest.mark.usefixtures("explainer")
def test_a_second_review_too_long_for_a_link_stays_out_of_the_address() -> None:
    at = opened()
    at.text_area(key=f"{BESIDE}:box").set_value("soup " * 1200)
    at = fine(press(at, "Compare"))
    assert "beside" not in address(at) and address(at)["text"] == [REVIEW]
    assert "too long for a link" in said(at) and len(answers(at)) == 3


@pytest.mark.usefixtures("explainer")
def test_its_text_is_never_read_as_html() -> None:
    at = opened(beside=HOSTILE["html"])
    shown = next(block for block in blocks(at) if "The other text</b>:" in block)
    assert "<script" not in shown and "&lt;script&gt;" in shown
