"""Two sets of masks beside each other: against counts by hand, against plain booleans, and against chance."""

import json
from pathlib import Path

import numpy as np
import pytest
import torch

from sparsecbm.errors import CheckpointError, InputError
from sparsecbm.model.backbone import WeightSite
from sparsecbm.model.checkpoint import WEIGHTS_FILE, load_outline
from sparsecbm.model.masks import ConceptMasks
from sparsecbm.model.subnetwork_masks import Subnetworks
from sparsecbm.subnetworks.comparison import MaskComparison, MaskSource
from sparsecbm.subnetworks.compute_variants import compare, compare_folder
from tests.helpers import saved_checkpoint

SOURCES = MaskSource("mine", "hash", {}), MaskSource("other", "hush", {"dev": 1})
Kept = dict[str, set[int]]

#: Of eight weights, two of either concept's own, and two that both keep.
MINE: Kept = {"a": {0, 1, 2, 3}, "b": {2, 3, 4, 5}}
OTHER: Kept = {"a": {0, 2, 6}, "b": {1, 2, 3, 7}}


def subnetworks(
    stacks: dict[str, torch.Tensor], concepts: tuple[str, ...], residual: bool = False
) -> Subnetworks:
    """Masks given as booleans, every matrix the query of a layer of its own."""
    masks = ConceptMasks.from_bools((*concepts, "residual") if residual else concepts, stacks)
    sites = {name: WeightSite(name, layer, "query", masks.shapes[name], False) for layer, name in enumerate(stacks)}
    return Subnetworks(masks, sites, concepts, 1)


def drawn(*matrices: Kept, shape: tuple[int, int] = (2, 4)) -> Subnetworks:
    """Masks given as the weights that each concept keeps of every matrix."""
    stacks = {}
    for layer, kept in enumerate(matrices):
        flat = [[weight in weights for weight in range(shape[0] * shape[1])] for weights in kept.values()]
        stacks[f"m{layer}"] = torch.tensor(flat).reshape(-1, *shape)
    return subnetworks(stacks, tuple(matrices[0]))


def compared(first: Subnetworks, second: Subnetworks) -> MaskComparison:
    return compare(first, second, SOURCES)


def test_what_becomes_of_weights_is_counted_by_hand() -> None:
    """Of a's four weights the other a keeps 0 and 2, and only the other b keeps 1 and 3; nobody keeps b's 4 and 5."""
    found = compared(drawn(MINE), drawn(OTHER))
    whole, own = found.whole, found.own
    assert whole.weights.tolist() == [4, 4] and own.weights.tolist() == [2, 2]
    assert (whole.same.tolist(), whole.other.tolist(), whole.nowhere.tolist()) == ([0.5, 0.5], [0.5, 0], [0, 0.5])
    assert (own.same.tolist(), own.other.tolist(), own.nowhere.tolist()) == ([0.5, 0], [0.5, 0], [0, 1])
    assert (whole.others.tolist(), whole.rival.tolist(), whole.best.tolist()) == ([0.75, 0.25], [1, 0], [0.75, 0.25])
    assert whole.lead.tolist() == [-0.25, 0.25] and own.lead.tolist() == [0, 0]
    assert whole.chance.tolist() == own.chance.tolist() == [3 / 8, 4 / 8]


def test_the_matrix_of_all_pairs_has_chance_beside_it() -> None:
    values = compared(drawn(MINE), drawn(OTHER)).to_json()
    assert values["jaccard"] == [[2 / 5, 3 / 5], [1 / 6, 2 / 6]]
    assert values["expected"][0] == [pytest.approx(0.1875 / 0.6875), pytest.approx(0.25 / 0.75)]
    mean, variance = 4 * 3 / 8, 4 * 3 / 8 * 4 / 8 * 5 / 7
    assert values["z"][0][0] == pytest.approx((2 - mean) / variance**0.5)
    assert values["passes"]["b"] == {"jaccard": 2 / 6, "expected": pytest.approx(0.25 / 0.75), "contained": 0.5,
                                     "z": pytest.approx(0)}


def test_each_side_has_its_own_figures() -> None:
    found = compared(drawn(MINE), drawn(OTHER))
    assert found.own_share(0).tolist() == [0.5, 0.5] and found.own_share(1).tolist() == [2 / 3, 3 / 4]
    assert (found.mean_overlap(0), found.mean_overlap(1)) == (2 / 6, 1 / 6)
    values = found.to_json()
    assert values["first"]["density"] == {"a": 0.5, "b": 0.5} and values["second"]["density"] == {"a": 3 / 8, "b": 0.5}
    assert (values["name"], values["checkpoint"], values["sparsity"]) == ("other", "hush", None)
    assert json.loads(json.dumps(values, allow_nan=False)) == values


def test_layers_are_counted_apart() -> None:
    """In the second layer a keeps the same weights in both, and b none in one of them."""
    found = compared(drawn(MINE, {"a": {0, 1}, "b": {2}}), drawn(OTHER, {"a": {0, 1}, "b": set()})).to_json()
    assert list(found["layers"]) == ["0", "1"]
    assert [found["layers"][layer]["a"]["jaccard"] for layer in ("0", "1")] == [2 / 5, 1]
    assert [found["layers"][layer]["b"]["contained"] for layer in ("0", "1")] == [0.5, 0]
    assert found["whole"]["a"]["same"] == pytest.approx(4 / 6)
    assert found["whole"]["b"]["nowhere"] == pytest.approx(3 / 5)


@pytest.mark.parametrize("shape", [(3, 5), (8, 8), (1, 7)])
@pytest.mark.parametrize("concepts", [1, 2, 3, 5])
def test_counts_are_exact_whatever_the_shape(shape: tuple[int, int], concepts: int) -> None:
    """Also with a residual on both sides, which is no concept, and rubbish in the bits beyond the last weight."""
    names = tuple(map(str, range(concepts)))
    stacks = [torch.rand(concepts + 1, *shape) < 0.6 for _ in range(2)]
    mine, other = (subnetworks({"m": stack}, names, residual=True) for stack in stacks)
    if shape[0] * shape[1] % 8:
        mine.masks.bits["m"][:, -1] |= 1
        other.masks.bits["m"][:, -1] |= 1
    found = compared(mine, other)
    here, there = (stack.flatten(1).numpy() for stack in stacks)
    anyone = there[:concepts].any(0)
    for k in range(concepts):
        own = here[k] & ~np.delete(here[:concepts], k, axis=0).any(0)
        for weights, part in ((here[k], found.whole), (own, found.own)):
            size = max(int(weights.sum()), 1)
            assert part.weights[k] == weights.sum()
            assert part.same[k] == pytest.approx((weights & there[k]).sum() / size)
            assert part.nowhere[k] == pytest.approx((weights & ~anyone).sum() / size)
            assert part.other[k] == pytest.approx((weights & anyone & ~there[k]).sum() / size)
            shares = [(weights & there[j]).sum() / size for j in range(concepts) if j != k]
            assert part.others[k] == pytest.approx(np.mean(shares) if shares else 0)
            assert part.best[k] == pytest.approx(max(shares, default=0))
            assert part.lead[k] == pytest.approx(part.same[k] - max(shares, default=0))
    assert found.passes[-1] == "residual" and found.overlaps[1].total.kept[0, -1] == there[-1].sum()
    assert found.between(found.across.total.both)[0, -1, -1] == (here[-1] & there[-1]).sum()


def test_nothing_is_unpacked(monkeypatch: pytest.MonkeyPatch) -> None:
    first, second = drawn(MINE), drawn(OTHER)
    for name in ("unpack", "unpack_pass"):
        monkeypatch.setattr(ConceptMasks, name, lambda *_: pytest.fail("unpacked"))
    assert compared(first, second).whole.same.tolist() == [0.5, 0.5]


def test_the_same_masks_are_known_as_such() -> None:
    found = compared(drawn(MINE), drawn(MINE))
    assert found.identical and found.whole.same.tolist() == [1, 1] and found.own.lead.tolist() == [1, 1]
    assert not compared(drawn(MINE), drawn(OTHER)).identical
    nested: Kept = {"a": {0, 1, 2, 3}, "b": {2, 3, 4}}
    assert not compared(drawn(MINE), drawn(nested)).identical and not compared(drawn(nested), drawn(MINE)).identical


def test_concepts_that_swapped_their_weights_are_found_with_each_other() -> None:
    found = compared(drawn(MINE), drawn({"a": MINE["b"], "b": MINE["a"]}))
    assert found.own.same.tolist() == [0, 0] and found.own.rival.tolist() == [1, 0]
    assert found.own.best.tolist() == [1, 1] and found.own.lead.tolist() == [-1, -1]
    assert not found.identical


def test_a_concept_without_weights_of_its_own_has_none_to_lose() -> None:
    found = compared(drawn({"a": {0, 1}, "b": {0, 1, 2}}), drawn(OTHER)).own
    assert found.weights.tolist() == [0, 1]
    for name in ("same", "other", "nowhere", "others", "best", "chance", "lead"):
        assert getattr(found, name)[0] == 0


def test_a_single_concept_has_no_rival() -> None:
    found = compared(drawn({"a": {0, 1, 2, 3}}), drawn({"a": {0, 4}}))
    assert found.whole.rival.tolist() == [-1] and found.whole.lead.tolist() == [0.25]
    assert found.mean_overlap(0) is None and found.to_json()["own"]["a"]["rival"] is None


def test_independent_masks_agree_with_chance() -> None:
    generator = torch.Generator().manual_seed(0)
    first, second = (subnetworks({str(layer): torch.rand(3, 96, 130, generator=generator) < 0.3 for layer in range(4)},
                                 ("a", "b", "c")) for _ in range(2))
    found = compared(first, second)
    assert np.abs(found.between(found.across.layers.z)).max() < 4
    for part in (found.whole, found.own):
        np.testing.assert_allclose(part.same, part.chance, rtol=0, atol=0.02)
        assert np.abs(part.lead).max() < 0.03


def test_masks_of_other_concepts_are_refused_by_both_names() -> None:
    with pytest.raises(InputError, match="mine has the subnetworks a, b, but other has a, wine; allowed: the same"):
        compared(drawn(MINE), drawn({"a": {1}, "wine": {2}}))
    bare, with_residual = (subnetworks({"m": torch.ones(2 + more, 2, 4, dtype=torch.bool)}, ("a", "b"), bool(more))
                           for more in (0, 1))
    with pytest.raises(InputError, match="other has a, b, residual"):
        compared(bare, with_residual)


def test_masks_of_another_network_are_refused_by_both_names() -> None:
    with pytest.raises(InputError, match=r"mine and other.*m0 is 2 x 4 in mine and 4 x 2 in other"):
        compared(drawn(MINE), drawn(OTHER, shape=(4, 2)))
    with pytest.raises(InputError, match=r"m1 is missing in mine and 2 x 4 in other \(matrices that differ: 1\)"):
        compared(drawn(MINE), drawn(OTHER, OTHER))


def test_a_folder_is_read_without_its_weights(tmp_path: Path) -> None:
    mine, other = (saved_checkpoint(tmp_path / name, seed=seed) for seed, name in enumerate(("mine", "other")))
    (other / WEIGHTS_FILE).unlink()
    first = Subnetworks.of(load_outline(mine))
    found = compare_folder(first, SOURCES[0], other)
    assert found.second.name == "other" and found.second.checkpoint == load_outline(other).hash
    assert found.identical, "the random masks of both have one seed"


def test_a_folder_without_masks_is_refused(tmp_path: Path) -> None:
    first = Subnetworks.of(load_outline(saved_checkpoint(tmp_path / "mine")))
    with pytest.raises(CheckpointError, match="dense and has no masks"):
        compare_folder(first, SOURCES[0], saved_checkpoint(tmp_path / "dense", kind="dense"))
    with pytest.raises(CheckpointError, match=r"lacks config\.json"):
        compare_folder(first, SOURCES[0], tmp_path)
