"""The Evaluation page: the checkpoint's own figures, and what to do where there are none."""

import json
import re
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from streamlit.testing.v1 import AppTest

from sparsecbm.data.catalogue import DATA_VARIABLE
from sparsecbm.data.cebab import load_pairs
from sparsecbm.data.samples import sample_split
from sparsecbm.evaluation.correction import correction_gain
from sparsecbm.evaluation.field_test import FieldTest
from sparsecbm.figures.text import signed
from sparsecbm.impact.impact import Outcome
from sparsecbm.model.checkpoint import METRICS_FILE, save_checkpoint
from sparsecbm.schema import CEBAB
from sparsecbm.service import Explainer
from sparsecbm.shipped import DEFAULT_CHECKPOINT
from sparsecbm.subnetworks.panel_selection import OTHERS_VARIABLE
from sparsecbm.ui.loaded_model import CHECKPOINT_VARIABLE, load_explainer
from tests.app.screen import ROOT, address, blocks, cell_views, fine, press, section, segment
from tests.data.releases import write
from tests.data.test_counterfactuals import family
from tests.evaluation.reports import TRAINING, causal
from tests.evaluation.test_field_test import by_hand
from tests.evaluation.test_figure_curves import a_curve
from tests.evaluation.test_figure_curves import found as some_curves
from tests.helpers import random_masks, saved_checkpoint, tiny_encoder, tiny_model

PAGE = "pages/6_Evaluation.py"


def opened(**parts: str) -> AppTest:
    at = AppTest.from_file(str(ROOT / PAGE), default_timeout=120)
    for name, part in parts.items():
        at.query_params[name] = part
    return at.run()


def charts(at: AppTest) -> dict[str, dict[str, Any]]:
    """Every chart by its key."""
    return {chart.key: json.loads(chart.proto.spec) for chart in at.get("plotly_chart")}


def said(at: AppTest) -> str:
    """All that is written on the page, without the backslashes of escaped text."""
    return "\n".join([*(one.value for one in at.markdown), *blocks(at)]).replace("\\", "")


@pytest.fixture
def bare(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """A checkpoint with which nothing was measured."""
    folder = saved_checkpoint(tmp_path / "bare", schema=CEBAB)
    monkeypatch.setenv(CHECKPOINT_VARIABLE, str(folder))
    return folder


def with_metrics(folder: Path, section: str, **metrics: Any) -> AppTest:
    (folder / METRICS_FILE).write_text(json.dumps(metrics), encoding="utf-8")
    return opened(section=section)


def test_the_shipped_checkpoint_shows_what_was_measured_of_it() -> None:
    at, report = fine(opened()), load_explainer().checkpoint.metrics["dev"]
    shown = charts(at)
    assert set(shown) == {"evaluation:scores", "evaluation:reliability"}
    (carried,) = cell_views(at).values()
    right = report["specificity"]
    assert carried["printed"] == [[f"{100 * share:.1f}" for share in row] for row in right]
    assert carried["chosen"] == [[k, k] for k in range(4)] and not carried["pressable"]
    assert shown["evaluation:scores"]["data"][0]["x"][0] == pytest.approx(100 * report["label"]["macro_f1"])
    assert f"{100 * report['label']['ece']:.1f} points" in said(at)
    at = fine(segment(at, "evaluation:score").set_value("accuracy").run())
    assert charts(at)["evaluation:scores"]["data"][0]["x"][0] == pytest.approx(100 * report["label"]["accuracy"])
    at = fine(segment(at, "evaluation:sure").set_value("noise").run())
    bars = next(trace for trace in charts(at)["evaluation:reliability"]["data"] if trace["type"] == "bar")
    assert bars["y"] == [one["n"] for one in report["concepts"]["noise"]["reliability"]] and sum(bars["y"]) == 1673
    at = section(at, "correction")
    assert set(charts(at)) >= {"evaluation:correction", "evaluation:residual", "evaluation:curves"}
    gain = correction_gain(report)
    assert gain is not None and gain.interval is not None and address(at) == {"section": ["correction"]}
    for number in (gain.change, *gain.interval):
        assert signed(100 * number, 1) in said(at)
    at = section(at, "records")
    assert set(charts(at)) == {"evaluation:words", "evaluation:training"}
    assert "evaluation:training:table" in at.session_state


def test_without_figures_it_says_how_to_get_them(bare: Path) -> None:
    (bare / METRICS_FILE).write_text("{}", encoding="utf-8")
    for name, commands in {"scores": ["evaluate --save"], "field": ["field-test --save"],
                           "correction": ["evaluate --save", "curve --save"], "rewriting": ["causal --save"],
                           "records": ["faithfulness --save"]}.items():
        at = fine(opened(section=name))
        assert not charts(at)
        for command in commands:
            assert any(command in code.value and str(bare) in code.value for code in at.code), command


def test_the_field_test_shows_each_source_and_what_correcting_is_worth(bare: Path) -> None:
    checkpoint = Explainer.load(bare, "cpu").checkpoint.hash
    report = FieldTest(checkpoint, ("home/train",), 0, {"home/dev": replace(by_hand("food"), in_domain=True),
                                                        "far/dev": by_hand("noise")})
    at = fine(with_metrics(bare, "field", field_test=report.to_json()))
    assert set(charts(at)) == {"evaluation:field", "evaluation:field-gain"} and "food" in said(at)
    at = fine(segment(at, "evaluation:tested").set_value("far/dev").run())
    assert address(at)["tested"] == ["far/dev"] and "noise: right less often" in said(at)
    at = with_metrics(bare, "field", field_test=report.to_json() | {"checkpoint": "other"})
    assert at.error and not charts(at)


def test_figures_from_before_reliability_was_kept_say_how_to_add_it(bare: Path) -> None:
    report = json.loads((DEFAULT_CHECKPOINT / METRICS_FILE).read_text(encoding="utf-8"))["dev"]
    del report["residual_by"]
    for part in (report["label"], *report["concepts"].values()):
        del part["reliability"]
    at = fine(with_metrics(bare, "scores", dev=report))
    assert "evaluation:scores" in charts(at) and "evaluation:reliability" not in charts(at)
    assert any("evaluate --save" in code.value for code in at.code)
    at = section(at, "correction")
    assert "evaluation:correction" in charts(at) and "evaluation:residual" not in charts(at)


def test_curves_and_causal_effects_of_this_model_are_drawn(bare: Path) -> None:
    own = Explainer.load(bare, "cpu").checkpoint.hash
    training = TRAINING | {"split": "train", "rows": 3, "config": {"seed": 0}}
    at = fine(with_metrics(bare, "correction", training=training,
                           curves={"cebab/dev": some_curves().to_json() | {"checkpoint": own}},
                           causal=causal(zero=0.1).to_json() | {"checkpoint": own}))
    assert set(charts(at)) == {"evaluation:curves", "evaluation:edits"}
    at = section(at, "rewriting")
    assert set(charts(at)) == {"evaluation:causal"} and "nearer" in said(at)
    assert set(charts(section(at, "records"))) == {"evaluation:training"}


def test_curves_of_several_sources_are_shown_one_at_a_time(bare: Path) -> None:
    own = {"checkpoint": Explainer.load(bare, "cpu").checkpoint.hash}
    first, other = (some_curves(ectp=a_curve(start, 0.2)).to_json() | own for start in (0.3, 0.45))
    at = fine(with_metrics(bare, "correction", curves={"cebab/dev": first, "yelp/dev": other}))
    assert "30.0 %" in said(at) and "45.0 %" not in said(at)
    at.segmented_control(key="evaluation:curves-source").set_value("yelp/dev").run()
    assert "45.0 %" in said(fine(at)) and at.query_params["tested"] == "yelp/dev"


@pytest.mark.parametrize("damaged", [False, True], ids=["of another model", "damaged"])
def test_unusable_figures_are_refused_and_leave_the_others_alone(bare: Path, damaged: bool) -> None:
    report = json.loads((DEFAULT_CHECKPOINT / METRICS_FILE).read_text(encoding="utf-8"))["dev"]
    curves = {"checkpoint": Explainer.load(bare, "cpu").checkpoint.hash} if damaged else \
        some_curves().to_json() | {"checkpoint": "a" * 64}
    at = with_metrics(bare, "correction", dev=report, curves={"cebab/dev": curves})
    assert not at.exception and set(charts(at)) == {"evaluation:correction", "evaluation:residual"}
    assert len(at.error) == 1, "said once"
    expected = ["correction curves cannot be read"] if damaged else ["aaaaaaaaaaaa", "Measure them again"]
    assert all(part in at.error[0].value for part in expected)


def test_a_real_rewriting_stands_next_to_what_was_predicted(
    bare: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert "rewriting" in said(fine(opened(section="rewriting")))
    rows = family()
    rows[1]["description"] = "The soup was <b>bland</b>."
    folder = write(tmp_path, "dev", rows)
    monkeypatch.setenv(DATA_VARIABLE, str(folder))
    at = fine(opened(section="rewriting", concept="food", change="Positive-to-Negative"))
    pairs = load_pairs(folder, "dev")
    effects = Explainer.load(bare, "cpu").pair_effects(pairs)
    number = next(k for k in range(len(pairs)) if (pairs.base[k], pairs.counterfactual[k]) == (0, 1))
    did, predicted = charts(at)["evaluation:pair"]["data"]
    assert did["x"] == pytest.approx(list(100 * effects.actual[number]))
    assert predicted["x"] == pytest.approx(list(100 * effects.predicted[number]))
    text = said(at)
    assert "**1 of 1** pairs" in text and "as **Positive** before and **Negative** after" in text
    assert "&lt;b&gt;" in text and "<b>" not in text and re.search("<ins[^>]*>[^<]*bland", text)
    assert f"{effects.errors['l2'][number]:.3f}" in text
    at = fine(press(at, "evaluation:pairs:revise"))
    assert len(charts(at)["evaluation:pair"]["data"]) == 3
    at = fine(at.selectbox(key="evaluation:pairs:change").set_value("").run())
    food = np.flatnonzero(pairs.concept == 0)
    order = food[np.argsort(-effects.errors["l2"][food], kind="stable")]
    assert "**1 of 6** pairs" in said(at) and len(charts(at)["evaluation:pair"]["data"]) == 2
    at = fine(press(at, "Next"))
    assert "**2 of 6** pairs" in said(at) and address(at)["pair"] == [str(order[1] + 1)]
    assert charts(at)["evaluation:pair"]["data"][0]["x"] == pytest.approx(list(100 * effects.actual[order[1]]))


@pytest.mark.usefixtures("bare")
def test_without_rewritten_reviews_it_says_where_to_get_them(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(DATA_VARIABLE, raising=False)
    at = fine(opened(section="rewriting"))
    assert any(DATA_VARIABLE in info.value and "dev.json" in info.value for info in at.info)


@pytest.fixture
def another(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A model of the same concepts with other weights."""
    model = tiny_model(schema=CEBAB, seed=5)
    save_checkpoint(tmp_path / "others" / "another", model, tiny_encoder(), random_masks(model))
    saved_checkpoint(tmp_path / "others" / "of-soups")
    monkeypatch.setenv(OTHERS_VARIABLE, str(tmp_path / "others"))
    return tmp_path / "others" / "another"


def test_the_impact_of_another_model_is_counted_and_listed(bare: Path, another: Path) -> None:
    at = fine(opened(section="other"))
    at = fine(at.selectbox(key="evaluation:against").set_value("another").run())
    assert any("bare and another" in info.value.replace("\\", "") for info in at.info)
    at = fine(press(at, "evaluation:other:do"))
    split = sample_split(CEBAB)
    one, two = (Explainer.load(folder, "cpu").predict_texts(split.texts).labels for folder in (bare, another))
    truth = split.labels
    changes = {Outcome.FIXED: (one != truth) & (two == truth), Outcome.BROKEN: (one == truth) & (two != truth),
               Outcome.MOVED: (one != truth) & (two != truth) & (one != two)}
    assert sum(rows.sum() for rows in changes.values()) == (one != two).sum()
    for outcome, rows in changes.items():
        if rows.any():
            pills = next(box for box in at.get("pills") if box.key == "evaluation:changed:outcomes:label")
            at = fine(pills.set_value([outcome.value]).run())
            table = next(frame.value for frame in at.dataframe if "by another" in frame.value)
            assert table["text"].tolist() == [split.texts[row] for row in np.flatnonzero(rows)]
    assert f"Of {len(split)} reviews" in said(at) and address(at)["against"] == ["another"]


@pytest.mark.usefixtures("bare", "another")
def test_a_model_of_other_concepts_is_refused() -> None:
    at = opened(section="other", against="of-soups")
    assert not at.exception and "allowed: a checkpoint with the same" in at.error[0].value.replace("\\", "")
