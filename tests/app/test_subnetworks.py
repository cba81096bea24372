"""The Subnetworks page: what is shared, whether it carries its concept, and what taking it out does."""

import json
import re
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from streamlit.testing.v1 import AppTest

from sparsecbm.figures.text import percent
from sparsecbm.model.checkpoint import METRICS_FILE, load_checkpoint, save_checkpoint
from sparsecbm.model.masks import ConceptMasks
from sparsecbm.schema import CEBAB, SENTIMENT, ConceptSchema
from sparsecbm.service import Explainer
from sparsecbm.spreadsheet import MARK
from sparsecbm.subnetworks.compute_overlap import most_exclusive
from sparsecbm.subnetworks.figure_specificity import within_chance
from sparsecbm.subnetworks.knockout import KnockOut
from sparsecbm.subnetworks.panel_pair import overlap_csv
from sparsecbm.subnetworks.specificity import Necessity, SpecificityReport, SpecificitySettings
from sparsecbm.ui.loaded_model import CHECKPOINT_VARIABLE, load_explainer
from tests.app.screen import (
    SUBNETWORKS,
    address,
    bars,
    blocks,
    cell_views,
    fine,
    new_session,
    open_explain,
    open_page,
    open_tables,
    pages,
    press,
    press_cell,
    segment,
    table,
)
from tests.helpers import TOY, saved_checkpoint, tiny_encoder, tiny_model

REVIEW = "The soup was cold and bland, but our waiter was a delight."
HOSTILE = ConceptSchema(
    name="hostile", concepts=("<b>soup</b><img src=x onerror=alert(1)>", "=cmd() **room** $x$ %{y} :red[z]"),
    values=SENTIMENT, labels=("bad", "good"), label_title="verdict", label_display=("Bad", "Good"),
    concept_help=("The soup.", "The room."),
)


@pytest.fixture
def explainer(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Explainer:
    """A checkpoint of the shipped concepts: in every matrix a quarter is a common core, and each pass has an eighth of
    it to itself."""
    model = tiny_model(schema=CEBAB)
    generator, passes, stacks = torch.Generator().manual_seed(1), model.config.passes, {}
    for name, site in model.sites.items():
        eighths = torch.randperm(site.shape[0] * site.shape[1], generator=generator).reshape(site.shape) % 8
        stacks[name] = torch.stack([(eighths < 2) | (eighths == 2 + k) for k in range(len(passes))])
    save_checkpoint(tmp_path / "core", model, tiny_encoder(), ConceptMasks.from_bools(passes, stacks))
    monkeypatch.setenv(CHECKPOINT_VARIABLE, str(tmp_path / "core"))
    return load_explainer()


def open_subnetworks(review: str = "", **parts: str | list[str]) -> AppTest:
    at = open_explain(text=review, method="gradient-x-input") if review else new_session()
    return open_page(at, SUBNETWORKS, **parts)


def charts(at: AppTest) -> dict[str, dict[str, Any]]:
    """Every chart of the page by its key."""
    return {chart.key: json.loads(chart.proto.spec) for chart in at.get("plotly_chart")}


def keyed(at: AppTest, kind: str, key: str) -> bool:
    """True when the page has this element."""
    return any(one.key == key for one in at.get(kind))


def said(at: AppTest) -> str:
    """All text of the page without its escapes."""
    lines = [line.value for kind in (at.markdown, at.info, at.warning) for line in kind]
    return "\n".join(lines).replace("\\", "").replace("\u00a0", " ")


def test_it_opens_with_what_the_numbers_say(explainer: Explainer) -> None:
    at = fine(open_subnetworks())
    total = explainer.overlap().total
    assert f"{100 * total.core[0] / total.weights[0]:.1f} %" in said(at)
    assert table(at, "concept", "common core", "its own")["its own"].tolist() == total.exclusive[0, :4].tolist()
    assert table(at, "concepts that use the weight")["weights"].tolist() == total.shared_by[0].tolist()
    assert set(charts(at)) == {"subnetworks:users"}, "the bars of all concepts would be the same"
    assert explainer.checkpoint.hash[:12] in said(at)
    assert not at.query_params


def test_what_is_the_same_everywhere_is_said_and_not_drawn(explainer: Explainer) -> None:
    """These masks keep three eighths of every layer, and every two of them overlap alike."""
    at = fine(open_subnetworks())
    assert not cell_views(at) and not pages(at, "panel_pair") and not keyed(at, "segmented_control", "subnetworks:show")
    overlap = explainer.overlap()
    assert f"{overlap.total.jaccard[0, 0, 1]:.2f}" in said(at)
    assert table(at, "first", "Jaccard")["Jaccard"].tolist() == [
        round(float(overlap.total.jaccard[0, i, j]), 4) for i in range(4) for j in range(i + 1, 4)]
    assert table(at, "layer", "food")["food"].tolist() == overlap.layers.density[:, 0].round(4).tolist()
    fine(at.selectbox(key="subnetworks:pair").set_value((0, 2)).run())
    assert address(at) == {"pair": ["food", "service"]} and not pages(at, "panel_pair")
    assert table(at, "layer", "both keep")["both keep"].tolist() == overlap.layers.both[:, 0, 2].tolist()


@pytest.mark.usefixtures("varied")
def test_every_chart_has_words_for_who_cannot_see_it() -> None:
    at = fine(open_subnetworks(layer="1", pair=["food", "noise"]))
    found = at.get("plotly_chart")
    assert found and all(chart.proto.alt for chart in found)
    views = [json.loads(view.proto.json) for view in at.get("bidi_component")]
    assert len(views) == 7 and all(page["label"] for view in views for page in view["pages"].values())
    assert not at.dataframe, "no table is drawn that nobody opened"
    assert len(open_tables(at).dataframe) == len(found) + len(views), "a table for each"


@pytest.mark.usefixtures("varied")
def test_a_pressed_cell_is_shown_in_detail() -> None:
    at = fine(open_subnetworks())
    assert set(cell_views(at)) == {"Jaccard overlap", "Density by layer"} and not pages(at, "panel_pair")
    at = press_cell(at, "Jaccard overlap", 0, 2)
    assert address(at) == {"pair": ["food", "service"]} and "food and service, by layer" in pages(at, "panel_pair")
    at = press_cell(at, "Jaccard overlap", 1, 1)
    assert address(at) == {"pair": ["food", "service"]}, "the diagonal is no pair"
    at = press_cell(at, "Density by layer", 1, 1)
    assert address(at) == {"pair": ["food", "service"], "layer": ["1"]}
    heads = cell_views(at)["Layer 1: share of each head's used weights that one concept has to itself"]
    own = load_explainer().layer_overlap(1).heads.exclusive_share
    assert heads["printed"] == [[f"{share:.2f}" for share in row] for row in own.T] and not heads["pressable"]


@pytest.mark.usefixtures("varied")
def test_the_matrix_can_show_chance_and_the_difference() -> None:
    at = fine(open_subnetworks())
    titles = {next(iter(cell_views(at)))}
    for show in ("expected", "difference"):
        fine(segment(at, "subnetworks:show").set_value(show).run())
        assert address(at) == {"show": [show]}
        titles.add(next(iter(cell_views(at))))
    assert len(titles) == 3


@pytest.mark.usefixtures("varied")
def test_the_residual_joins_the_matrix_and_leaves_with_its_pair() -> None:
    at = fine(open_subnetworks())
    assert len(cell_views(at)["Jaccard overlap"]["columns"]) == 4
    fine(at.toggle(key="subnetworks:residual").set_value(True).run())
    assert cell_views(at)["Jaccard overlap"]["columns"][-1] == "residual"
    fine(at.selectbox(key="subnetworks:pair").set_value((0, 4)).run())
    assert address(at) == {"residual": ["on"], "pair": ["food", "residual"]}
    fine(at.toggle(key="subnetworks:residual").set_value(False).run())
    assert not at.query_params and not pages(at, "panel_pair")


@pytest.mark.usefixtures("varied")
def test_a_pair_is_shown_by_layer_and_module() -> None:
    at = fine(open_subnetworks(pair=["noise", "service"]))
    drawn = pages(at, "panel_pair", "pages", "follows")
    assert set(drawn) == {"service and noise, by layer", "service and noise, by module in all layers"}
    assert all(len(view["pages"]) == 6 and view["follows"] == "subnetworks:matrix" for view in drawn.values()), (
        "a browser has every pair, to turn to the one that is pressed")
    layers = load_explainer().overlap().layers
    assert table(at, "layer", "both keep")["both keep"].tolist() == layers.both[:, 2, 3].tolist()
    assert table(at, "module")["both keep"].sum() == layers.both[:, 2, 3].sum(), "the modules are the whole"
    fine(at.selectbox(key="subnetworks:pair").set_value((0, 1)).run())
    fine(at.selectbox(key="subnetworks:layer").set_value("1").run())
    assert address(at) == {"pair": ["food", "ambiance"], "layer": ["1"]}
    assert table(at, "module")["both keep"].sum() == layers.both[1, 0, 1], "only this layer's modules"


def test_a_layer_has_its_heads_and_neurons(explainer: Explainer) -> None:
    at = fine(open_subnetworks())
    assert not cell_views(at) and not pages(at, "panel_layer"), "nothing without a layer"
    fine(at.selectbox(key="subnetworks:layer").set_value("1").run())
    drawn = [json.loads(view.proto.json) for view in at.get("bidi_component")
             if view.proto.component_name != "sparsecbm.panel_network_picture"]
    assert [(len(view["pages"]), view["shown"]) for view in drawn] == [(2, "1")] * 2, "a browser has every layer"
    found = explainer.layer_overlap(1)
    assert table(at, "head", "only food")["only food"].tolist() == found.heads.exclusive[:, 0].tolist()
    assert len(table(at, "neuron", "only food")) == len(found.neurons.units)
    assert address(at) == {"layer": ["1"]}


def test_the_list_names_the_most_exclusive_heads(explainer: Explainer) -> None:
    at = fine(open_subnetworks())
    fine(segment(at, "subnetworks:concept").set_value("service").run())
    layers = [explainer.layer_overlap(number) for number in range(2)]
    expected = most_exclusive(layers, 2, "heads")
    listed = next(block for block in blocks(at) if "<table" in block and "service" in block)
    cells = re.findall(r"<td[^>]*>([^<]*)</td>", listed)
    assert list(zip(cells[0::5], cells[1::5], strict=True)) == [(str(one.layer), str(one.unit)) for one in expected]
    assert address(at) == {"concept": ["service"]}


@pytest.mark.usefixtures("varied")
def test_a_link_restores_the_selection() -> None:
    parts = {"pair": ["food", "residual"], "layer": ["1"], "show": ["difference"], "residual": ["on"],
             "concept": ["noise"]}
    at = fine(open_subnetworks(**parts))
    assert address(at) == parts
    again = fine(at.run())
    assert address(again) == parts


@pytest.mark.usefixtures("varied")
@pytest.mark.parametrize(("part", "given", "message"), [
    ("pair", ["food", "wine"], "allowed: food, ambiance, service, noise, residual"),
    ("pair", ["food"], "two different ones"),
    ("layer", ["9"], "allowed: 0, 1"),
    ("show", ["everything"], "allowed: observed, expected, difference"),
])
def test_a_bad_part_is_named_and_the_rest_kept(part: str, given: list[str], message: str) -> None:
    at = fine(open_subnetworks(**{"concept": "noise", part: given}))
    assert message in said(at) and address(at) == {"concept": ["noise"]}
    fine(press(at, "Dismiss"))
    assert message not in said(at)


def test_a_weak_lead_is_said_plainly() -> None:
    explainer = load_explainer()
    square = np.array(explainer.checkpoint.metrics["dev"]["specificity"])
    at = fine(open_subnetworks(section="proof"))
    ahead = [square[k, k] - np.delete(square[:, k], k).max() for k in range(len(square))]
    by_chance = sum(map(within_chance, SpecificityReport.from_json(explainer.checkpoint.metrics).necessity.values()))
    assert len(at.warning) == sum(lead < 0.05 for lead in ahead) + by_chance
    assert f"{100 * min(ahead):.1f} points" in said(at)


@pytest.fixture
def tiny(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, request: pytest.FixtureRequest) -> Path:
    """A random checkpoint without any numbers is loaded; the parameter changes its settings."""
    folder = saved_checkpoint(tmp_path / "tiny", **getattr(request, "param", {}))
    monkeypatch.setenv(CHECKPOINT_VARIABLE, str(folder))
    return folder


@pytest.fixture
def varied(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A checkpoint of the shipped concepts whose masks differ from pair to pair and from layer to layer."""
    model = tiny_model(schema=CEBAB)
    generator, passes, stacks = torch.Generator().manual_seed(1), model.config.passes, {}
    for name, site in model.sites.items():
        density = torch.tensor([0.3 + 0.1 * k + 0.1 * site.layer for k in range(len(passes))])[:, None, None]
        stacks[name] = torch.rand(len(passes), *site.shape, generator=generator) < density
    save_checkpoint(tmp_path / "varied", model, tiny_encoder(), ConceptMasks.from_bools(passes, stacks))
    monkeypatch.setenv(CHECKPOINT_VARIABLE, str(tmp_path / "varied"))
    return tmp_path / "varied"


def write_report(folder: Path, checkpoint: str, concepts: tuple[str, ...] = TOY.concepts) -> None:
    necessity = {concept: Necessity(40, 0.9, 0.4, {other: 0.8 for other in concepts if other != concept}, (0.5, 0.6),
                                    0.4) for concept in concepts}
    report = SpecificityReport(SpecificitySettings(checkpoint, "dev", "data", 40, 2, 0), concepts,
                            np.array([[0.9, 0.8], [0.8, 0.9]]), necessity, np.array([[0.59, 0.88], [0.88, 0.59]]),
                            np.array([[0.70, 0.9], [0.9, 0.70]]))
    (folder / METRICS_FILE).write_text(json.dumps(report.to_json()), encoding="utf-8")


def test_without_measurements_it_says_how_to_measure(tiny: Path) -> None:
    at = fine(open_subnetworks(section="proof"))
    assert at.info and not cell_views(at)
    command = next(code.value for code in at.code if "--probe" in code.value)
    assert "overlap --probe --save" in command and f"--checkpoint '{tiny}'" in command


def test_what_was_measured_is_said_in_plain_words(tiny: Path) -> None:
    write_report(tiny, load_checkpoint(tiny, "cpu").hash)
    at = fine(open_subnetworks(section="proof"))
    assert "31 points on soup and 2 on room" in said(at)
    assert not any("--probe" in code.value for code in at.code) and not at.warning
    assert "40 texts of dev" in said(at)
    fine(segment(at, "subnetworks:taken").set_value("whole").run())
    cost = cell_views(at)["Points of accuracy when the whole subnetwork is taken out"]
    assert cost["printed"] == [["−31.0", "−2.0"], ["−2.0", "−31.0"]] and cost["ends"] == ["−0.31", "+0.31"]


def test_what_was_measured_of_another_model_is_not_shown(tiny: Path) -> None:
    write_report(tiny, "another")
    at = fine(open_subnetworks(section="proof"))
    assert any("--probe" in code.value for code in at.code)
    assert at.warning and "points on soup" not in said(at)


@pytest.mark.usefixtures("tiny")
@pytest.mark.parametrize("tiny", [{"kind": "dense"}, {"kind": "black_box"}], indirect=True)
def test_a_model_without_masks_says_so_and_what_to_do() -> None:
    at = fine(open_subnetworks())
    assert "SPARSECBM_CHECKPOINT" in at.info[0].value
    assert not charts(at) and not cell_views(at)


@pytest.mark.usefixtures("tiny")
@pytest.mark.parametrize("tiny", [{"schema": HOSTILE}], indirect=True)
def test_hostile_names_are_text_everywhere() -> None:
    at = fine(open_subnetworks(layer="0", pair=list(HOSTILE.concepts)))
    drawn = json.dumps(charts(at))
    assert "<img" not in drawn and "<b>soup" not in drawn and "&lt;b&gt;soup" in drawn
    assert not any(re.search(r"(?<!\\)(<img|:red|\$|\*\*room)", line.value) for line in at.markdown)
    table_file = overlap_csv(load_explainer())
    assert f",{MARK}=cmd() **room**" in table_file and ",=cmd()" not in table_file


@pytest.mark.usefixtures("tiny")
@pytest.mark.parametrize("tiny", [{"residual": False}], indirect=True)
def test_a_model_without_a_residual_offers_none() -> None:
    at = fine(open_subnetworks())
    assert not at.toggle
    at = fine(open_subnetworks("The soup was tasty.", section="review"))
    assert "residual" not in at.selectbox(key="subnetworks:take:whose").options


@pytest.mark.usefixtures("varied")
def test_without_a_review_it_leads_to_one() -> None:
    at = fine(open_subnetworks(section="review"))
    assert len(at.info) == 2 and any("Open a text" in link.proto.label for link in at.get("page_link"))


@pytest.mark.usefixtures("varied")
def test_a_knock_out_changes_the_prediction_and_undo_restores_it() -> None:
    explainer = load_explainer()
    at = fine(open_subnetworks(REVIEW, section="review"))
    untouched = bars(at, "Before")
    assert bars(at, "After") == untouched
    at.selectbox(key="subnetworks:take:kind").set_value("whole").run()
    fine(press(at, "subnetworks:take"))
    result = explainer.knock_out(REVIEW, [KnockOut("food")])
    names = explainer.schema.label_display
    assert bars(at, "After") == {name: percent(float(share)) for name, share
                                 in zip(names, result.after.label_probabilities, strict=True)} != untouched
    assert bars(at, "Before") == untouched
    assert table(at, "weights lost")["weights lost"].tolist() == [result.removed[name] for name
                                                                  in explainer.schema.concepts]
    fine(press(at, "Undo"))
    assert bars(at, "After") == untouched


@pytest.mark.usefixtures("varied")
def test_each_knock_out_can_be_put_back_and_all_at_once() -> None:
    at = fine(open_subnetworks(REVIEW, section="review"))
    untouched = bars(at, "After")
    fine(press(at, "subnetworks:take"))
    at.selectbox(key="subnetworks:take:whose").set_value("service").run()
    fine(press(at, "subnetworks:take"))
    fine(press(at, "subnetworks:take"))
    assert [b.label.replace("\\", "") for b in at.button if b.key and ":back:" in b.key] == [
        "food's own part ✕", "service's own part ✕"]
    fine(press(at, "subnetworks:back:0"))
    assert [b.label.replace("\\", "") for b in at.button if b.key and ":back:" in b.key] == ["service's own part ✕"]
    fine(press(at, "Restore all"))
    assert bars(at, "After") == untouched


def test_layers_heads_and_neurons_can_be_taken_out_of_one_pass(explainer: Explainer) -> None:
    at = fine(open_subnetworks(REVIEW, section="review"))
    for kind in ("layer", "head", "neurons"):
        at.selectbox(key="subnetworks:take:kind").set_value(kind).run()
        at.selectbox(key="subnetworks:take:layer").set_value("1").run()
        at.selectbox(key="subnetworks:take:within").set_value("noise").run()
        fine(press(at, "subnetworks:take"))
        lost = table(at, "weights lost")["weights lost"]
        assert lost[3] > 0 and not lost[:3].any(), kind
        fine(press(at, "Restore all"))
    most = most_exclusive([explainer.layer_overlap(1)], 0, "neurons", most=50)
    removed = explainer.knock_out(REVIEW, [KnockOut(layer=1, neurons=tuple(sorted(unit.unit for unit in most)),
                                                    within="noise")]).removed["noise"]
    assert lost[3] == removed


@pytest.mark.usefixtures("varied")
def test_a_knock_out_is_this_sessions_alone() -> None:
    one = fine(press(open_subnetworks(REVIEW, section="review"), "subnetworks:take"))
    assert "Nothing is taken out yet" not in said(one)
    assert "Nothing is taken out yet" in said(fine(open_subnetworks(REVIEW, section="review")))
