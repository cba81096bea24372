"""The picture of the network on the Subnetworks page: what is drawn, and what a press on a cell opens."""

import csv
import json
import re
from pathlib import Path
from typing import Any

import pytest
import torch
from streamlit.testing.v1 import AppTest

from sparsecbm.deck.figure import check_figure
from sparsecbm.model.checkpoint import save_checkpoint
from sparsecbm.model.masks import ConceptMasks
from sparsecbm.schema import CEBAB, SENTIMENT, ConceptSchema
from sparsecbm.service import Explainer
from sparsecbm.subnetworks.knockout import KnockOut
from sparsecbm.subnetworks.panel_network_cell import SCORE
from sparsecbm.subnetworks.panel_network_picture import network_csv
from sparsecbm.types import Target
from sparsecbm.ui.loaded_model import CHECKPOINT_VARIABLE, load_explainer
from tests.app.screen import _trigger, _views, address, fine, pages, press, table
from tests.app.test_deck import pinned
from tests.app.test_subnetworks import HOSTILE, REVIEW, charts, open_subnetworks, said
from tests.helpers import saved_checkpoint, structured_masks, tiny_encoder, tiny_model

PRESSED = "subnetworks:cell"
ALONE = ConceptSchema("alone", ("soup",), SENTIMENT, ("bad", "good"), "verdict", ("Bad", "Good"), ("The soup.",))


@pytest.fixture
def structured(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, request: pytest.FixtureRequest) -> Path:
    """A checkpoint whose passes keep whole heads and neurons; the parameter changes its settings."""
    model = tiny_model(**{"schema": CEBAB, "mask_kind": "structured"} | getattr(request, "param", {}))
    save_checkpoint(tmp_path / "structured", model, tiny_encoder(), structured_masks(model))
    monkeypatch.setenv(CHECKPOINT_VARIABLE, str(tmp_path / "structured"))
    return tmp_path / "structured"


def picture(at: AppTest) -> dict[str, Any]:
    """What the picture was given to draw."""
    (page,) = pages(at, "panel_network_picture", "chosen").values()
    return page


def press_part(at: AppTest, *place: Any) -> AppTest:
    """Press a cell, as the browser sends it."""
    return fine(_trigger(at, _views(at, "panel_network_picture")[0], "pressed", list(place)))


@pytest.mark.usefixtures("structured")
def test_structured_masks_are_drawn_first_and_whole() -> None:
    at = fine(open_subnetworks())
    found = picture(at)
    assert [row["name"] for row in found["rows"]] == ["layer 1", "layer 0"]
    cells = {tuple(cell["place"]): cell for row in found["rows"] for cell in row["cells"]}
    assert sum(cell["width"] for cell in cells.values()) == 2 * (2 + 32)
    wanted = load_explainer().layer_overlap(1).heads.kept[0, :4] > 0
    assert cells[1, "head", 0]["users"] == [k for k in range(4) if wanted[k]]
    lines = [line.value for line in at.markdown]
    assert not any(line.startswith("#### Heads and neurons of one concept") for line in lines), "all have all of it"
    assert lines.index("### The network") < next(k for k, line in enumerate(lines) if "Common core" in line)
    assert table(at, "concepts", "units")["units"].sum() == 2 * (2 + 32)


@pytest.mark.usefixtures("structured")
def test_a_press_opens_the_unit_and_its_link_does_too() -> None:
    at = press_part(open_subnetworks(), 0, "head", 0)
    assert address(at) == {"part": ["0-head-0"]} and picture(at)["chosen"] == [0, "head", 0]
    shown = picture(at)["rows"][1]["cells"][0]["label"].replace("\u00a0", " ")
    assert f"**{shown}**" in said(at)
    assert any("Open a text" in link.proto.label for link in at.get("page_link"))
    again = fine(open_subnetworks(part="0-head-0"))
    assert f"**{shown}**" in said(again)
    fine(press(again, f"{PRESSED}:close"))
    assert not again.query_params and f"**{shown}**" not in said(again)


@pytest.mark.usefixtures("structured")
@pytest.mark.parametrize("kind", ["head", "neuron"])
def test_an_open_unit_says_what_it_does_to_the_review(kind: str) -> None:
    explainer = load_explainer()
    cell = next(cell for cell in explainer.network_picture().cells if cell.kind == kind and len(cell.users) > 1)
    at = fine(open_subnetworks(REVIEW, part=f"{cell.layer}-{kind}-{cell.units[-1]}"))
    out = KnockOut(layer=cell.layer, head=cell.units[0]) if kind == "head" else KnockOut(
        layer=cell.layer, neurons=cell.units)
    result = explainer.knock_out(REVIEW, [out])
    drawn = table(at, SCORE, "weights lost")
    assert drawn["weights lost"].tolist() == [result.removed[name] for name in CEBAB.concepts]
    prediction = explainer.predict(REVIEW)
    for k, name in enumerate(CEBAB.concepts):
        found = explainer.attribute_units(REVIEW, Target(name, prediction.value(name))).of(cell.kind)
        score = found.scores[found.layers.index(cell.layer), list(cell.units)].sum()
        assert drawn[SCORE][k] == pytest.approx(score if k in cell.users else 0.0, abs=1e-3)


@pytest.mark.usefixtures("structured")
def test_an_open_unit_leads_to_its_words_and_to_the_knock_out() -> None:
    explainer = load_explainer()
    cell = next(cell for cell in explainer.network_picture().cells if cell.kind == "neuron" and len(cell.users) > 1)
    part, name = f"{cell.layer}-neuron-{cell.units[0]}", CEBAB.concepts[cell.users[-1]]
    at = fine(press(open_subnetworks(REVIEW, part=part), f"{PRESSED}:words:{name}"))
    assert address(at) == {"part": [part], "section": ["review"], "leaning": [name]}
    unit = at.selectbox(key="subnetworks:unit:pick").value
    assert (unit.kind, unit.layer) == ("neuron", cell.layer) and unit.number in cell.units
    fine(press(at, f"{PRESSED}:take"))
    assert any(b.key == "subnetworks:back:0" and f"{len(cell.units)} neuron" in b.label for b in at.button)
    assert not any(b.key == f"{PRESSED}:take" for b in at.button), "it is out already"


@pytest.mark.usefixtures("structured")
def test_a_part_that_no_concept_uses_has_no_words() -> None:
    cell = next(cell for cell in load_explainer().network_picture().cells if not cell.users)
    at = fine(open_subnetworks(REVIEW, part=f"{cell.layer}-{cell.kind}-{cell.units[0]}"))
    assert "no concept" in said(at) and "No concept changed." in said(at)
    assert not any(f"{PRESSED}:words" in (b.key or "") for b in at.button)


@pytest.mark.usefixtures("structured")
def test_the_picture_can_be_pinned() -> None:
    at = fine(pinned(fine(open_subnetworks()), "subnetworks:network"))
    (scene,) = at.session_state["deck:deck"].scenes
    (part,) = scene.parts
    check_figure(part.light)
    assert part.light != part.dark and "layer 1" in part.light and scene.page == "Subnetworks"


@pytest.mark.usefixtures("structured")
@pytest.mark.parametrize("given", ["9-head-0", "0-tail-0", "0-head-x", "0-head", "0-head-0-1", "0-head-²"])
def test_an_address_that_names_no_part_is_told(given: str) -> None:
    at = fine(open_subnetworks(part=given))
    assert "0-head-1" in said(at) and not at.query_params


@pytest.mark.usefixtures("structured")
def test_a_unit_that_is_not_there_is_told_as_well() -> None:
    at = fine(open_subnetworks(part="0-head-7"))
    assert "head 7 of layer 0" in said(at) and picture(at)["chosen"] is None


@pytest.mark.usefixtures("structured")
@pytest.mark.parametrize("structured", [{"schema": HOSTILE}, {"schema": ALONE}, {"schema": CEBAB, "residual": False}],
                         indirect=True)
def test_any_schema_is_drawn(structured: Path) -> None:
    at = fine(open_subnetworks(REVIEW, part="0-head-0"))
    assert picture(at)["rows"] and "<img" not in json.dumps(charts(at))
    assert not any(re.search(r"(?<!\\)(<img|:red|\$|\*\*room)", line.value) for line in at.markdown)


def test_no_cell_or_heading_of_the_csv_file_is_a_formula(tmp_path: Path) -> None:
    explainer = Explainer.load(saved_checkpoint(tmp_path, schema=HOSTILE), "cpu")
    lines = list(csv.reader(network_csv(explainer).splitlines()))
    assert lines[1][0] == explainer.checkpoint.hash and any("=cmd()" in cell for cell in lines[0])
    assert not any(cell.startswith("=") for line in lines for cell in line)


def test_single_weights_are_drawn_by_who_uses_them_most_after_the_sentence(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    model, generator = tiny_model(schema=CEBAB), torch.Generator().manual_seed(1)
    shares = torch.tensor([0.15, 0.35, 0.55, 0.85, 0.5])[:, None, None]  # of each pass
    stacks = {name: torch.rand(5, *site.shape, generator=generator) < shares for name, site in model.sites.items()}
    for name, site in model.sites.items():
        if site.role in ("query", "key", "value"):  # the first of two heads is food's
            stacks[name][0, :8], stacks[name][1:4, :8] = True, False
    masks = ConceptMasks.from_bools(model.config.passes, stacks)
    save_checkpoint(tmp_path / "weights", model, tiny_encoder(), masks)
    monkeypatch.setenv(CHECKPOINT_VARIABLE, str(tmp_path / "weights"))
    at = fine(open_subnetworks())
    kept = load_explainer().layer_overlap(1).heads.density[:, :4]
    heads = [cell for cell in picture(at)["rows"][0]["cells"] if cell["kind"] == "head"]
    for share, cell in zip(kept, heads, strict=True):
        first, second = sorted(share, reverse=True)[:2]
        assert cell["users"] == ([int(share.argmax())] if first >= 1.25 * second else [0, 1, 2, 3])
        assert f"{100 * share[0]:.0f}" in cell["label"]
    lines = [line.value for line in at.markdown]
    assert lines.index("### The network") > next(k for k, line in enumerate(lines) if "Common core" in line)
