"""The Evaluation page: the checkpoint's own figures, and what to do where there are none."""

import json
from pathlib import Path
from typing import Any

import pytest
from streamlit.testing.v1 import AppTest

from sparsecbm.explainer import Explainer
from sparsecbm.model.checkpoint import METRICS_FILE
from sparsecbm.schema import CEBAB
from sparsecbm.ui.engine import CHECKPOINT_VARIABLE, load_explainer
from tests.app.screen import ROOT, fine, segment
from tests.figures.test_curves import found as some_curves
from tests.figures.test_evaluation import TRAINING, causal
from tests.helpers import saved_checkpoint

PAGE = "pages/6_Evaluation.py"
FIGURES = {"evaluation:scores", "evaluation:correction", "evaluation:words", "evaluation:training"}


def opened() -> AppTest:
    return AppTest.from_file(str(ROOT / PAGE), default_timeout=120).run()


def charts(at: AppTest) -> dict[str, dict[str, Any]]:
    """Every chart by its key."""
    return {chart.key: json.loads(chart.proto.spec) for chart in at.get("plotly_chart")}


@pytest.fixture
def bare(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """A checkpoint with which nothing was measured."""
    folder = saved_checkpoint(tmp_path / "bare", schema=CEBAB)
    monkeypatch.setenv(CHECKPOINT_VARIABLE, str(folder))
    return folder


def with_metrics(folder: Path, **metrics: Any) -> AppTest:
    (folder / METRICS_FILE).write_text(json.dumps(metrics))
    return opened()


def test_the_shipped_checkpoint_shows_what_was_measured_of_it() -> None:
    at, metrics = fine(opened()), load_explainer().checkpoint.metrics
    shown = charts(at)
    assert set(shown) >= FIGURES
    label = metrics["dev"]["label"]
    assert shown["evaluation:scores"]["data"][0]["x"][0] == pytest.approx(100 * label["macro_f1"])
    at = fine(segment(at, "evaluation:score").set_value("accuracy").run())
    assert charts(at)["evaluation:scores"]["data"][0]["x"][0] == pytest.approx(100 * label["accuracy"])
    assert any("correcting helps" in line.value for line in at.markdown)


def test_without_figures_it_says_how_to_get_them(bare: Path) -> None:
    at = fine(with_metrics(bare))
    assert not charts(at)
    commands = [code.value for code in at.code]
    for command in ("curve --save", "causal --save", "faithfulness --save"):
        assert any(command in line and str(bare) in line for line in commands), command


def test_curves_and_causal_effects_of_this_model_are_drawn(bare: Path) -> None:
    own = Explainer.load(bare, "cpu").checkpoint.hash
    training = TRAINING | {"split": "train", "rows": 3, "seconds": 60, "config": {"seed": 0}}
    at = fine(with_metrics(bare, training=training,
                           curves=some_curves().to_json() | {"checkpoint": own},
                           causal=causal(zero=0.1).to_json() | {"checkpoint": own}))
    assert set(charts(at)) == {"evaluation:curves", "evaluation:edits", "evaluation:causal", "evaluation:training"}
    assert any("clearly nearer than zero" in line.value for line in at.markdown)


def test_figures_of_another_model_are_refused(bare: Path) -> None:
    at = with_metrics(bare, curves=some_curves().to_json() | {"checkpoint": "a" * 64})
    assert not at.exception and "evaluation:curves" not in charts(at)
    assert any("aaaaaaaaaaaa" in error.value and "Measure them again" in error.value for error in at.error)


def test_damaged_figures_leave_the_other_panels_alone(bare: Path) -> None:
    own = Explainer.load(bare, "cpu").checkpoint.hash
    at = with_metrics(bare, curves={"checkpoint": own}, causal=causal(zero=0.1).to_json() | {"checkpoint": own})
    assert not at.exception and set(charts(at)) == {"evaluation:causal"}
    assert any("correction curves cannot be read" in error.value for error in at.error)
