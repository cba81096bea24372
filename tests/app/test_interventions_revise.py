"""Revising a subnetwork, and the impact, on the Interventions page."""

from pathlib import Path

import pandas as pd
import pytest
from streamlit.testing.v1 import AppTest

from sparsecbm.data.catalogue import Source
from sparsecbm.data.reviews import Reviews
from sparsecbm.impact.figure import impact_text
from sparsecbm.impact.impact import Outcome
from sparsecbm.revision.edit import Revision
from sparsecbm.revision.history import History
from sparsecbm.schema import ConceptSchema
from sparsecbm.service import Explainer
from sparsecbm.ui.bars import label_bars_html
from sparsecbm.ui.loaded_model import CHECKPOINT_VARIABLE, load_explainer
from tests.app.screen import EXPLAIN, blocks, cell_views, fine, new_session, open_page, press, section, segment, table
from tests.helpers import saved_checkpoint, toy_split

INTERVENTIONS = "pages/3_Interventions.py"
REVIEW = "The soup was tasty. The room felt shabby."
FORM = "interventions:revise"


def opened(section: str = "revise", text: str = REVIEW) -> AppTest:
    """The page in a new session that did not run Home first."""
    return fine(open_page(new_session(), INTERVENTIONS, text=text, section=section))


def history(at: AppTest) -> History:
    edits: History = at.session_state["interventions:history"]
    return edits


def said(at: AppTest) -> str:
    """All text of the page without its escapes."""
    lines = [line.value for kind in (at.markdown, at.info, at.warning, at.success) for line in kind]
    return "\n".join([*lines, *blocks(at)]).replace("\\", "").replace("\u00a0", " ")


def second_value(explainer: Explainer, concept: str = "soup", text: str = REVIEW) -> str:
    """The second most probable value of a concept: a revision gets there with few weights."""
    shares = explainer.predict(text).concept_probabilities[explainer.schema.concept_index(concept)]
    return explainer.schema.values[int(shares.argsort()[1])]


def revised(at: AppTest, value: str, concept: str = "soup", portion: float = 10.0) -> AppTest:
    at.selectbox(key=f"{FORM}:concept").set_value(concept).run()
    number = load_explainer().schema.concept_index(concept)
    at.selectbox(key=f"{FORM}:value:{number}").set_value(value)
    at.slider(key=f"{FORM}:portion").set_value(portion).run()
    return press(at, f"{FORM}:do")


def test_a_revision_is_compared_with_a_random_edit_and_an_override(explainer: Explainer) -> None:
    at, wanted, predicted = opened(), second_value(explainer), explainer.predict(REVIEW)
    fine(at.selectbox(key=f"{FORM}:value:0").set_value(predicted.value("soup")).run())
    assert next(b for b in at.button if b.key == f"{FORM}:do").disabled, "the concept has that value already"
    at = revised(at, wanted, portion=0.1)
    assert "one weight" in at.error[0].value and not history(at).entries
    at = fine(revised(at, wanted))
    (entry,) = history(at).now.entries
    assert isinstance(entry.edit, Revision) and (entry.edit.concept, entry.edit.value) == ("soup", wanted)
    assert f"{entry.edit.change.dropped_count:,} weights" in entry.description and entry.description in said(at)

    found = table(at, "answer", "revision")
    after = explainer.predict_changed(REVIEW, [entry.edit.change])
    for column, side in (("before", predicted), ("revision", after),
                         ("random edit of the same size", explainer.random_edit(REVIEW, entry.edit).after)):
        assert found[column][0].startswith(side.value("soup"))
    assert found["override"][0] == f"{wanted} 100\u00a0%" and after.value("soup") == wanted
    assert found["before"][1] == found["revision"][1], "room has a subnetwork of its own"

    change, counts = entry.edit.change, explainer.change_counts(entry.edit.change)
    modules, heads = table(at, "layer", "module", "net"), table(at, "layer", "head", "net")
    assert modules["dropped"].sum() == change.dropped_count and modules["grown"].sum() == change.grown_count
    assert heads["grown"].tolist() == counts.heads.grown.ravel().tolist() and len(heads) == 2 * 2
    fine(segment(at, f"{FORM}:show").set_value("net").run())
    (net,) = [view["printed"] for name, view in cell_views(at).items() if name.endswith("layer and head")]
    assert [[int(cell.replace("−", "-")) for cell in row] for row in net] == counts.heads.net.tolist()

    at = fine(press(at, f"{FORM}:draw"))
    name, drawn = "Random edit of the same size", explainer.random_edit(REVIEW, entry.edit, seed=1).after
    assert label_bars_html(drawn, name, changed=True) in blocks(at) and "random edit with seed 1" in said(at)


def test_revisions_stack_explain_words_and_are_undone(explainer: Explainer) -> None:
    at = opened()
    at.session_state[f"{FORM}:words"] = True
    fine(revised(at, second_value(explainer)))
    words = table(at, "word", "before", "after")
    assert words["word"].tolist() == [word.text for word in explainer.words(REVIEW)]
    assert words["before"].tolist() != words["after"].tolist()
    fine(revised(at, second_value(explainer, "room"), "room"))
    assert [change.pass_ for change in history(at).now.changes] == ["soup", "room"]
    fine(at.selectbox(key=f"{FORM}:shown:2").set_value(0).run())
    assert "changes soup from" in said(at)
    elsewhere = fine(open_page(at, EXPLAIN))
    assert any("2 revisions" in one.value for one in elsewhere.info)
    at = fine(open_page(elsewhere, INTERVENTIONS, text=REVIEW, section="revise"))
    fine(press(press(at, "Undo"), "Undo"))
    assert not history(at).now.changes and not at.get("pills")
    assert not any("revision" in one.value for one in fine(open_page(at, EXPLAIN)).info)


def test_a_model_without_masks_has_nothing_to_revise(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(CHECKPOINT_VARIABLE, str(saved_checkpoint(tmp_path / "dense", kind="dense")))
    at = opened()
    assert "no subnetworks" in at.info[0].value and not [b for b in at.button if b.key == f"{FORM}:do"]


def toy_reviews() -> Reviews:
    return Reviews("toys", toy_split(4), pd.DataFrame(index=range(36)))


def toy_catalogue(_: ConceptSchema) -> dict[str, Source]:
    return {"toys": Source("toys", "Toys", toy_reviews)}


def test_an_impact_counts_its_reviews_and_lets_the_revision_be_saved(
    explainer: Explainer, monkeypatch: pytest.MonkeyPatch
) -> None:
    at = opened("blast")
    assert not [b for b in at.button if b.key == "interventions:impact:do"], "nothing is in force"
    fine(revised(section(at, "revise"), second_value(explainer)))
    at = section(at, "blast")
    assert not [b for b in at.button if b.key == "interventions:impact:do"], "no reviews ship for these concepts"
    monkeypatch.setattr("sparsecbm.ui.loaded_sources.catalogue", toy_catalogue)
    assert not history(at).now.may_be_saved
    at = fine(press(fine(at.run()), "interventions:impact:do"))
    assert history(at).now.may_be_saved
    found = explainer.impact(history(at).now.lasting, toy_split(4))
    soup = found.effect("soup")
    assert impact_text(found) in said(at) and soup.count(Outcome.RIGHT, Outcome.WRONG) < found.settings.n
    numbers = table(at, "answer", "becomes right")
    assert numbers["becomes wrong"].tolist() == [effect.count(Outcome.BROKEN) for effect in found.effects]
    fine(at.selectbox(key="interventions:impact:subject").set_value("soup").run())
    for outcome in Outcome:
        if soup.count(outcome):
            pills = next(one for one in at.get("pills") if one.key == "interventions:impact:outcomes:soup")
            fine(pills.set_value([outcome.value]).run())
            assert table(at, "text", "id")["id"].tolist() == [case.id for case in found.cases("soup", outcome)]
    fine(revised(section(at, "revise"), second_value(explainer, "room"), "room"))
    section(at, "blast")
    assert not history(at).now.may_be_saved, "the impact was of other edits"
