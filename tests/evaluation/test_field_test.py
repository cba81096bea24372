"""The field test: leads by hand, who learns from what, and its JSON."""

import json
import shutil
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from sparsecbm.__main__ import main
from sparsecbm.errors import CheckpointError, ConfigError
from sparsecbm.evaluation.compute_field_test import Learned, Scored, field_test
from sparsecbm.evaluation.field_test import (
    BAG_OF_WORDS,
    BLACK_BOX,
    METRICS_KEY,
    MODEL,
    MOST_COMMON,
    FieldSource,
    FieldTest,
    Gain,
    compared,
)
from sparsecbm.evaluation.figure_field_test import black_box_text, field_dots, field_text, gain_dots, gain_text
from sparsecbm.model.checkpoint import METRICS_FILE
from sparsecbm.types import LABEL_TARGET
from tests.helpers import TOY, tiny_checkpoint_of, toy_reviews, toy_split

GOLD, OWN, OTHER = (np.array(answers) for answers in ([0, 0, 0, 1] * 25, [0, 0, 0, 1] * 25, [0, 0, 0, 0] * 25))


def test_leads_are_of_the_same_rows() -> None:
    """Always 0 is right in 75 % with F1 (2 * 75 / 175 + 0) / 2 = 3/7; the other way round the leads change sign."""
    found = compared(GOLD, {MODEL: OWN, MOST_COMMON: OTHER}, 3)
    lead = found.answers[MOST_COMMON].lead
    assert found.n == 100 and found.answers[MODEL].lead is None and lead is not None
    assert found.answers[MOST_COMMON].macro_f1 == pytest.approx(3 / 7)
    assert lead["accuracy"].mean == pytest.approx(0.25) and lead["macro_f1"].mean == pytest.approx(4 / 7)
    for one in lead.values():
        assert 0 < one.ci95[0] < one.mean < one.ci95[1] < 1
    back = compared(GOLD, {MODEL: OTHER, MOST_COMMON: OWN}, 3).answers[MOST_COMMON].lead
    low, high = lead["macro_f1"].ci95
    assert back is not None and back["macro_f1"].ci95 == pytest.approx((-high, -low), abs=0.02)
    same = compared(GOLD, {MODEL: OTHER, MOST_COMMON: OTHER}, 3).answers[MOST_COMMON].lead
    assert same is not None and same["accuracy"].ci95[0] < 0 < same["accuracy"].ci95[1], "an interval has a width"


def test_everybody_answers_what_the_source_tells_of(tmp_path: Path) -> None:
    """The bag of words learns what is said of the soup; a source without labels has concepts only and no gain."""
    checkpoint, box = tiny_checkpoint_of(tmp_path / "own"), tiny_checkpoint_of(tmp_path / "box", kind="black_box")
    split = toy_split(2)
    bare = toy_split(name="dev", reviews=[replace(review, label=-1) for review in toy_reviews(1)])
    found = field_test(checkpoint, [Scored("toy/train", split, True), Scored("other/dev", bare, False)],
                       [Learned("toy/train", split)], box)
    home, away = found.sources.values()
    assert list(home.subjects) == [LABEL_TARGET, *split.schema.concepts] and LABEL_TARGET not in away.subjects
    assert list(home.subjects[LABEL_TARGET].answers) == [MODEL, MOST_COMMON, BAG_OF_WORDS, BLACK_BOX]
    assert list(home.subjects["soup"].answers) == [MODEL, MOST_COMMON, BAG_OF_WORDS]
    assert home.subjects["soup"].answers[BAG_OF_WORDS].accuracy > 0.9
    assert away.gain is None and (home.in_domain, away.in_domain) == (True, False)
    assert FieldTest.from_json(json.loads(json.dumps(found.to_json()))) == found
    with pytest.raises(CheckpointError, match="sources"):
        FieldTest.from_json(found.to_json() | {"sources": {"toy/train": {"n": "many"}}})
    with pytest.raises(ConfigError, match="black_box"):
        field_test(checkpoint, [Scored("toy/train", split, True)], [], checkpoint)


def by_hand(concept: str) -> FieldSource:
    """A source whose label is right in 100 % and whose concept is right in 75 %; the most common answer the reverse."""
    label, other = (compared(GOLD, {MODEL: one, MOST_COMMON: common, BLACK_BOX: OTHER}, 3)
                    for one, common in ((OWN, OTHER), (OTHER, OWN)))
    return FieldSource(False, 100, "data", {LABEL_TARGET: label, concept: other}, Gain(0.5, 0.1, (0.05, 0.15), 40))


def test_it_is_said_and_drawn_by_source() -> None:
    source = by_hand("soup")
    said = field_text(source, TOY).lower()
    assert said.index(TOY.label_title) < said.index("more often") < said.index("soup") < said.index("less often")
    assert "+25.0" in black_box_text(source, TOY)
    points = field_dots(source, "accuracy", TOY)
    assert [(dot.row, dot.series, round(dot.value)) for dot in points[:2]] == [
        (TOY.label_title, MODEL, 100), (TOY.label_title, MOST_COMMON, 75)]
    found = FieldTest("hash", (), 0, {"far/dev": source})
    assert "+10.0" in gain_text(found, TOY) and [dot.value for dot in gain_dots(found)] == pytest.approx([50, 60])
    assert gain_dots(found)[1].interval == pytest.approx((55, 65))


def test_from_the_command_line_to_the_metrics(
    tiny_checkpoint: Path, tiny_data: Path, tmp_path: Path, capsys: Any
) -> None:
    folder = shutil.copytree(tiny_checkpoint, tmp_path / "model")
    dev, learned = (f"cebab:{tiny_data}:{split}" for split in ("dev", "train_exclusive"))
    assert main(["field-test", "--checkpoint", str(folder), "--data", dev, "--learned-from", f"{learned}=0.5", "--json",
                 "--save", "--device", "cpu"]) == 0
    report = json.loads(capsys.readouterr().out)
    stored = json.loads((folder / METRICS_FILE).read_text(encoding="utf-8"))[METRICS_KEY]
    assert stored == report and report["sources"]["cebab/dev"]["in_domain"]
    assert set(report["sources"]["cebab/dev"]["subjects"]["food"]["answers"]) == {MODEL, MOST_COMMON, BAG_OF_WORDS}
