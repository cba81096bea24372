"""One step by hand: weights against the value are dropped and as many for it grown, the strongest first."""

import numpy as np
import pytest
import torch

from sparsecbm.model.encoding import Encoded
from sparsecbm.model.masks import ConceptMasks
from sparsecbm.model.network import SparseCBM
from sparsecbm.revision.compute_exchange import Exchange, Plan
from sparsecbm.revision.edit import Positions
from tests.helpers import random_masks, tiny_encoder, tiny_model, untouched
from tests.revision.one_layer import ENCODED, OneLayer, masks_of, own_matrices

# x = (1, 2, 3). With the used weights, z = (1 - 2, 3) = (-1, 3), so p = softmax(z) = (q0, q1) = (0.018, 0.982). For
# value 0, d CE / dz = (q0 - 1, q1) = (-q1, q1), and g = d CE / d M = (d CE / dz) x W:
#     row 0: -q1 (1, 2, 3) (1, -1, 2) = q1 (-1, 2, -6)      used, used, not
#     row 1:  q1 (1, 2, 3) (3, -1, 1) = q1 ( 3, -2, 3)      used, not, not
WEIGHTS, X, USED = ((1.0, -1.0, 2.0), (3.0, -1.0, 1.0)), (1.0, 2.0, 3.0), ((1, 1, 0), (1, 0, 0))


def by_hand(value: int = 0) -> Exchange:
    model, masks = OneLayer(WEIGHTS, X), masks_of(USED)
    return Exchange(model, masks, own_matrices(model, masks), ENCODED, 0, value)


def lists(plan: Plan) -> tuple[list[int], list[int]]:
    dropped, grown = plan.exchanges["weight"]
    return dropped.tolist(), grown.tolist()


def kept(positions: Positions) -> dict[str, list[int]]:
    return {name: found.tolist() for name, found in positions.items()}


def test_the_state_is_that_of_the_used_weights() -> None:
    state = by_hand().evaluate(gradient=False)
    q = 1 / (1 + np.exp(4))
    assert (state.agrees, state.probability) == (False, pytest.approx(q))
    assert state.cross_entropy == pytest.approx(-np.log(q)) and state.pooled.tolist() == [[-1, 3]]
    assert by_hand(1).evaluate(gradient=False).agrees


def test_one_exchange_is_the_one_worked_out_by_hand() -> None:
    """Used weights with positive g: 3 (row 1, 3 q1), then 1 (2 q1). Unused with negative: 2 (-6 q1), then 4 (-2 q1)."""
    exchange = by_hand()
    plan = exchange.plan(exchange.evaluate(gradient=True), {"weight": 1})
    assert lists(plan) == ([3], [2])
    assert exchange.apply(plan, 1).pooled.tolist() == [[5, 0]]  # z = (1 - 2 + 6, 0)


def test_no_more_are_exchanged_than_lower_the_loss() -> None:
    """Weight 0 is used and helps, weight 5 is not and harms: a rule by size alone would take them."""
    exchange = by_hand()
    for wanted in (2, 3, 6):
        assert lists(exchange.plan(exchange.evaluate(gradient=True), {"weight": wanted})) == ([3, 1], [2, 4])


def test_the_sign_follows_the_wanted_value() -> None:
    """For value 1 all signs turn: used 0 (1), unused 5 (-3)."""
    exchange = by_hand(1)
    assert lists(exchange.plan(exchange.evaluate(gradient=True), {"weight": 3})) == ([0], [5])


def test_a_plan_can_be_made_in_any_size_and_taken_back() -> None:
    exchange = by_hand()
    plan = exchange.plan(exchange.evaluate(gradient=True), {"weight": 2})
    made = {size: exchange.apply(plan, size).pooled.tolist() for size in (2, 0, 1, 2, 1, 0)}
    assert plan.size == 2 and made == {0: [[-1, 3]], 1: [[5, 0]], 2: [[7, -2]]}


def test_committed_exchanges_are_not_exchanged_again() -> None:
    """After one exchange z = (5, 0); for value 0 that leaves g of the old signs: weight 1 may go, 4 may come."""
    exchange = by_hand()
    plan = exchange.plan(exchange.evaluate(gradient=True), {"weight": 2})
    exchange.commit(plan, 1)
    again = exchange.plan(exchange.evaluate(gradient=True), {"weight": 2})
    assert lists(again) == ([1], [4])
    exchange.commit(again, 1)
    change = exchange.change("soup")
    assert (change.pass_, kept(change.dropped), kept(change.grown)) == ("soup", {"weight": [1, 3]}, {"weight": [2, 4]})
    assert lists(exchange.plan(exchange.evaluate(gradient=True), {"weight": 2})) == ([], [])


def test_committing_a_part_takes_the_rest_back() -> None:
    exchange = by_hand()
    plan = exchange.plan(exchange.evaluate(gradient=True), {"weight": 2})
    exchange.apply(plan, 2)
    exchange.commit(plan, 1)
    assert exchange.evaluate(gradient=False).pooled.tolist() == [[5, 0]]
    assert kept(exchange.change("soup").dropped) == {"weight": [3]}


def test_every_matrix_gives_the_same_share_of_a_plan() -> None:
    four, two = (np.arange(count) for count in (4, 2))
    plan = Plan({"a": (four, four + 10), "b": (two, two + 10)})
    cut = {size: [(len(dropped), len(grown)) for _, dropped, grown in plan.between(size, 0)] for size in range(5)}
    assert cut == {0: [(0, 0)] * 2, 1: [(1, 1), (0, 0)], 2: [(2, 2), (1, 1)], 3: [(3, 3), (1, 1)], 4: [(4, 4), (2, 2)]}
    assert [dropped.tolist() for _, dropped, _ in plan.between(4, 2)] == [[2, 3], [1]]


# -- a real transformer --------------------------------------------------------------------------------------------


@pytest.fixture(scope="module", params=["bert", "gpt2", "opt"])
def real(request: pytest.FixtureRequest) -> tuple[SparseCBM, ConceptMasks, Encoded]:
    model = tiny_model(request.param)
    return model, random_masks(model), tiny_encoder().encode(["The soup was tasty."])


def test_the_gradient_is_that_of_the_mask(real: tuple[SparseCBM, ConceptMasks, Encoded]) -> None:
    """Every used weight that may go and every unused one that may come, against gradients of real-valued masks."""
    model, masks, encoded = real
    parameters = dict(model.backbone.named_parameters())
    soft = {name: masks.unpack_pass(name, 1).float().requires_grad_() for name in masks.matrices}
    pooled = model.run_pass({name: parameters[name] * mask for name, mask in soft.items()},
                            model.embed(encoded.input_ids), encoded.attention_mask)
    logits = pooled @ model.concept_weight[1].T + model.concept_bias[1]
    loss = torch.nn.functional.cross_entropy(logits, torch.tensor([2]))
    gradients = dict(zip(soft, torch.autograd.grad(loss, list(soft.values())), strict=True))
    exchange = Exchange(model, masks, own_matrices(model, masks, 1), encoded, 1, 2)
    plan = exchange.plan(exchange.evaluate(gradient=True), {name: 4 for name in masks.matrices})
    for name, (dropped, grown) in plan.exchanges.items():
        g, used = gradients[name].flatten().numpy(), masks.unpack_pass(name, 1).flatten().numpy()
        np.testing.assert_allclose(g[dropped], np.sort(g[used])[::-1][:4], rtol=1e-3, atol=1e-7)
        np.testing.assert_allclose(g[grown], np.sort(g[~used])[:4], rtol=1e-3, atol=1e-7)
        assert used[dropped].all() and not used[grown].any()
    assert exchange.apply(plan, plan.size).cross_entropy < loss.item()


def test_nothing_that_came_in_is_written_to(real: tuple[SparseCBM, ConceptMasks, Encoded]) -> None:
    model, masks, encoded = real
    own = own_matrices(model, masks)
    copies = {name: matrix.clone() for name, matrix in own.items()}
    with untouched(model, masks):
        exchange = Exchange(model, masks, own, encoded, 0, 0)
        plan = exchange.plan(exchange.evaluate(gradient=True), {name: 5 for name in masks.matrices})
        exchange.commit(plan, 3)
    assert all(torch.equal(matrix, copies[name]) and not matrix.requires_grad for name, matrix in own.items())
