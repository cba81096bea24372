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
from tests.app.screen import EXPLAIN, blocks, cell_views, fine, open_home, open_page, press, section, segment, table
from tests.helpers import saved_checkpoint, toy_split

INTERVENTIONS = "pages/3_Interventions.py"
REVIEW = "The soup was tasty. The room felt shabby."


@pytest.fixture
def explainer(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, request: pytest.FixtureRequest) -> Explainer:
    """A small random model is loaded; the parameter changes its settings."""
    folder = saved_checkpoint(tmp_path / "tiny", **getattr(request, "param", {}))
    monkeypatch.setenv(CHECKPOINT_VARIABLE, str(folder))
    return load_explainer()


def opened(section: str = "revise", text: str = REVIEW) -> AppTest:
    return fine(open_page(open_home(), INTERVENTIONS, text=text, section=section))


def history(at: AppTest) -> History:
    kept: History = at.session_state["interventions:history"]
    return kept


def said(at: AppTest) -> str:
    """All text of the page without its escapes."""
    lines = [line.value for kind in (at.markdown, at.info, at.warning) for line in kind]
    return "\n".join([*lines, *blocks(at)]).replace("\\", "").replace("\u00a0", " ")


def second_value(explainer: Explainer, concept: str = "soup", text: str = REVIEW) -> str:
    """What a concept is read as after its first reading: a revision gets there with few weights."""
    shares = explainer.predict(text).concept_probabilities[explainer.schema.concept_index(concept)]
    return explainer.schema.values[int(shares.argsort()[1])]


def revised(at: AppTest, value: str, concept: str = "soup", portion: float = 10.0) -> AppTest:
    at.selectbox(key="interventions:revise:concept").set_value(concept).run()
    number = load_explainer().schema.concept_index(concept)
    at.selectbox(key=f"interventions:revise:value:{number}").set_value(value).run()
    at.slider(key="interventions:revise:portion").set_value(portion).run()
    return press(at, "interventions:revise:do")


def test_it_says_what_to_do_before_anything_is_revised(explainer: Explainer) -> None:
    at = opened()
    assert "No revision is in force" in said(at)
    is_read = explainer.predict(REVIEW).value("soup")
    at.selectbox(key="interventions:revise:value:0").set_value(is_read).run()
    assert f"is read as **{is_read}** already" in said(at) and "there is nothing to revise" in said(at)
    assert next(b for b in at.button if b.key == "interventions:revise:do").disabled


def test_a_revision_is_an_edit_beside_a_random_one_and_an_override(explainer: Explainer) -> None:
    wanted = second_value(explainer)
    at = fine(revised(opened(), wanted))
    (entry,) = history(at).now.entries
    assert isinstance(entry.edit, Revision) and (entry.edit.concept, entry.edit.value) == ("soup", wanted)
    assert f"soup revised towards {wanted}: {entry.edit.change.dropped_count:,} weights exchanged" in entry.description
    assert entry.description in said(at), "the revisions in force are listed"
    found = table(at, "answer", "the revision")
    after = explainer.predict_changed(REVIEW, [entry.edit.change])
    random = explainer.random_edit(REVIEW, entry.edit).after
    assert found["before the revision"][0].startswith(explainer.predict(REVIEW).value("soup"))
    assert found["the revision"][0].startswith(after.value("soup")) and after.value("soup") == wanted
    assert found["a random edit of its size"][0].startswith(random.value("soup"))
    assert found["the plain override"][0] == f"{wanted} 100\u00a0%"
    assert found["before the revision"][1] == found["the revision"][1], "room is read in a subnetwork of its own"
    assert "room cannot change" in said(at)


def test_another_random_edit_is_drawn(explainer: Explainer) -> None:
    at = fine(revised(opened(), second_value(explainer)))
    revision, shown = history(at).now.entries[0].edit, []
    assert isinstance(revision, Revision)
    for seed in range(3):
        after, name = explainer.random_edit(REVIEW, revision, seed=seed).after, "A random edit of its size"
        shown.append(next(block for block in blocks(at) if f'aria-label="{name}: ' in block))
        assert shown[-1] == label_bars_html(after, name, changed=True)
        assert f"This is draw {seed + 1}." in said(at) and f"random edit with seed {seed}" in said(at)
        at = fine(press(at, "interventions:revise:draw"))
    assert len(set(shown)) > 1


def test_what_was_exchanged_is_counted_by_module_and_head(explainer: Explainer) -> None:
    at = fine(revised(opened(), second_value(explainer)))
    change = history(at).now.changes[0]
    modules, heads = table(at, "layer", "module", "net"), table(at, "layer", "head", "net")
    assert modules["dropped"].sum() == change.dropped_count and modules["grown"].sum() == change.grown_count
    assert not modules["net"].any()
    counts = explainer.change_counts(change)
    assert heads["grown"].tolist() == counts.heads.grown.ravel().tolist() and len(heads) == 2 * 2
    fine(segment(at, "interventions:revise:show").set_value("net").run())
    net = cell_views(at)["Net weights of soup, by layer and head"]["printed"]
    assert [[int(cell.replace("−", "-")) for cell in row] for row in net] == counts.heads.net.tolist()


def test_a_revision_is_undone_and_the_next_is_made_after_it(explainer: Explainer) -> None:
    at = fine(revised(opened(), second_value(explainer)))
    fine(revised(at, second_value(explainer, "room"), "room"))
    first, second = history(at).now.changes
    assert (first.pass_, second.pass_) == ("soup", "room") and "2. room revised towards" in said(at)
    fine(at.selectbox(key="interventions:revise:look:2").set_value(0).run())
    assert "The revision takes soup from" in said(at)
    fine(press(press(at, "Undo"), "Undo"))
    assert not history(at).now.changes and "No revision is in force" in said(at)


def test_explain_says_that_it_shows_the_model_without_revisions(explainer: Explainer) -> None:
    at = fine(revised(opened(), second_value(explainer)))
    fine(open_page(at, EXPLAIN))
    assert "1 revision in force on the Interventions page" in said(at)
    assert "revision in force" not in said(fine(open_page(open_home(), EXPLAIN, text=REVIEW)))


def test_what_cannot_be_done_is_said_and_changes_nothing(explainer: Explainer) -> None:
    at = revised(opened(), second_value(explainer), portion=0.1)
    assert "less than one weight of any matrix" in at.error[0].value and not history(at).entries


def test_the_words_are_shown_before_and_after(explainer: Explainer) -> None:
    at = opened()
    at.session_state["interventions:revise:words"] = True
    fine(revised(at, second_value(explainer)))
    found = table(at, "word", "before", "after")
    assert found["word"].tolist() == [word.text for word in explainer.words(REVIEW)]
    assert found["before"].tolist() != found["after"].tolist()


@pytest.mark.usefixtures("explainer")
@pytest.mark.parametrize("explainer", [{"kind": "dense"}], indirect=True)
def test_a_model_without_masks_has_nothing_to_revise() -> None:
    assert "This model has no subnetworks, so there is nothing to revise" in said(opened())


def toy_reviews() -> Reviews:
    return Reviews("toys", toy_split(4), pd.DataFrame(index=range(36)))


def toy_catalogue(_: ConceptSchema) -> dict[str, Source]:
    return {"toys": Source("toys", "Toys", toy_reviews)}


def with_impact(explainer: Explainer, monkeypatch: pytest.MonkeyPatch) -> AppTest:
    monkeypatch.setattr("sparsecbm.ui.sources.catalogue", toy_catalogue)
    at = fine(revised(opened(), second_value(explainer)))
    return fine(press(section(at, "blast"), "interventions:impact:do"))


def test_a_impact_needs_something_that_reaches_other_reviews(explainer: Explainer) -> None:
    assert "nothing reaches other reviews" in said(opened("blast"))
    at = section(revised(opened(), second_value(explainer)), "blast")
    assert "no labelled reviews" in said(at), "none ship for these concepts"


def test_a_impact_counts_and_lists_its_reviews(explainer: Explainer, monkeypatch: pytest.MonkeyPatch) -> None:
    at = with_impact(explainer, monkeypatch)
    radius = explainer.impact(history(at).now.lasting, toy_split(4))
    soup = radius.effect("soup")
    assert impact_text(radius) in said(at) and soup.count(Outcome.RIGHT, Outcome.WRONG) < radius.settings.n
    found = table(at, "answer", "becomes right")
    assert found["becomes wrong"].tolist() == [effect.count(Outcome.BROKEN) for effect in radius.effects]
    fine(at.selectbox(key="interventions:impact:subject").set_value("soup").run())
    for outcome in Outcome:
        if soup.count(outcome):
            pills = next(one for one in at.get("pills") if one.key == "interventions:impact:outcomes:soup")
            fine(pills.set_value([outcome.value]).run())
            assert table(at, "review", "id")["id"].tolist() == [case.id for case in radius.cases("soup", outcome)]


def test_to_see_the_impact_lets_the_revision_be_saved(
    explainer: Explainer, monkeypatch: pytest.MonkeyPatch
) -> None:
    at = fine(revised(opened(), second_value(explainer)))
    assert not history(at).now.may_be_saved
    at = with_impact(explainer, monkeypatch)
    assert history(at).now.may_be_saved
    fine(revised(section(at, "revise"), second_value(explainer, "room"), "room"))
    section(at, "blast")
    assert not history(at).now.may_be_saved and "Not worked out yet" in said(at), "it was of other edits"
