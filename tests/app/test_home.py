"""Home: what is loaded, how good it is, where it fails, and the way to Explain."""

import json
import shutil
from pathlib import Path
from urllib.parse import unquote_plus

import pytest

from sparsecbm.data.samples import load_samples
from sparsecbm.model.checkpoint import METRICS_FILE
from sparsecbm.service import Explainer
from sparsecbm.ui.loaded_model import CHECKPOINT_VARIABLE, load_explainer
from tests.app.screen import bars, fine, open_home, press, submit


@pytest.fixture(scope="module")
def explainer() -> Explainer:
    return load_explainer()


def test_it_names_the_checkpoint_and_says_what_the_words_mean(explainer: Explainer) -> None:
    at = fine(open_home())
    assert any(explainer.checkpoint.hash[:12] in line.value for line in at.markdown)
    assert any("**concept**" in line.value and "**subnetwork**" in line.value for line in at.markdown)


def test_the_numbers_are_those_of_the_checkpoint(explainer: Explainer) -> None:
    at = fine(open_home())
    table, label = at.table[0].value, explainer.checkpoint.metrics["dev"]["label"]
    own, majority = table.iloc[0], table.iloc[-1]
    low, high = label["ci95"]["accuracy"]
    assert own["Label accuracy"] == f"{100 * label['accuracy']:.1f} % ({100 * low:.1f} to {100 * high:.1f})"
    assert own["Texts"] == f"{explainer.checkpoint.metrics['dev']['n']:,}"
    assert majority["Label accuracy"] == f"{100 * label['majority']['accuracy']:.1f} %"


def test_the_failures_are_the_models_own_and_teach_three_things(explainer: Explainer) -> None:
    at = fine(open_home())
    links = [link.proto for link in at.get("page_link") if "Explain this one" in link.proto.label]
    samples = {sample.text: sample for sample in load_samples(explainer.schema)}
    assert len(links) == 3
    for place, link in enumerate(links):
        text = dict(part.split("=", 1) for part in link.query_string.split("&"))["text"]
        sample = samples[unquote_plus(text)]
        prediction = explainer.predict(sample.text)
        misread = {concept: tuple(float(value == gold) for value in explainer.schema.values)
                   for concept, gold in sample.concepts.items() if prediction.value(concept) != gold}
        assert prediction.label != sample.label and len(misread) == (place == 0)
        corrected = explainer.override(prediction, misread).after.label
        without = explainer.without_residual(prediction).label
        assert [corrected == sample.label, without == sample.label, without != sample.label][place]


def test_a_typed_review_opens_on_the_explain_page(explainer: Explainer) -> None:
    at = fine(submit(open_home(), "The soup was cold.", box="home:box"))
    assert at.text_area(key="explain:box").value == "The soup was cold."
    assert bars(at, "Before")


def test_a_blank_review_stays_here_with_a_hint() -> None:
    at = fine(press(open_home(), "Explain"))
    assert "type at least one word" in at.warning[0].value


def test_a_checkpoint_without_numbers_says_how_to_get_them(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    bare = tmp_path / "bare"
    shutil.copytree(load_explainer().checkpoint.path, bare)
    (bare / METRICS_FILE).write_text(json.dumps({}), encoding="utf-8")
    monkeypatch.setenv(CHECKPOINT_VARIABLE, str(bare))
    at = fine(open_home())
    assert not at.table and any("sparsecbm evaluate" in info.value for info in at.info)
