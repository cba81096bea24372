"""`overlap --against`, on a tiny trained model: another checkpoint's masks, or its own pruned further."""

import json
import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from safetensors.torch import load_file, save_file

from sparsecbm.__main__ import main
from sparsecbm.model.checkpoint import MASKS_FILE, METRICS_FILE, load_checkpoint
from tests.helpers import saved_checkpoint

CONCEPTS = ["food", "ambiance", "service", "noise"]


@pytest.fixture
def base(tiny_checkpoint: Path) -> list[str]:
    return ["overlap", "--checkpoint", str(tiny_checkpoint), "--device", "cpu"]


@pytest.fixture
def rotated(tiny_checkpoint: Path, tmp_path: Path) -> Path:
    """The same checkpoint, but every concept has the mask that the next one has; the residual keeps its own."""
    folder = Path(shutil.copytree(tiny_checkpoint, tmp_path / "rotated"))
    bits = load_file(folder / MASKS_FILE)
    save_file({name: one[[1, 2, 3, 0, 4]].contiguous() for name, one in bits.items()}, folder / MASKS_FILE)
    return folder


def test_another_checkpoint_is_compared(measure: Any, rotated: Path, tiny_checkpoint: Path) -> None:
    report = measure("--against", str(rotated))
    found, masks = report["against"], load_checkpoint(tiny_checkpoint, "cpu").masks
    assert masks is not None and set(report) >= {"jaccard", "layers", "residual"}, "what it says without --against"
    assert (found["name"], found["sparsity"], found["identical"]) == ("rotated", None, False)
    assert found["checkpoint"] == load_checkpoint(rotated, "cpu").hash != report["checkpoint"]
    np.testing.assert_allclose(found["jaccard"], masks.jaccard()[:4, [1, 2, 3, 0]])
    assert [found["own"][concept]["rival"] for concept in CONCEPTS] == ["noise", "food", "ambiance", "service"]
    assert [found["own"][concept]["best"] for concept in CONCEPTS] == [1] * 4
    assert found["passes"]["residual"]["jaccard"] == found["passes"]["residual"]["contained"] == 1
    assert found["first"]["density"] == masks.density() and found["first"]["mean_overlap"] == pytest.approx(
        masks.jaccard()[:4, :4][np.triu_indices(4, 1)].mean())


def test_the_json_is_as_the_help_says(measure: Any, rotated: Path, capsys: Any) -> None:
    """Every key stands in the help."""
    found = measure("--against", str(rotated))["against"]
    with pytest.raises(SystemExit):
        main(["overlap", "--help"])
    words = set(capsys.readouterr().out.replace(",", " ").replace("(", " ").replace(")", " ").replace(";", " ")
                .replace(".", " ").split())
    keys = {*found, *found["first"], *found["whole"]["food"], *found["passes"]["food"]} - {"concepts"}
    assert keys - words == set()


def test_its_own_masks_are_pruned_further(measure: Any) -> None:
    found = measure("--against", "90%")["against"]
    assert found["sparsity"] == 0.9 and all(share <= 0.1 for share in found["second"]["density"].values())
    for concept in CONCEPTS:
        kept = found["second"]["density"][concept] / found["first"]["density"][concept]
        assert found["whole"][concept]["same"] == pytest.approx(kept), "what stays was there before"
        assert found["passes"][concept]["jaccard"] == pytest.approx(kept)


def test_the_text_form_says_it_in_words_and_tables(
    base: list[str], rotated: Path, tiny_checkpoint: Path, capsys: Any
) -> None:
    metrics = json.loads((tiny_checkpoint / METRICS_FILE).read_text(encoding="utf-8"))
    assert main([*base, "--against", str(rotated)]) == 0
    out, err = capsys.readouterr()
    assert err == "" and "Jaccard overlap of every two masks" in out
    for part in ("noise uses 100 % of food's own part, food itself 0 %", "rotated", "label macro F1, percent",
                 f"{100 * metrics['dev']['label']['macro_f1']:.1f}"):
        assert part in out, part
    assert main([*base, "--against", "90%"]) == 0
    assert "pruned by magnitude" in capsys.readouterr().out
    assert main([*base, "--against", base[2]]) == 0
    assert "bit for bit" in capsys.readouterr().out


@pytest.mark.parametrize(("against", "parts"), [
    ("/nowhere", ["'/nowhere'", "neither a folder", "90%"]),
    ("0.9", ["'0.9'", "such as 90%"]),
    ("10%", ["A sparsity of 10 % came", "above the present one"]),
])
def test_what_cannot_be_compared_is_refused(against: str, parts: list[str], base: list[str], capsys: Any) -> None:
    assert main([*base, "--json", "--against", against]) == 2
    out, err = capsys.readouterr()
    assert out == "" and err.count("\n") == 1
    assert [part for part in parts if part not in err] == []


def test_a_checkpoint_of_other_concepts_is_refused_by_both_names(
    base: list[str], tmp_path: Path, tiny_checkpoint: Path, capsys: Any
) -> None:
    other = saved_checkpoint(tmp_path / "other")
    assert main([*base, "--against", str(other)]) == 2
    err = capsys.readouterr().err
    assert f"{tiny_checkpoint.name} has the subnetworks food" in err and "but other has soup, room, residual" in err
