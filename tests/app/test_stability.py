"""What repeats over seeds: from the command to the page and the card."""

import json
from pathlib import Path
from typing import Any

import pytest

from sparsecbm.__main__ import main
from sparsecbm.model.checkpoint import load_checkpoint, save_checkpoint, write_notes
from sparsecbm.schema import CEBAB
from sparsecbm.subnetworks.panel_stability import stability_csv
from sparsecbm.subnetworks.stability import METRICS_KEY, MaskStability
from sparsecbm.subnetworks.stability_text import stability_text
from sparsecbm.ui.loaded_model import CHECKPOINT_VARIABLE, load_explainer
from tests.app.screen import fine, open_tables, table
from tests.app.test_subnetworks import charts, open_subnetworks, said
from tests.helpers import structured_masks, tiny_encoder, tiny_model

PICTURES = {"subnetworks:stability", "subnetworks:stability:residual"}


@pytest.fixture
def seeds(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> list[Path]:
    """Three structured checkpoints of the shipped concepts; the first is loaded."""
    model, folders = tiny_model(schema=CEBAB, mask_kind="structured"), []
    for seed in range(3):
        folders.append(tmp_path / f"tiny-{seed}")
        save_checkpoint(folders[-1], model, tiny_encoder(), structured_masks(model, seed=seed), "float32")
        write_notes(folders[-1], {}, "")
    monkeypatch.setenv(CHECKPOINT_VARIABLE, str(folders[0]))
    return folders


def measured(seeds: list[Path], *options: str) -> int:
    return main(["overlap", "--checkpoint", str(seeds[0]), "--seeds", *map(str, seeds[1:]), *options])


def test_the_command_stores_what_the_page_shows(seeds: list[Path], capsys: Any) -> None:
    at = fine(open_subnetworks())
    assert not PICTURES & set(charts(at)) and "not measured" in said(at)
    assert measured(seeds, "--json", "--save") == 0
    printed = json.loads(capsys.readouterr().out)[METRICS_KEY]
    stored = load_checkpoint(seeds[0], "cpu").metrics
    assert stored == {METRICS_KEY: printed}
    assert [run["name"] for run in printed["runs"]] == ["tiny-0", "tiny-1", "tiny-2"]
    at = fine(open_subnetworks())
    stability = MaskStability.from_json(printed)
    assert stability_text(stability).split(":")[0] in said(at) and "not measured" not in said(at)
    drawn = charts(at)
    assert set(drawn) >= PICTURES
    pairs = drawn["subnetworks:stability"]["data"]
    assert [len(series["x"]) for series in pairs] == [6, 6], "each pair, and by chance"
    assert all(chart.proto.alt for chart in at.get("plotly_chart"))
    shown = table(open_tables(at), "first", "least", "most")
    assert shown["most"].tolist() == [round(pair["max"], 4) for pair in printed["pairs"][:6]]
    assert len(stability_csv(load_explainer(), stability).splitlines()) == 1 + 10


def test_the_text_form_and_a_wrong_request(seeds: list[Path], capsys: Any) -> None:
    assert measured(seeds) == 0
    out = capsys.readouterr().out
    assert all(part in out for part in ("tiny-0, tiny-1, tiny-2", "rank correlation", "heads", "neurons", "residual"))
    assert not load_checkpoint(seeds[0], "cpu").metrics, "nothing is stored that nobody asked to store"
    assert measured([seeds[0], seeds[0]]) == 2
    assert "same model" in capsys.readouterr().err
