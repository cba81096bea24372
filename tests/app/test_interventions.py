"""Setting concepts on the Interventions page: both sides, the ledger, what to do next, and everything restored."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pytest
from streamlit.testing.v1 import AppTest

from sparsecbm.concepts.compute_policies import POLICIES
from sparsecbm.concepts.contributions import label_contributions
from sparsecbm.concepts.panel_controls import AS_READ, MIX, NOT_SURE
from sparsecbm.concepts.panel_ledger import change_notes
from sparsecbm.figures.text import label_name, label_with_probability, listed, percent, signed
from sparsecbm.revision.history import History
from sparsecbm.service import Explainer
from sparsecbm.types import Prediction
from sparsecbm.ui.loaded_model import CHECKPOINT_VARIABLE, load_explainer
from tests.app.screen import (
    address,
    bars_in,
    blocks,
    fine,
    ledger_data,
    open_home,
    open_page,
    press,
    press_in_ledger,
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
    return fine(open_page(open_home(), INTERVENTIONS, text=text, **parts))


def pressed(at: AppTest, *presses: tuple[object, ...], **how: Any) -> AppTest:
    return fine(press_in_ledger(at, *presses, **how))


def kept(at: AppTest) -> History:
    history: History = at.session_state["interventions:history"]
    return history


def after(explainer: Explainer, sets: Mapping[str, Sequence[float]], residual: bool = True) -> Prediction:
    return explainer.override(explainer.predict(REVIEW), sets, residual).after


def shown_bars(prediction: Prediction) -> dict[str, str]:
    schema = prediction.schema
    return {label_name(label, schema): percent(float(share))
            for label, share in zip(schema.labels, prediction.label_probabilities, strict=True)}


def line(at: AppTest, name: str) -> dict[str, Any]:
    return next(one for one in ledger_data(at)["lines"] if one["name"] == name)


def still(at: AppTest) -> dict[str, Any]:
    """All that is drawn, but for the receipt's milliseconds and the number of the last press."""
    data = ledger_data(at)
    return {name: part for name, part in data.items() if name not in ("turn", "redo", "edits", "outcome")} | {
        "bars": [bars_in(data["outcome"], side) for side in ("Before", "After")]}


def test_without_a_review_the_page_says_what_to_do() -> None:
    at = fine(open_page(open_home(), INTERVENTIONS))
    assert any("No review at hand yet" in line.value for line in at.info)
    assert not any(element.proto.component_name == "sparsecbm.panel_ledger" for element in at.get("bidi_component"))


@pytest.mark.parametrize("explainer", [{"kind": "black_box"}], indirect=True)
def test_a_model_without_concepts_says_so() -> None:
    assert any("black box" in line.value for line in opened().info)


def test_a_concept_is_set_and_no_backbone_pass_runs(explainer: Explainer, monkeypatch: pytest.MonkeyPatch) -> None:
    at, before, now = opened(), explainer.predict(REVIEW), after(explainer, {"soup": CERTAIN["Negative"]})
    monkeypatch.setattr(explainer._model, "run_pass", None)
    at = pressed(at, ("set", "soup", "Negative"))
    drawn = ledger_data(at)
    assert bars_in(drawn["outcome"], "Before") == shown_bars(before)
    assert bars_in(drawn["outcome"], "After") == shown_bars(now) != shown_bars(before)
    assert label_with_probability(now) in drawn["outcome"] and "no backbone pass" in drawn["outcome"]
    assert line(at, "soup")["chosen"] == "Negative" and "set by you" in line(at, "soup")["left"]
    assert line(at, "room")["chosen"] == AS_READ and "as read" in line(at, "room")["left"]
    assert [entry.description.split(" (")[0] for entry in kept(at).entries] == ["soup set to Negative"]
    assert "1 edit in force, the last: soup set to Negative" in drawn["edits"]
    assert address(at)["override"] == ["soup=Negative"]


def test_each_single_change_says_what_it_did(explainer: Explainer) -> None:
    at = pressed(opened(), ("set", "soup", "Negative"), ("set", "room", "unknown"), ("residual", False))
    sets = {"soup": CERTAIN["Negative"], "room": CERTAIN["unknown"]}
    result = explainer.override(explainer.predict(REVIEW), sets, False)
    ledger, label = label_contributions(result, result.before.label), result.before.label
    notes = change_notes(explainer.single_effects(result.before, result.after), explainer.schema)
    assert set(notes) == {"soup", "room", "residual"}
    for name, note in notes.items():
        assert note.startswith("alone: ") and "; without it: " in note and note in line(at, name)["right"]
        assert f"{signed(ledger[name].before)} → <b>{signed(ledger[name].after)}" in line(at, name)["right"]
    assert f"{signed(ledger['sum'].before)} → {signed(ledger['sum'].after)}" in line(at, "sum")["right"]
    assert ledger_data(at)["label"]["chosen"] == label
    assert line(at, "residual")["counted"] is False and address(at)["residual"] == ["off"]


def test_contributions_are_those_of_the_chosen_label(explainer: Explainer) -> None:
    at = opened()
    assert ["fair", "Fair"] in ledger_data(at)["label"]["options"]
    at = pressed(at, ("label", "fair"))
    part = label_contributions(explainer.override(explainer.predict(REVIEW), {}), "fair")["soup"]
    assert ledger_data(at)["label"]["chosen"] == "fair" and address(fine(at.run()))["label"] == ["fair"]
    assert f"<b>{signed(part.after)}</b>" in line(at, "soup")["right"]


def test_shares_make_room_for_the_one_that_is_moved_and_are_one_edit(explainer: Explainer) -> None:
    at = pressed(opened(), ("set", "soup", MIX))
    read = explainer.predict(REVIEW).concept_probabilities[0]
    assert line(at, "soup")["shares"] == pytest.approx(read.tolist(), abs=1e-4) and not kept(at).entries
    at = pressed(at, ("share", "soup", 0, 0.25))
    at = pressed(at, ("share", "soup", 0, 0.5), ("share", "soup", 0, 0.7))
    rest = read[1:] / read[1:].sum()
    wanted = [0.7, *(0.3 * rest).tolist()]
    assert list(kept(at).now.overrides["soup"]) == pytest.approx(wanted) and len(kept(at).entries) == 1
    assert line(at, "soup")["shares"] == pytest.approx(wanted, abs=1e-4) and line(at, "soup")["chosen"] == MIX
    assert bars_in(ledger_data(at)["outcome"], "After") == shown_bars(after(explainer, {"soup": wanted}))
    at = pressed(at, ("share", "soup", 0, 1.0))
    assert line(at, "soup")["shares"] == [1, 0, 0], "the sliders stay while one is moved to its end"
    at = pressed(at, ("set", "soup", "Positive"))
    assert "shares" not in line(at, "soup") and kept(at).now.overrides == {"soup": CERTAIN["Positive"]}


def test_not_sure_shows_all_that_the_label_can_be(explainer: Explainer) -> None:
    at = pressed(opened(), ("set", "room", "Positive"), ("set", "soup", NOT_SURE))
    found = explainer.unsure(after(explainer, {"room": CERTAIN["Positive"]}), ["soup"])
    outcome = ledger_data(at)["outcome"]
    for y, label in enumerate(explainer.schema.labels):
        bounds = f"{percent(float(found.lowest[y]))} to {percent(float(found.highest[y]))}"
        assert f"{label_name(label, explainer.schema)} {bounds}" in outcome
    effects = explainer.effects()[0, :, explainer.schema.label_index(explainer.predict(REVIEW).label)]
    bounds = f"{signed(float(effects.min()))} to {signed(float(effects.max()))}"
    assert f"can be anything from {bounds}" in line(at, "soup")["right"]
    assert address(at)["unsure"] == ["soup"] and line(at, "soup")["chosen"] == NOT_SURE
    at = pressed(at, ("set", "soup", "Negative"))
    assert "unsure" not in address(at) and "can be anything" not in line(at, "soup")["right"]


def test_undo_leads_back_to_exactly_the_start_and_redo_forward_again() -> None:
    at = opened()
    start = still(at)
    at = pressed(at, ("set", "soup", "Negative"), ("set", "room", "Positive"), ("set", "room", AS_READ))
    end, parts = still(at), address(at)
    at = pressed(at, ("undo",), ("undo",), ("undo",))
    assert still(at) | {"undo": False} == start and not ledger_data(at)["undo"] and ledger_data(at)["redo"]
    assert "override" not in address(at) and "3 undone, the next: soup set to Negative" in ledger_data(at)["edits"]
    at = pressed(at, ("redo",), ("redo",), ("redo",))
    assert still(at) == end and address(at) == parts and not ledger_data(at)["redo"]


def test_every_press_counts_once_even_when_it_comes_twice() -> None:
    at = pressed(opened(), ("set", "soup", "Negative"))
    at = pressed(at, ("set", "room", "Positive"), ("undo",), first=0)  # the first of these is known already
    assert len(kept(at).entries) == 1 and kept(at).position == 0 and ledger_data(at)["turn"] == 2


def test_a_press_for_a_review_that_has_gone_sets_nothing_of_the_next() -> None:
    at = pressed(opened(), ("set", "soup", "Negative"), review="another")
    assert not kept(at).entries and line(at, "soup")["chosen"] == AS_READ


def test_nothing_is_set_while_an_earlier_state_is_looked_at() -> None:
    at = section(pressed(opened(), ("set", "soup", "Negative")), "history")
    at.selectbox(key="interventions:look:1:1").set_value(0).run()
    at = section(press(at, "interventions:look:go"), "concepts")
    data = ledger_data(at)
    assert data["disabled"] and not data["undo"] and "go" in data and data["go"] is None
    assert line(at, "soup")["chosen"] == AS_READ
    at = pressed(at, ("set", "room", NOT_SURE), ("set", "room", "Positive"), ("undo",), ("residual", False))
    assert len(kept(at).entries) == kept(at).position == 1 and "unsure" not in address(at)
    at = fine(press(at, "interventions:now"))
    assert line(at, "soup")["chosen"] == "Negative" and line(at, "residual")["counted"] is True


@pytest.mark.parametrize("policy", list(POLICIES))
def test_the_concept_to_check_next_is_the_policys_and_never_one_that_is_set(explainer: Explainer, policy: str) -> None:
    at = opened()
    at = pressed(at, ("policy", policy))
    found = explainer.suggest(explainer.predict(REVIEW), policy)
    for part in (f"Check {found[0].concept} next.", found[0].reason, f"Then {found[1].concept}."):
        assert part in ledger_data(at)["next"]
    assert ledger_data(at)["go"] == found[0].concept
    at = pressed(at, ("set", found[0].concept, "unknown"))
    assert ledger_data(at)["go"] == found[1].concept
    at = pressed(at, ("set", found[1].concept, "unknown"))
    assert ledger_data(at)["go"] is None and "Every concept is set" in ledger_data(at)["next"]


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
    assert now.label == wanted and bars_in(ledger_data(at)["outcome"], "After") == shown_bars(now)
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
    assert address(at) == parts and line(at, "residual")["counted"] is False
    assert line(at, "soup")["shares"] == [0.2, 0.3, 0.5] and line(at, "room")["chosen"] == NOT_SURE
    assert ledger_data(at)["policy"]["chosen"] == "ucp" and ledger_data(at)["label"]["chosen"] == "good"
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
    at = pressed(opened(text), ("set", "soup", "Negative"), ("set", "room", NOT_SURE), ("undo",))
    assert "<script" not in str(ledger_data(at)) and line(at, "soup")["chosen"] == AS_READ
