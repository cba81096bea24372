"""Setting concepts on the Interventions page: both sides, the rows, what to do next, and everything restored."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from streamlit.testing.v1 import AppTest

from sparsecbm.concepts.compute_policies import POLICIES
from sparsecbm.concepts.panel import change_notes
from sparsecbm.figures.text import label_name, listed, percent, reading_text, signed
from sparsecbm.model.network import SparseCBM
from sparsecbm.revision.history import History
from sparsecbm.service import Explainer
from sparsecbm.types import Prediction
from sparsecbm.ui.loaded_model import CHECKPOINT_VARIABLE, load_explainer
from tests.app.screen import (
    address,
    bars,
    blocks,
    fine,
    new_session,
    open_page,
    panel_data,
    press,
    press_in_panel,
    row,
    section,
    segment,
)
from tests.helpers import HOSTILE, saved_checkpoint

INTERVENTIONS = "pages/3_Interventions.py"
REVIEW = "The soup was tasty. The room felt shabby."
CERTAIN = {"Negative": (1.0, 0.0, 0.0), "unknown": (0.0, 1.0, 0.0), "Positive": (0.0, 0.0, 1.0)}


@pytest.fixture(autouse=True)
def explainer(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, request: pytest.FixtureRequest) -> Explainer:
    """A small random model is loaded; the parameter changes its settings."""
    folder = saved_checkpoint(tmp_path / "tiny", **getattr(request, "param", {}))
    monkeypatch.setenv(CHECKPOINT_VARIABLE, str(folder))
    return load_explainer()


def opened(text: str = REVIEW, **parts: str | list[str]) -> AppTest:
    return fine(open_page(new_session(), INTERVENTIONS, text=text, **parts))


def pressed(at: AppTest, *presses: tuple[object, ...], **how: Any) -> AppTest:
    return fine(press_in_panel(at, *presses, **how))


def kept(at: AppTest) -> History:
    history: History = at.session_state["interventions:history"]
    return history


def after(explainer: Explainer, sets: Mapping[str, Sequence[float]], residual: bool = True) -> Prediction:
    return explainer.override(explainer.predict(REVIEW), sets, residual).after


def shown_bars(prediction: Prediction) -> dict[str, str]:
    schema = prediction.schema
    return {label_name(label, schema): percent(float(share))
            for label, share in zip(schema.labels, prediction.label_probabilities, strict=True)}


def still(at: AppTest) -> dict[str, Any]:
    """All that is drawn, but for the receipt's milliseconds, what can be undone and the number of the last press."""
    return {name: part for name, part in panel_data(at).items() if name not in ("turn", "receipt", "history")}


def test_without_a_review_the_page_says_what_to_do() -> None:
    at = fine(open_page(new_session(), INTERVENTIONS))
    assert at.info and at.text_area(key="explain:box")
    assert not any("panel_concepts" in element.proto.component_name for element in at.get("bidi_component"))


@pytest.mark.parametrize("explainer", [{"kind": "black_box"}], indirect=True)
def test_a_model_without_concepts_says_so() -> None:
    assert any("black box" in line.value for line in opened().info)


def test_a_concept_is_set_by_one_run_of_the_label_head(explainer: Explainer, monkeypatch: pytest.MonkeyPatch) -> None:
    at, before, now = opened(), explainer.predict(REVIEW), after(explainer, {"soup": CERTAIN["Negative"]})
    heads: list[object] = []
    head = SparseCBM.label
    monkeypatch.setattr(SparseCBM, "label", lambda self, *given: heads.append(1) or head(self, *given))
    for run in ("run_pass", "run_passes"):
        monkeypatch.setattr(SparseCBM, run, None)  # a backbone pass would fail
    at = pressed(at, ("set", "soup", "Negative"))
    assert len(heads) == 1
    assert bars(at, "Before") == shown_bars(before) and bars(at, "After") == shown_bars(now) != shown_bars(before)
    assert row(at, "soup")["own"] == "set" and row(at, "soup")["shares"] == [1, 0, 0] and row(at, "room")["own"] == ""
    assert panel_data(at)["after"]["contributions"] == now.contributions.tolist()
    assert [entry.description for entry in kept(at).entries] == [
        f"soup set to Negative (was {reading_text(before, 'soup')})"]
    assert kept(at).entries[-1].description in panel_data(at)["history"]["text"]
    assert address(at)["override"] == ["soup=Negative"]


def test_each_single_change_says_what_it_did(explainer: Explainer) -> None:
    at = pressed(opened(), ("set", "soup", "Negative"), ("set", "room", "unknown"), ("residual", False))
    result = explainer.override(explainer.predict(REVIEW), {"soup": CERTAIN["Negative"], "room": CERTAIN["unknown"]},
                                False)
    notes = change_notes(explainer.single_effects(result.before, result.after), explainer.schema)
    data = panel_data(at)
    assert {"soup": row(at, "soup")["note"], "room": row(at, "room")["note"],
            "residual": data["residual"]["note"]} == notes
    assert data["residual"]["counts"] is False and not any(data["after"]["residual"])
    assert address(at)["residual"] == ["off"]


def test_contributions_are_those_of_the_chosen_label(explainer: Explainer) -> None:
    at = pressed(opened(), ("label", "fair"))
    assert panel_data(at)["label"]["shown"] == explainer.schema.label_index("fair")
    assert address(fine(at.run()))["label"] == ["fair"]


def test_every_release_of_a_slider_is_an_undo_step_of_its_own(explainer: Explainer) -> None:
    at = pressed(opened(), ("set", "soup", [0, 0.25, 0.75]), ("set", "soup", [0.4, 0.6, 0]))
    assert len(kept(at).entries) == 2 and kept(at).now.overrides == {"soup": (0.4, 0.6, 0.0)}
    assert bars(at, "After") == shown_bars(after(explainer, {"soup": [0.4, 0.6, 0.0]}))
    at = pressed(at, ("undo",))
    assert row(at, "soup")["shares"] == pytest.approx([0, 0.25, 0.75]) and panel_data(at)["history"]["redo"]
    at = pressed(at, ("undo",))
    assert row(at, "soup")["own"] == "" and "override" not in address(fine(at.run()))


def test_not_sure_shows_all_that_the_label_can_be(explainer: Explainer) -> None:
    at = pressed(opened(), ("set", "room", "Positive"), ("unsure", "soup"))
    found = explainer.unsure(after(explainer, {"room": CERTAIN["Positive"]}), ["soup"])
    shown = np.array(panel_data(at)["range"]["rows"])
    np.testing.assert_allclose(shown, np.stack([found.lowest, found.highest, found.expected], axis=1))
    effects = explainer.effects()[0, :, explainer.schema.label_index(explainer.predict(REVIEW).label)]
    for bound in (effects.min(), effects.max()):
        assert signed(float(bound)) in row(at, "soup")["note"]
    assert address(at)["unsure"] == ["soup"] and row(at, "soup")["own"] == "unsure"
    at = pressed(at, ("set", "soup", "Negative"))
    assert "unsure" not in address(at) and panel_data(at)["range"] is None and row(at, "soup")["own"] == "set"


def test_undo_leads_back_to_exactly_the_start_and_redo_forward_again() -> None:
    at = opened()
    start = still(at)
    at = pressed(at, ("set", "soup", "Negative"), ("set", "room", "Positive"), ("reset", "room"))
    end, parts = still(at), address(at)
    at = pressed(at, ("undo",), ("undo",), ("undo",))
    history = panel_data(at)["history"]
    assert still(at) == start and not history["undo"] and history["redo"] and "override" not in address(at)
    at = pressed(at, ("redo",), ("redo",), ("redo",))
    assert still(at) == end and address(at) == parts and not panel_data(at)["history"]["redo"]


def test_every_press_counts_once_even_when_it_comes_twice() -> None:
    at = pressed(opened(), ("set", "soup", "Negative"))
    at = pressed(at, ("set", "room", "Positive"), ("undo",), first=0)  # the first of these is known already
    assert len(kept(at).entries) == 1 and kept(at).position == 0 and panel_data(at)["turn"] == 2


def test_a_press_for_a_document_that_has_gone_sets_nothing_of_the_next() -> None:
    at = pressed(opened(), ("set", "soup", "Negative"), document="another")
    assert not kept(at).entries and row(at, "soup")["own"] == ""


def test_nothing_is_set_while_an_earlier_state_is_looked_at() -> None:
    at = section(pressed(opened(), ("set", "soup", "Negative")), "history")
    at.selectbox(key="interventions:view:1:1").set_value(0).run()
    at = section(press(at, "interventions:view:show"), "concepts")
    data = panel_data(at)
    assert data["disabled"] and not data["history"]["undo"] and data["advice"]["go"] is None
    assert row(at, "soup")["own"] == ""
    at = pressed(at, ("unsure", "room"), ("set", "room", "Positive"), ("undo",), ("residual", False))
    assert len(kept(at).entries) == kept(at).position == 1 and "unsure" not in address(at)
    at = fine(press(at, "interventions:now"))
    assert row(at, "soup")["own"] == "set" and panel_data(at)["residual"]["counts"] is True


@pytest.mark.parametrize("policy", list(POLICIES))
def test_the_concept_to_check_next_is_the_policys_and_never_one_that_is_set(explainer: Explainer, policy: str) -> None:
    at = opened()
    at = pressed(at, ("policy", policy))
    found = explainer.suggest(explainer.predict(REVIEW), policy)
    advice = panel_data(at)["advice"]
    assert advice["go"] == found[0].concept and found[0].reason in advice["reason"] and advice["policy"] == policy
    at = pressed(at, ("set", found[0].concept, "unknown"))
    assert panel_data(at)["advice"]["go"] == found[1].concept
    at = pressed(at, ("set", found[1].concept, "unknown"))
    assert panel_data(at)["advice"]["go"] is None


def test_all_smallest_fixes_are_offered_and_one_is_applied(explainer: Explainer) -> None:
    at, before = opened(), explainer.predict(REVIEW)
    wanted, found = next((label, fix) for label in explainer.schema.labels if label != before.label
                         and (fix := explainer.smallest_fix(before, label)).size)
    at = fine(segment(at, "interventions:wanted").set_value(wanted).run())
    assert found.reason in blocks(at) and address(at)["wanted"] == [wanted]
    offered = at.radio(key="interventions:way").options
    assert len(offered) == len(found.fixes)
    for fix, text in zip(found.fixes, offered, strict=True):
        said = listed([f"{concept} to {value}" for concept, value in fix.values.items()])
        assert text.replace("\\", "").startswith(f"{said}; then ")
    at = fine(press(at, "interventions:fix"))
    now = after(explainer, {concept: CERTAIN[value] for concept, value in found.fixes[0].values.items()})
    assert now.label == wanted and bars(at, "After") == shown_bars(now)
    assert len(kept(at).entries) == len(found.fixes[0].values)
    assert any("already" in block for block in blocks(fine(at.run())))


def test_a_fix_that_changes_what_a_person_set_says_so(explainer: Explainer) -> None:
    schema, sets = explainer.schema, {"soup": CERTAIN["Negative"], "room": CERTAIN["Positive"]}
    now = after(explainer, sets)
    wanted = next(label for label in schema.labels if label != now.label and explainer.smallest_fix(now, label).size)
    at = opened(override=["soup=Negative", "room=Positive"], wanted=wanted)
    for text in at.radio(key="interventions:way").options:
        assert ("soup to" in text) == ("(you set Negative)" in text.replace("\\", ""))
        assert ("room to" in text) == ("(you set Positive)" in text.replace("\\", ""))


def test_a_link_restores_everything() -> None:
    parts = {"text": [REVIEW], "override": ["soup=0.2,0.3,0.5"], "unsure": ["room"], "policy": ["ucp"],
             "wanted": ["fair"], "label": ["good"], "residual": ["off"]}
    at = opened(**{name: part for name, part in parts.items() if name != "text"})
    data = panel_data(at)
    assert address(at) == parts and data["residual"]["counts"] is False
    assert row(at, "soup")["shares"] == pytest.approx([0.2, 0.3, 0.5]) and row(at, "room")["own"] == "unsure"
    assert data["advice"]["policy"] == "ucp" and data["label"]["names"][data["label"]["shown"]] == "good"
    assert segment(at, "interventions:wanted").value == "fair"
    again = opened(**{name: part for name, part in address(at).items() if name != "text"})
    assert still(again) == still(at)


def test_two_sessions_do_not_see_each_others_edits() -> None:
    one, other = opened(), opened()
    start = still(other)
    one = pressed(one, ("set", "soup", "Negative"), ("residual", False))
    other = fine(other.run())
    assert still(other) == start and not kept(other).entries and kept(one).entries


def test_the_same_stands_in_tables() -> None:
    at = opened()
    at.session_state["interventions:tables"] = True
    at = pressed(fine(at.run()), ("set", "soup", "Negative"))
    table = next(frame.value for frame in at.dataframe if "part" in frame.value).set_index("part")
    assert table.loc["soup", "change"] != 0 and table.loc["room", "change"] == 0


@pytest.mark.parametrize("text", HOSTILE.values(), ids=HOSTILE)
def test_no_review_breaks_the_panel(text: str) -> None:
    at = pressed(opened(text), ("set", "soup", "Negative"), ("unsure", "room"), ("undo",))
    assert "<script" not in str(panel_data(at)) and row(at, "soup")["own"] == ""
