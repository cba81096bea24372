"""What a corrected checkpoint changes, counted by hand, and its adoption as a version."""

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from sparsecbm.__main__ import main
from sparsecbm.corrections import compute_adopt
from sparsecbm.corrections.compute_adopt import adopt
from sparsecbm.corrections.compute_learning_impact import learning_impact
from sparsecbm.corrections.correction_split import correction_split, deal
from sparsecbm.corrections.label_correction import Kept
from sparsecbm.data.split import Split
from sparsecbm.errors import DataError, InputError
from sparsecbm.impact.impact import Outcome
from sparsecbm.model.checkpoint import Checkpoint, load_checkpoint, save_checkpoint, write_notes
from sparsecbm.schema import CEBAB
from sparsecbm.ui.offered import offered
from tests.corrections.learning import correction_file, text_of
from tests.corrections.toys import a_correction
from tests.helpers import TOY, tiny_checkpoint_of, tiny_encoder, tiny_model, toy_split


def always(folder: Path, soup: int, label: int, kind: str = "dense") -> Checkpoint:
    """A model that gives every text this value of the soup, and this label."""
    model = tiny_model(kind=kind, residual=True)
    with torch.no_grad():
        model.concept_weight.zero_()
        model.concept_bias.zero_()
        model.concept_bias[0, soup] = 9
        for name in ("label_weight", "residual_weight", "residual_bias", "label_bias"):
            getattr(model, name).zero_()
        model.label_bias[label] = 9
    save_checkpoint(folder, model, tiny_encoder(), None)
    return load_checkpoint(folder, "cpu")


def corrections(split: Split, rows: range) -> list[Kept]:
    """Ada says of these rows that the soup is Positive."""
    return [Kept(a_correction(number, "Positive", text=split.texts[row])) for number, row in enumerate(rows)]


def test_fixed_broken_and_unchanged_are_counted_by_subject_and_source(tmp_path: Path) -> None:
    """Of 18 rows, soups 0, 1, 2 six each; one is corrected: 'good' for all in place of 'bad', soup 2 in place of 0."""
    split = toy_split()
    before, after = always(tmp_path / "old", soup=0, label=0), always(tmp_path / "new", soup=2, label=2)
    found = learning_impact(before, after, correction_split(corrections(split, range(1)), TOY, "x"), {"toy/dev": split})
    assert set(found.impacts) == {"corrections/held-out", "toy/dev"}  # neither says what it learned from
    only = found.summary()["sources"]["corrections/held-out"]["subjects"]
    assert set(only) == {"soup"} and (only["soup"]["fixed"], only["soup"]["n"]) == (1, 1)
    made = found.to_json()["sources"]["toy/dev"]
    labels, soups = split.labels[1:], split.concepts[1:, 0]  # row 0 is corrected, so it stands above
    assert made["n"] == 17 and split.texts[0] not in str(made)
    for name, truth in (("label", labels), ("soup", soups)):
        one, right, wrong = made["subjects"][name], int((truth == 2).sum()), int((truth == 0).sum())
        assert (one["fixed"], one["broken"], one["unchanged"]) == (right, wrong, 17 - right - wrong)
        assert (one["before"], one["after"]) == pytest.approx((wrong / 17, right / 17))
        assert one["interval"][0] <= one["change"] <= one["interval"][1]
    texts = [split.texts[1:][row] for row in np.flatnonzero(soups == 0)]
    assert [one["text"] for one in made["subjects"]["soup"]["broken_texts"]] == texts
    assert made["subjects"]["soup"]["broken_texts"][0]["before"] == "Negative" == \
        made["subjects"]["soup"]["broken_texts"][0]["truth"]
    assert [case.after for case, _ in found.cases("toy/dev", "label", Outcome.FIXED)] == ["good"] * int(
        (labels == 2).sum())
    room = made["subjects"]["room"]
    assert (room["fixed"], room["broken"], room["unchanged"]) == (0, 0, 17)
    assert not [text for text in split.texts if text in json.dumps(found.summary())]


def test_learned_texts_are_told_from_held_out_ones(tmp_path: Path) -> None:
    split = toy_split()
    history = corrections(split, range(10))
    dealt = deal(history, TOY, "x", 0.3, 0)
    before, after = always(tmp_path / "old", 0, 0), always(tmp_path / "new", 2, 2)
    after.metrics["training"] = {"corrections": dealt.notes()}
    shares, all_ = list[float](), correction_split(history, TOY, "x")
    found = learning_impact(before, after, all_, {}, shares.append)
    assert dealt.held_out is not None
    assert found.splits["corrections/held-out"].texts == dealt.held_out.texts
    assert found.splits["corrections/learned"].texts == dealt.learned.texts
    assert shares == sorted(shares) and shares[-1] == pytest.approx(1)
    with pytest.raises(DataError, match="all 10"):
        learning_impact(before, after, all_, {"toy/dev": split.select(range(10), {}, "dev")})


def test_models_of_other_concepts_are_not_compared(tmp_path: Path) -> None:
    other = tiny_checkpoint_of(tmp_path / "other", schema=CEBAB)
    before = always(tmp_path / "old", 0, 0)
    with pytest.raises(InputError, match="different concepts"):
        learning_impact(before, other, correction_split(corrections(toy_split(), range(1)), TOY, "x"), {})


@pytest.fixture(scope="module")
def learned(tiny_checkpoint: Path, tiny_data: Path, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """A run that learned from corrections, and their file."""
    folder = tmp_path_factory.mktemp("learned")
    file = correction_file(folder / "c.jsonl", [(text_of(number), "food", "Positive", "Ada") for number in range(10)])
    assert main(["train", "--start", str(tiny_checkpoint), "--data", f"corrections:{file}", "--replay",
                 f"cebab:{tiny_data}:train_exclusive", "--output", str(folder / "run"), "--epochs-finetune", "1",
                 "--probe-rows", "0", "--precision", "float32", "--device", "cpu"]) == 0
    return folder / "run", file


@pytest.fixture
def run(learned: tuple[Path, Path], tmp_path: Path) -> Path:
    """A copy of the run, whose impact is not known yet, in a folder of checkpoints."""
    return Path(shutil.copytree(learned[0], tmp_path / "runs" / "run"))


@pytest.fixture
def measured(run: Path, learned: tuple[Path, Path], tiny_checkpoint: Path, tiny_data: Path, capsys: Any) -> Path:
    """The same, once its impact is saved."""
    assert main(["corrections", "impact", str(tiny_checkpoint), str(run), str(learned[1]), "--data",
                 f"cebab:{tiny_data}:dev", "--save", "--json", "--device", "cpu"]) == 0
    capsys.readouterr()
    return run


@pytest.mark.slow
def test_the_impact_is_shown_and_saved(
    run: Path, learned: tuple[Path, Path], tiny_checkpoint: Path, tiny_data: Path, capsys: Any
) -> None:
    command = ["corrections", "impact", str(tiny_checkpoint), str(run), str(learned[1]), "--data",
               f"cebab:{tiny_data}:dev", "--device", "cpu"]
    assert main([*command, "--json"]) == 0
    out, err = capsys.readouterr()
    found = json.loads(out)
    assert err == "" and "learning" not in json.loads((run / "metrics.json").read_text(encoding="utf-8"))
    assert {name: part["n"] for name, part in found["sources"].items()} == {
        "corrections/held-out": 2, "corrections/learned": 8, "cebab/dev": 6}
    before = load_checkpoint(run, "cpu")
    assert main([*command, "--save"]) == 0
    shown, after = capsys.readouterr().out, load_checkpoint(run, "cpu")
    assert "corrections/held-out, 2 texts" in shown and "cebab/dev, 6 texts" in shown and "rating" in shown
    assert after.hash == before.hash == found["after"] and text_of(0) not in str(after.metrics)
    assert after.metrics["learning"]["sources"].keys() == found["sources"].keys()
    assert "`corrections/held-out` | food | 2 |" in after.card


@pytest.mark.slow
def test_an_adopted_checkpoint_is_a_version_beside_its_parent(
    measured: Path, tiny_checkpoint: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: Any
) -> None:
    models = tmp_path / "models"
    parent = Path(shutil.copytree(tiny_checkpoint, models / "mine"))
    kept = {path.name: path.read_bytes() for path in parent.iterdir()}
    assert main(["corrections", "adopt", str(measured), "--into", str(models / "mine-2"), "--json"]) == 0
    said = json.loads(capsys.readouterr().out)
    before, after = (load_checkpoint(folder, "cpu") for folder in (parent, models / "mine-2"))
    assert (said["hash"], said["parent"], said["corrections"]) == (after.hash, before.hash, 10)
    assert after.metrics["version"] == {name: said[name] for name in ("parent", "corrections", "at")}
    assert after.metrics["training"]["before"]["hash"] == before.hash and "learning" in after.metrics
    assert "Backbone: `backbone0`" in after.card and "Backbone: `backbone0`" in before.card
    assert before.hash[:12] in after.card and "learned from 10 corrections" in after.card.splitlines()[4]
    assert (after.familiarity is None) == (load_checkpoint(measured, "cpu").familiarity is None)
    assert {path.name: path.read_bytes() for path in parent.iterdir()} == kept
    monkeypatch.setenv("SPARSECBM_CHECKPOINTS", str(models))
    there = {name: one.title for name, one in offered().items() if Path(one.source).parent == models}
    assert set(there) == {"mine", "mine-2"} and there["mine"] != there["mine-2"]


@pytest.mark.slow
def test_what_cannot_be_adopted_leaves_nothing(
    run: Path, measured: Path, tiny_checkpoint: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: Any
) -> None:
    def refused(source: Path, into: Path, part: str) -> None:
        assert main(["corrections", "adopt", str(source), "--into", str(into)]) == 2
        out, err = capsys.readouterr()
        assert out == "" and err.count("\n") == 1 and part in err
    models = tmp_path / "models"
    refused(measured, models / "new", "no folder that exists")
    models.mkdir()
    (models / "there").mkdir()
    refused(measured, models / "there", "there already")
    refused(tiny_checkpoint, models / "new", "did not learn from corrections")
    changed = Path(shutil.copytree(measured, tmp_path / "changed"))
    metrics = json.loads((changed / "metrics.json").read_text(encoding="utf-8"))
    for broken in ({**metrics, "learning": {**metrics["learning"], "after": "another"}},
                   {name: value for name, value in metrics.items() if name != "learning"}):
        (changed / "metrics.json").write_text(json.dumps(broken), encoding="utf-8")
        refused(changed, models / "new", "corrections impact")
    assert [path.name for path in models.iterdir()] == ["there"]

    def full(*_: Any) -> None:
        raise OSError(28, "No space left on device")
    monkeypatch.setattr(compute_adopt, "write_notes", full)
    refused(measured, models / "new", "free space")
    assert [path.name for path in models.iterdir()] == ["there"]


@pytest.mark.slow
def test_of_two_that_adopt_into_one_folder_one_is_told(measured: Path, tmp_path: Path, monkeypatch: Any) -> None:
    real: Callable[..., None] = write_notes

    def slow(*arguments: Any) -> None:
        monkeypatch.setattr(compute_adopt, "write_notes", real)
        adopt(measured, tmp_path / "new")  # the other one, meanwhile
        real(*arguments)
    monkeypatch.setattr(compute_adopt, "write_notes", slow)
    with pytest.raises(InputError, match="meanwhile"):
        adopt(measured, tmp_path / "new")
    assert load_checkpoint(tmp_path / "new", "cpu").metrics["version"]["corrections"] == 10
    assert not list(tmp_path.glob(".adopting-*"))
