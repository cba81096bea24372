"""Comparing the loaded subnetworks with another run or a higher sparsity, on the Subnetworks page."""

import csv
import io
import json
import re
import shutil
from pathlib import Path
from typing import Any

import pytest
from streamlit.testing.v1 import AppTest

from sparsecbm.figures.text import percent
from sparsecbm.model.checkpoint import CONFIG_FILE, MASKS_FILE, METRICS_FILE, save_checkpoint
from sparsecbm.service import Explainer
from sparsecbm.spreadsheet import MARK
from sparsecbm.subnetworks.comparison_text import advice, headline
from sparsecbm.subnetworks.panel_comparison_result import comparison_csv
from sparsecbm.subnetworks.panel_selection import OTHERS_VARIABLE
from sparsecbm.ui.loaded_model import CHECKPOINT_VARIABLE, load_explainer
from tests.app.screen import SUBNETWORKS, address, bars, fine, new_session, open_explain, open_page, segment, table
from tests.app.test_subnetworks import HOSTILE, charts, said
from tests.helpers import random_masks, saved_checkpoint, tiny_encoder, tiny_model

AGAINST, PERCENT = "subnetworks:against", "subnetworks:percent"
PRUNED = "/pruned"


@pytest.fixture(autouse=True)
def mine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, request: pytest.FixtureRequest) -> Path:
    """A random checkpoint is loaded, alone in its folder; the parameter changes its settings."""
    monkeypatch.delenv(OTHERS_VARIABLE, raising=False)
    folder = saved_checkpoint(tmp_path / "mine", **getattr(request, "param", {}))
    monkeypatch.setenv(CHECKPOINT_VARIABLE, str(folder))
    return folder


@pytest.fixture
def other(mine: Path) -> Path:
    """A checkpoint with other masks, next to the loaded one."""
    folder, model = mine.parent / "seed-1", tiny_model()
    save_checkpoint(folder, model, tiny_encoder(), random_masks(model, seed=7))
    return folder


def opened(review: str = "", **parts: str) -> AppTest:
    at = open_explain(text=review, method="gradient-x-input") if review else new_session()
    return fine(open_page(at, SUBNETWORKS, section="compare", **parts))


def drawn(at: AppTest) -> dict[str, Any]:
    """The bars of the comparison, by the part that they are of."""
    key = "subnetworks:recurrence-"
    return {name.removeprefix(key): chart for name, chart in charts(at).items() if name.startswith(key)}


def options(at: AppTest) -> list[str]:
    """What there is to compare with, as it is shown."""
    found: list[str] = at.selectbox(key=AGAINST).options
    return found


@pytest.mark.usefixtures("other")
def test_nothing_is_read_before_something_is_chosen(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Explainer, "compare", lambda *_: pytest.fail("compared"))
    at = opened()
    assert len(options(at)) == 3 and options(at)[1] == "seed-1"
    assert not drawn(at) and "against" not in address(at)


def test_another_checkpoint_is_shown_in_words_bars_and_tables(other: Path) -> None:
    at = opened()
    fine(at.selectbox(key=AGAINST).set_value("seed-1").run())
    found = load_explainer().compare(other)
    assert address(at)["against"] == ["seed-1"]
    for part, counted in (("whole", found.whole), ("own", found.own)):
        assert drawn(at)[part]["data"][0]["x"] == pytest.approx((100 * counted.same).tolist())
    shown = table(at, "of", "used for the same concept there, percent")
    assert shown["weights"].tolist() == found.whole.weights.tolist()
    assert headline(found) in said(at) and advice(found) in said(at)
    kept = 100 * found.overlaps[1].total.density[0, :2].mean()
    assert table(at, "mine", "seed-1")["seed-1"].tolist()[0] == f"{kept:.1f}"
    assert found.second.checkpoint[:12] in said(at)
    fine(segment(at, "subnetworks:cross").set_value("whole").run())
    jaccard = found.between(found.across.total.jaccard)[0, :2, :2]
    assert table(at, "here", "soup there")["soup there"].tolist() == jaccard[:, 0].round(4).tolist()
    fine(at.selectbox(key=AGAINST).set_value("").run())
    assert "against" not in address(at) and not drawn(at)


@pytest.mark.usefixtures("other")
def test_a_link_restores_the_comparison() -> None:
    at = opened(against="seed-1")
    assert drawn(at) and at.selectbox(key=AGAINST).value == "seed-1"
    assert address(fine(at.run()))["against"] == ["seed-1"]


@pytest.mark.parametrize("against", ["../mine", "/etc", "seed-2", "40%", "100%"])
@pytest.mark.usefixtures("other")
def test_only_what_is_offered_can_be_opened(against: str) -> None:
    at = opened(against=against)
    assert "allowed: seed-1, " in said(at) and not drawn(at) and "against" not in address(at)


def test_without_another_checkpoint_it_says_how_to_get_one(mine: Path) -> None:
    at = opened()
    assert f"`{OTHERS_VARIABLE}`" in said(at) and len(options(at)) == 2
    command = next(code.value for code in at.code if "sparsecbm train" in code.value)
    assert f"--seed 1 --output '{mine.resolve().parent / 'seed-1'}'" in command


def test_the_same_checkpoint_can_be_pruned_to_any_sparsity() -> None:
    at = opened()
    fine(at.selectbox(key=AGAINST).set_value(PRUNED).run())
    assert address(at)["against"] == ["90%"] and "mine at 90 %" in json.dumps(drawn(at))
    assert "not trained again" in said(at)
    fine(at.number_input(key=PERCENT).set_value(87.5).run())
    assert address(at)["against"] == ["87.5%"] and "mine at 87.5 %" in json.dumps(drawn(at))
    command = next(code.value for code in at.code if "--sparsity" in code.value)
    assert "--sparsity 0.875" in command
    least = at.number_input(key=PERCENT).min
    fine(at.number_input(key=PERCENT).set_value(least).run())
    assert address(at)["against"] == [f"{least:g}%"] and not at.warning


def test_the_open_review_is_predicted_with_the_sparser_masks() -> None:
    at = opened("The soup was tasty.", against="90%")
    found = load_explainer().predict_sparser("The soup was tasty.", 0.9)
    for side, prediction in (("As it is", found.before), ("At 90 %", found.after)):
        assert bars(at, side) == {display: percent(float(share)) for display, share in zip(
            prediction.schema.label_display, prediction.label_probabilities, strict=True)}
    assert bars(at, "As it is") != bars(at, "At 90 %")
    lost = table(at, "weights lost")["weights lost"].tolist()
    assert lost == [found.removed["soup"], found.removed["room"]]


def test_a_broken_checkpoint_is_named_and_the_page_stays(other: Path) -> None:
    (other / MASKS_FILE).write_bytes((other / MASKS_FILE).read_bytes()[:-5])
    at = open_page(new_session(), SUBNETWORKS, section="compare", against="seed-1")
    assert not at.exception and len(at.error) == 1
    assert f"{other.name}/{MASKS_FILE} is truncated" in at.error[0].value.replace("\\", "")
    assert "The model cannot be loaded" not in at.error[0].value
    assert "subnetworks:sharing" in charts(at)
    (other / CONFIG_FILE).unlink()
    assert "seed-1" not in options(fine(at.selectbox(key=AGAINST).set_value("").run()))


def test_a_checkpoint_of_other_concepts_is_named(mine: Path) -> None:
    saved_checkpoint(mine.parent / "bare", residual=False)
    at = open_page(new_session(), SUBNETWORKS, section="compare", against="bare")
    assert "mine has the subnetworks soup, room, residual, but bare has soup, room" in at.error[0].value.replace(
        "\\", "")


def test_scores_stand_side_by_side_where_both_have_them(mine: Path, other: Path) -> None:
    def report(score: float) -> str:
        return json.dumps({"dev": {"n": 9, "split": "dev", "data_hash": str(score), "label": {"macro_f1": score},
                                   "concepts": {name: {"macro_f1": score} for name in ("soup", "room")},
                                   "specificity": [[score, 0.5], [0.5, score]]}})

    (other / METRICS_FILE).write_text(report(0.61), encoding="utf-8")
    alone = table(opened(against="seed-1"), "mine", "seed-1").set_index("")
    assert "label macro F1, percent" not in alone.index, "only one of them came with scores"
    copy = Path(shutil.copytree(mine, mine.parent / "named" / "mine"))
    (copy / METRICS_FILE).write_text(report(0.72), encoding="utf-8")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv(CHECKPOINT_VARIABLE, str(copy))
        patch.setenv(OTHERS_VARIABLE, str(mine.parent))
        at = opened(against="seed-1")
        rows = table(at, "mine", "seed-1").set_index("")
    assert rows.loc["label macro F1, percent"].tolist() == ["72.0", "61.0"]
    assert rows.loc["least lead of a concept's own subnetwork, points"].tolist() == ["22.0 (soup)", "11.0 (soup)"]
    assert at.warning, "their scores are of different reviews"


def test_a_named_folder_that_is_none_is_reported(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(OTHERS_VARIABLE, str(tmp_path / "nowhere"))
    assert str(tmp_path / "nowhere") in said(opened())


@pytest.mark.parametrize("mine", [{"schema": HOSTILE}], indirect=True)
def test_hostile_names_are_text_everywhere(mine: Path) -> None:
    """Names of concepts and of folders."""
    name = "=cmd() <img src=x> $y$ **z**"
    shutil.copytree(mine, mine.parent / name)
    at = opened(against=name)
    pictures = json.dumps(charts(at))
    assert "<img" not in pictures and "&lt;img" in pictures
    assert not any(re.search(r"(?<!\\)(<img|:red|\$y|\*\*z)", line.value) for line in at.markdown)
    rows = list(csv.DictReader(io.StringIO(comparison_csv(load_explainer().compare(mine.parent / name)))))
    assert {row["against"] for row in rows} == {MARK + name} and rows[0]["first"].startswith("<b>soup")


def test_the_file_has_every_pair_of_the_two(other: Path) -> None:
    found = load_explainer().compare(other)
    rows = list(csv.DictReader(io.StringIO(comparison_csv(found))))
    total = [row for row in rows if row["part"] == "total"]
    assert [(row["first"], row["second"]) for row in total] == [
        (one, two) for one in found.passes for two in found.passes]
    both = found.between(found.across.total.both)[0]
    assert [int(row["both keep"]) for row in total] == both.flatten().tolist()
    assert [int(row["first keeps"]) for row in total[::3]] == found.overlaps[0].total.kept[0].tolist()
