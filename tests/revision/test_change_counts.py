"""The weights of a change are counted at their places, in every architecture."""

from dataclasses import replace

import numpy as np
import pytest

from sparsecbm.model.backbone import attention_heads
from sparsecbm.model.subnetwork_masks import Subnetworks
from sparsecbm.revision.compute_masks import change_counts, changed_masks
from sparsecbm.revision.edit import MaskChange
from sparsecbm.subnetworks.compute_knockout import knock_out
from sparsecbm.subnetworks.knockout import KnockOut
from tests.helpers import ARCHITECTURES, random_masks, tiny_model
from tests.revision.toys import random_change


def test_every_weight_is_counted_at_its_place() -> None:
    model = tiny_model()
    subnetworks = Subnetworks(random_masks(model), model.sites, ("soup", "room"), 2)
    named = {(site.layer, site.role): site.name for site in model.sites.values()}
    counts = change_counts(subnetworks, MaskChange(
        "soup", {named[0, "query"]: np.array([5, 8 * 16, 15 * 16 + 15]), named[1, "attention_output"]: np.array([7])},
        {named[0, "query"]: np.array([0]), named[1, "attention_output"]: np.array([8, 16 + 9]),
         named[1, "feed_forward_in"]: np.array([1, 2])}))
    places = {(row, name): (int(counts.modules.dropped[row, k]), int(counts.modules.grown[row, k]))
              for row in range(2) for k, name in enumerate(counts.modules.columns)}
    assert {place: count for place, count in places.items() if any(count)} == {
        (0, "query"): (3, 1), (1, "attention_output"): (1, 2), (1, "feed_forward_in"): (0, 2)}
    assert counts.modules.rows == ("0", "1") and counts.heads.columns == ("0", "1")
    assert counts.heads.dropped.tolist() == [[1, 2], [1, 0]], "a query's rows, an output's columns belong to heads"
    assert counts.heads.grown.tolist() == [[1, 0], [0, 2]]
    assert counts.heads.net.tolist() == [[0, -2], [-1, 2]]


@pytest.mark.parametrize("kind", ARCHITECTURES)
def test_a_head_has_as_many_more_weights_to_lose_as_it_grew(kind: str) -> None:
    model = tiny_model(kind)
    masks = random_masks(model)
    before = Subnetworks(masks, model.sites, model.config.schema.concepts, attention_heads(model.backbone))
    change = random_change(masks, "soup", 3)
    after = replace(before, masks=changed_masks(masks, (change,)))
    counts = change_counts(before, change)
    assert counts.modules.dropped.sum() == change.dropped_count and counts.modules.grown.sum() == change.grown_count
    for layer in range(2):
        for head in range(2):
            lost, lost_after = (knock_out(model.masked_weights(one.masks), one,
                                          [KnockOut(layer=layer, head=head, within="soup")])[1]["soup"]
                                for one in (before, after))
            assert counts.heads.net[layer, head] == lost_after - lost
    assert counts.heads.net.any()
