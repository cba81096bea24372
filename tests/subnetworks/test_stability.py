"""What repeats over seeds, on masks of six weights and on named units, counted by hand."""

from itertools import permutations, product
from pathlib import Path

import numpy as np
import pytest
import torch

from sparsecbm.errors import CheckpointError, InputError
from sparsecbm.model.backbone import WeightSite
from sparsecbm.model.checkpoint import load_checkpoint, save_checkpoint, write_notes
from sparsecbm.model.kept_units import KeptUnits
from sparsecbm.model.masks import ConceptMasks
from sparsecbm.model.subnetwork_masks import Subnetworks
from sparsecbm.subnetworks.compute_stability import differing, mask_stability, stability_of
from sparsecbm.subnetworks.figure_stability import (
    agreement_table,
    always_table,
    stability_alt,
    stability_dots,
    stability_table,
)
from sparsecbm.subnetworks.stability import LayerUnits, MaskStability, Run, ranking
from sparsecbm.subnetworks.stability_text import cautions, details, stability_text
from tests.helpers import TOY, saved_checkpoint, structured_masks, tiny_encoder, tiny_model

SITE = WeightSite("w", 0, "query", (1, 6), False)
#: Jaccard of soup and room, soup and noise, room and noise: 2/4, 0, 1/5 in the first two, 1/5, 0, 2/4 in the third.
FIRST, SAME, OTHER = (("111000", "011100", "000111"), ("110100", "110001", "001011"), ("000111", "011100", "111000"))


def runs_of(*masks: tuple[str, ...], passes: tuple[str, ...] = ("soup", "room", "noise")) -> MaskStability:
    """Runs whose passes keep these of six weights; the concepts are soup, room and noise."""
    found = []
    for one in masks:
        kept = torch.tensor([[[bit == "1" for bit in mask]] for mask in one])
        found.append(Subnetworks(ConceptMasks.from_bools(passes, {"w": kept}), {"w": SITE}, passes[:3], 1))
    return mask_stability([Run(f"run-{seed}", f"hash-{seed}", seed) for seed in range(len(masks))], found)


def test_the_same_order_has_rank_correlation_one_and_three_pairs_have_it_by_chance_in_a_sixth() -> None:
    found = runs_of(FIRST, SAME)
    np.testing.assert_allclose(found.overlaps(found.concept_pairs), [[0.5, 0, 0.2]] * 2)
    assert found.concept_ranking is not None
    assert found.concept_ranking.correlations == (pytest.approx(1),) and found.concept_ranking.same
    assert found.concept_ranking.chance == pytest.approx(1 / 6) and not found.concept_ranking.repeats


def test_another_order_is_correlated_less() -> None:
    """Ranks 3, 1, 2 and 2, 1, 3: 1 - 6 * 2 / (3 * 8)."""
    found = runs_of(FIRST, SAME, OTHER).concept_ranking
    assert found is not None and found.correlations == pytest.approx((1, 0.5, 0.5)) and not found.same
    assert found.mean == pytest.approx(2 / 3)
    ranks = np.array([-1, 0, 1])

    def mean(*orders: tuple[int, ...]) -> float:
        a, b, c = (ranks[list(order)] for order in orders)
        return float(a @ b + a @ c + b @ c) / 2 / 3

    draws = [mean((0, 1, 2), *rest) for rest in product(permutations(range(3)), repeat=2)]
    assert found.chance == pytest.approx(np.mean([draw >= 2 / 3 - 1e-9 for draw in draws]))


def test_opposite_orders_do_not_repeat_and_many_like_ones_do() -> None:
    rising = np.linspace(0.1, 0.9, 6)
    opposite, like = ranking(np.stack([rising, rising[::-1]])), ranking(np.stack([rising, rising, rising ** 2]))
    assert opposite is not None and opposite.correlations == (pytest.approx(-1),) and opposite.chance > 0.95
    assert like is not None and like.same and like.repeats


def test_what_is_alike_in_some_run_has_no_order() -> None:
    assert ranking(np.array([[0.2, 0.3], [0.2631, 0.2632]])) is None
    assert ranking(np.array([[0.2], [0.3]])) is None


def test_agreement_of_the_kept_weights_beside_chance() -> None:
    """Soup keeps weights 0, 1, 2 and then 0, 1, 3: two in common of four; by chance 3 * 3 / 6 in common of the rest."""
    soup = runs_of(FIRST, SAME).agreement["soup"]["weights"]
    assert soup.kept == (3, 3) and soup.jaccard == (0.5,) and soup.chance == (pytest.approx(1.5 / 4.5),)
    variance = 3 * 3 / 6 * (3 / 6) * (3 / 5)
    assert soup.z == (pytest.approx(0.5 / variance ** 0.5),) and not soup.repeats
    assert (soup.in_all, soup.in_all_by_chance) == (2, pytest.approx(1.5))
    three = runs_of(FIRST, SAME, OTHER).agreement["soup"]["weights"]
    assert three.jaccard == (0.5, 0, 0.2) and (three.in_all, three.in_all_by_chance) == (0, pytest.approx(6 / 8))


def test_the_residuals_pairs_stand_apart() -> None:
    passes = ("soup", "room", "noise", "residual")
    found = runs_of((*FIRST, "111000"), (*FIRST, "000111"), passes=passes)
    np.testing.assert_allclose(found.overlaps(found.residual_pairs), [[1, 0.5, 0], [0, 0.2, 1]])
    assert found.residual_ranking is not None and found.residual_ranking.correlations == (pytest.approx(-1),)
    assert found.concept_ranking is not None and found.concept_ranking.same
    assert runs_of(FIRST, SAME).residual_ranking is None


@pytest.fixture
def structured() -> MaskStability:
    """Two runs that keep the same heads of soup and other neurons; of room only neuron 5 of layer 1 in both."""
    model = tiny_model(mask_kind="structured")
    layout, found = model.layout, []
    for seed in range(2):
        heads, neurons = torch.zeros(3, 2, 2, dtype=torch.bool), torch.zeros(3, 2, 32, dtype=torch.bool)
        heads[0, 0, 1] = heads[0, 1, :] = heads[1, 0, seed] = heads[2] = True
        neurons[0, :, 8 * seed : 8 * seed + 8] = neurons[1, 1, [5, 10 + seed]] = neurons[2, 0, :8] = True
        masks = KeptUnits(layout, heads, neurons).masks(model.config.passes)
        found.append(Subnetworks(masks, model.sites, TOY.concepts, 2))
    return mask_stability([Run("a", "a", 0), Run("b", "b", 1)], found)


def test_named_units_that_all_runs_keep(structured: MaskStability) -> None:
    soup, room = structured.agreement["soup"], structured.agreement["room"]
    assert soup["heads"].jaccard == (1,) and soup["heads"].kept == (3, 3)
    assert soup["heads"].in_all_by_chance == pytest.approx(0.5 * 0.5 * 2 + 2)
    assert soup["neurons"].jaccard == (0,) and soup["neurons"].chance == (pytest.approx(4 / 28),)
    assert soup["neurons"].z[0] < 0
    assert room["neurons"].jaccard == (pytest.approx(1 / 3),) and room["neurons"].repeats
    assert structured.always["soup"] == (LayerUnits(0, (1,), ()), LayerUnits(1, (0, 1), ()))
    assert structured.always["room"] == (LayerUnits(0, (), ()), LayerUnits(1, (), (5,)))
    table = always_table(structured).set_index(["subnetwork", "layer"])
    assert table.loc[("soup", 1), "heads"] == "0, 1" and table.loc[("room", 1), "which neurons"] == "5"


def test_layers_come_in_the_same_order_or_not(structured: MaskStability) -> None:
    soup = structured.layer_rankings["soup"]
    assert soup is not None and soup.same and soup.correlations == (pytest.approx(1),)
    assert all(one is None for one in runs_of(FIRST, SAME).layer_rankings.values()), "a single layer has no order"


def test_json_keeps_everything(structured: MaskStability) -> None:
    for found in (structured, runs_of(FIRST, SAME, OTHER)):
        again = MaskStability.from_json(found.to_json())
        assert again.to_json() == found.to_json() and again.runs == found.runs
        np.testing.assert_array_equal(again.density, found.density)
        assert again.agreement == found.agreement and again.always == found.always
    broken = structured.to_json()
    del broken["pairs"][0]["jaccard"]
    with pytest.raises(CheckpointError, match="jaccard"):
        MaskStability.from_json(broken)


def test_tables_and_dots_have_the_range_and_chance() -> None:
    found = runs_of(FIRST, OTHER)
    dots = {(dot.row, dot.series): dot for dot in stability_dots(found, found.concept_pairs)}
    seen = next(dot for (row, _), dot in dots.items() if row == "soup and room")
    assert seen.value == pytest.approx(0.35) and seen.interval == (0.2, 0.5)
    assert [dot.row for dot in stability_dots(found, found.concept_pairs)][-1] == "soup and noise", "the least is last"
    row = stability_table(found, found.concept_pairs).iloc[0]
    assert (row["Jaccard, seed 0"], row["Jaccard, seed 1"], row["least"], row["most"]) == (0.5, 0.2, 0.2, 0.5)
    assert row["by chance, mean"] == pytest.approx(0.25 / 0.75, abs=1e-4)
    assert "soup and room 0.20 to 0.50, by chance 0.33" in stability_alt(found, found.concept_pairs)
    agreed = agreement_table(runs_of(FIRST, SAME)).set_index("subnetwork").loc["soup"]
    assert agreed["in both of two, mean"] == 0.5 and agreed["in all seeds"] == 2


def test_what_does_not_repeat_is_said_plainly(structured: MaskStability) -> None:
    six = ("110000", "011000", "001100")
    assert "does not repeat" in stability_text(runs_of(FIRST, OTHER, six))
    assert "too few pairs" in stability_text(runs_of(FIRST, SAME)) and "17 %" in stability_text(runs_of(FIRST, SAME))
    alike = ("110000", "011000", "101000")
    assert "0.33" in stability_text(runs_of(alike, alike[::-1])) and "no order" in stability_text(runs_of(alike, alike))
    heads, neurons = details(structured)[:2]
    assert "residual" not in "".join(details(structured)), "two pairs are too few to say anything of"
    assert "keeps 0 to 100" in heads and "33 to 71" in heads and "Which heads soup and room keep does not" in heads
    assert "keeps 0 to 33" in neurons and "Which neurons soup keeps does not repeat" in neurons
    assert len(cautions(structured)) == 1


def test_settings_other_than_the_seed_are_named() -> None:
    one = {"seed": 0, "backbone": "here/b", "prune": {"beta": 1.0, "sparsity": 0.7}}
    other = {"seed": 1, "backbone": "there/b", "prune": {"beta": 2.0, "sparsity": 0.7}}
    assert differing([one, {}, other]) == ("prune.beta",) and differing([one, one | {"seed": 4}]) == ()


def test_folders_are_compared_and_what_cannot_be_is_refused(tmp_path: Path) -> None:
    folders = []
    for seed in range(2):
        model, folder = tiny_model(mask_kind="structured"), tmp_path / f"toy-{seed}"
        save_checkpoint(folder, model, tiny_encoder(), structured_masks(model, seed=seed), "float32")
        write_notes(folder, {"training": {"config": {"seed": seed, "backbone": "b"}}}, "")
        folders.append(folder)
    first = load_checkpoint(folders[0], "cpu")
    found = stability_of(first, folders[1:])
    assert [(run.name, run.seed) for run in found.runs] == [("toy-0", 0), ("toy-1", 1)]
    assert found.runs[0].checkpoint == first.hash and found.differing == () and found.concepts == 2
    with pytest.raises(InputError, match="same model as toy-0"):
        stability_of(first, folders)
    with pytest.raises(InputError, match="two runs or more"):
        stability_of(first, [])
    single = saved_checkpoint(tmp_path / "single")
    with pytest.raises(InputError, match="one kind"):
        stability_of(first, [single])
    with pytest.raises(InputError, match="toy"):
        stability_of(first, [saved_checkpoint(tmp_path / "other", residual=False)])
    write_notes(folders[1], {"training": {"config": {"seed": 1, "backbone": "c"}}}, "")
    with pytest.raises(InputError, match="backbones b, c"):
        stability_of(first, folders[1:])
    with pytest.raises(CheckpointError, match="no masks"):
        stability_of(first, [saved_checkpoint(tmp_path / "dense", kind="dense")])
