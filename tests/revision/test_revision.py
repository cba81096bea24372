"""Revisions: as small as possible, never more than allowed, the same twice, and nothing shared changes."""

from typing import Any

import numpy as np
import pytest
import torch

from sparsecbm.errors import Cancelled, InputError
from sparsecbm.model.masks import ConceptMasks
from sparsecbm.model.network import SparseCBM
from sparsecbm.revision.compute import MAX_PORTION, RevisionTrace, parse_revision, revise
from sparsecbm.revision.compute_exchange import Exchange
from sparsecbm.revision.compute_masks import changed_masks, concept_logits, random_edit
from sparsecbm.revision.edit import MaskChange
from tests.helpers import ARCHITECTURES, TOY, random_masks, tiny_encoder, tiny_model, untouched
from tests.revision.one_layer import ENCODED, OneLayer, masks_of, own_matrices
from tests.revision.toys import contents

ENCODED_REVIEW = tiny_encoder().encode(["The soup was tasty. The room felt shabby."])


def logits(model: SparseCBM, masks: ConceptMasks, k: int) -> torch.Tensor:
    """A concept of the review through its own pass."""
    pooled = model.run_pass(own_matrices(model, masks, k), model.embed(ENCODED_REVIEW.input_ids),
                            ENCODED_REVIEW.attention_mask)
    return concept_logits(model, k, pooled)[0]


def wanted(model: SparseCBM, masks: ConceptMasks, concept: str, place: int = 1) -> str:
    """The concept's second, or last, most probable value."""
    order = logits(model, masks, TOY.concept_index(concept)).argsort(descending=True)
    return TOY.values[int(order[place])]


def stubborn_model(reluctance: float = 2) -> SparseCBM:
    """A model whose first concept is loath to be negative, its last value: that takes several steps, or much of one."""
    model = tiny_model()
    model.concept_bias[0, 0] -= reluctance
    return model


def revised(model: SparseCBM, masks: ConceptMasks, concept: str = "soup", place: int = 1, **how: Any) -> RevisionTrace:
    k, value = TOY.concept_index(concept), wanted(model, masks, concept, place)
    return revise(model, masks, own_matrices(model, masks, k), ENCODED_REVIEW, concept, value,
                  **{"portion": MAX_PORTION} | how)


def shares(masks: ConceptMasks, change: MaskChange) -> list[float]:
    """The share of its active weights that each matrix drops; it must grow as many."""
    k = masks.passes.index(change.pass_)
    assert {n: len(p) for n, p in change.dropped.items()} == {n: len(p) for n, p in change.grown.items()}
    return [len(positions) / int(masks.unpack_pass(name, k).sum()) for name, positions in change.dropped.items()]


# -- what it does --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", ARCHITECTURES)
def test_a_revision_brings_the_concept_to_the_value(kind: str) -> None:
    model, concept = tiny_model(kind), TOY.concepts[list(ARCHITECTURES).index(kind) % 2]
    masks = random_masks(model)
    made = revised(model, masks, concept)
    after = changed_masks(masks, [made.revision.change])
    k, value = TOY.concept_index(concept), TOY.value_index(made.revision.value)
    probabilities = logits(model, after, k).softmax(-1)
    assert int(probabilities.argmax()) == value != int(logits(model, masks, k).argmax())
    assert made.steps[-1].probability == pytest.approx(float(probabilities[value]), abs=1e-5)
    assert made.steps[-1].cross_entropy == pytest.approx(-np.log(float(probabilities[value])), abs=1e-4)
    assert (made.revision.concept, made.revision.steps) == (concept, len(made.steps) - 1)
    assert after.density() == masks.density() and max(shares(masks, made.revision.change)) <= MAX_PORTION
    for other in set(range(3)) - {k}:
        assert all(torch.equal(after.bits[name][other], masks.bits[name][other]) for name in masks.matrices)


def test_the_steps_begin_with_the_state_before() -> None:
    model = stubborn_model(6)
    masks = random_masks(model)
    made = revised(model, masks, place=2)
    assert len(made.steps) == 4
    first, last = made.steps[0], made.steps[-1]
    before = logits(model, masks, 0).softmax(-1)[TOY.value_index(made.revision.value)]
    assert (first.portion, first.probability) == (0, pytest.approx(float(before)))
    assert last.portion == made.revision.portion == made.revision.change.dropped_count / made.active
    assert made.active == sum(int(masks.unpack_pass(name, 0).sum()) for name in masks.matrices)
    assert sorted(step.portion for step in made.steps) == [step.portion for step in made.steps]
    assert [step.cross_entropy for step in made.steps] == pytest.approx([-np.log(s.probability) for s in made.steps])


def test_all_steps_together_stay_within_the_portion_of_each_matrix(monkeypatch: pytest.MonkeyPatch) -> None:
    """A concept that never agrees exchanges all that it may, to the last weight, in all of its steps."""
    monkeypatch.setattr(Exchange, "evaluate", never_agreeing(Exchange.evaluate))
    model = tiny_model()
    masks = random_masks(model)
    counts = {name: int(masks.unpack_pass(name, 0).sum()) for name in masks.matrices}
    for steps in (1, 5):
        made = revised(model, masks, portion=0.07, steps=steps)
        dropped = {name: len(made.revision.change.dropped.get(name, ())) for name in counts}
        assert made.revision.steps == steps and dropped == {name: int(0.07 * count) for name, count in counts.items()}
        assert shares(masks, made.revision.change)


def never_agreeing(evaluate: Any) -> Any:
    """The true state, but not agreeing, and with a loss that falls from step to step at every size."""
    losses = iter(range(10_000, 0, -1))

    def changed(self: Exchange, gradient: bool) -> Any:
        state = evaluate(self, gradient)
        object.__setattr__(state, "agrees", False)
        object.__setattr__(state, "loss", state.loss - state.loss.detach() + (next(losses) if gradient else 0))
        return state

    return changed


# One matrix of two rows and 23 columns. The last 20 are zero, of no effect, but used, so that portions are of 23.
LONG_X = (1.0, 2.0, 3.0, *(1.0,) * 20)
LONG = ((1.0, -1.0, 2.0, *(0.0,) * 20), (3.0, -1.0, 1.0, *(0.0,) * 20))
LONG_USED = ((1, 1, 0, *(1,) * 20), (1, *(0,) * 22))


def one_layer(value: str, portion: float, **how: Any) -> RevisionTrace:
    model, masks = OneLayer(LONG, LONG_X), masks_of(LONG_USED)
    return revise(model, masks, own_matrices(model, masks), ENCODED, "soup", value, portion, **how)


def test_the_smallest_number_of_exchanges_is_kept() -> None:
    """By hand, as in the tests of one step: the first exchange of two already leads to z = (5, 0)."""
    made = one_layer("no", 0.1, steps=1)
    assert made.active == 23 and made.revision.portion == 1 / 23
    assert {name: p.tolist() for name, p in made.revision.change.dropped.items()} == {"weight": [23]}
    assert {name: p.tolist() for name, p in made.revision.change.grown.items()} == {"weight": [2]}
    assert made.pooled.tolist() == [[5, 0]] and made.steps[-1].probability == pytest.approx(1 / (1 + np.exp(-5)))


def test_without_looking_for_the_smallest_the_whole_step_is_kept() -> None:
    made = one_layer("no", 0.1, steps=1, smallest=False)
    assert {name: p.tolist() for name, p in made.revision.change.dropped.items()} == {"weight": [1, 23]}
    assert made.pooled.tolist() == [[7, -2]]
    assert one_layer("no", 0.1, steps=2, smallest=False).pooled.tolist() == [[5, 0]]  # agrees after the first


def test_one_exchange_fewer_in_the_largest_matrix_does_not_do(monkeypatch: pytest.MonkeyPatch) -> None:
    plans: list[tuple[Any, int, bool]] = []
    apply = Exchange.apply

    def noted(self: Exchange, plan: Any, size: int, gradient: bool = False) -> Any:
        state = apply(self, plan, size, gradient)
        plans.append((plan, size, state.agrees))
        return state

    monkeypatch.setattr(Exchange, "apply", noted)
    model = stubborn_model()
    made = revised(model, random_masks(model), place=2, steps=1)
    last = plans[-1][0]
    agreed = {size: agrees for plan, size, agrees in plans if plan is last}
    least = min(size for size, agrees in agreed.items() if agrees)
    assert least > 1 and agreed[least - 1] is False
    assert made.revision.change.dropped_count == sum(len(dropped) for _, dropped, _ in last.between(least, 0))


def test_the_same_request_gives_the_same_revision() -> None:
    model = stubborn_model(6)
    masks = random_masks(model)
    one, two = (revised(model, masks, place=2) for _ in range(2))
    assert one.revision.change.digest == two.revision.change.digest
    assert one.steps == two.steps and torch.equal(one.pooled, two.pooled)


def test_revisions_of_one_pass_stack() -> None:
    model = tiny_model()
    masks = random_masks(model)
    one = revised(model, masks)
    between = changed_masks(masks, [one.revision.change])
    two = revised(model, between, place=2)
    after = changed_masks(masks, [one.revision.change, two.revision.change])
    assert contents(after) == contents(changed_masks(between, [two.revision.change]))
    assert TOY.values[int(logits(model, after, 0).argmax())] == two.revision.value
    back = [two.revision.change.inverse, one.revision.change.inverse]
    assert contents(changed_masks(after, back)) == contents(masks)


# -- what it leaves alone ------------------------------------------------------------------------------------------


def test_nothing_shared_changes_whatever_happens(monkeypatch: pytest.MonkeyPatch) -> None:
    model = stubborn_model()
    masks = random_masks(model)

    def stop(share: float) -> None:
        if share > 0.3:
            raise Cancelled("Stopped.")

    def fail(*_: Any, **__: Any) -> None:
        raise RuntimeError("in the middle")

    with untouched(model, masks):
        revised(model, masks, place=2)
        with pytest.raises(Cancelled):
            revised(model, masks, place=2, progress=stop)
        monkeypatch.setattr(Exchange, "commit", fail)
        with pytest.raises(RuntimeError, match="in the middle"):
            revised(model, masks)


def test_progress_grows_from_nothing_to_at_most_all() -> None:
    model, heard = stubborn_model(), []
    revised(model, random_masks(model), place=2, progress=heard.append)
    assert heard[0] == 0 and heard == sorted(set(heard)) and len(heard) >= 5 and heard[-1] <= 1


# -- what is refused -----------------------------------------------------------------------------------------------


def test_bounds_and_names_are_checked() -> None:
    model = tiny_model()
    masks = random_masks(model)
    for name, values in (("portion", (0.0, -0.01, 0.1001, float("nan"), float("inf"), 1e-6)), ("steps", (0, 51, -1))):
        for value in values:
            with pytest.raises(InputError, match=rf"{value:g}\b.*allowed"):
                revised(model, masks, **{name: value})
    for concept, value, names in (("decor", "Positive", "soup, room"), ("soup", "Great", "Negative, unknown"),
                                  ("residual", "unknown", "soup, room")):
        with pytest.raises(InputError, match=names):
            revise(model, masks, own_matrices(model, masks), ENCODED_REVIEW, concept, value)


def test_a_request_is_read_from_text() -> None:
    assert parse_revision("soup=Negative", TOY) == ("soup", "Negative")
    for text, part in (("soup", "'soup' is not"), ("decor=Negative", "soup, room"), ("soup=0.2,0.3,0.5", "Negative"),
                       ("soup=", "''"), ("soup=Negative=", "'Negative='")):
        with pytest.raises(InputError, match=part):
            parse_revision(text, TOY)


# -- the control ---------------------------------------------------------------------------------------------------


def test_a_random_edit_is_as_large_everywhere_and_fits() -> None:
    model = tiny_model()
    masks = random_masks(model)
    like = revised(model, masks, place=2).revision.change
    drawn = random_edit(masks, like, seed=3)
    assert drawn.pass_ == like.pass_ and drawn.digest != like.digest
    for one, other in ((drawn.dropped, like.dropped), (drawn.grown, like.grown)):
        assert {name: len(found) for name, found in one.items()} == {name: len(found) for name, found in other.items()}
    after = changed_masks(masks, [drawn])
    assert after.density() == masks.density() and contents(after) != contents(masks)
    assert random_edit(masks, like, seed=3).digest == drawn.digest != random_edit(masks, like, seed=4).digest


def test_all_weights_are_equally_likely_to_be_drawn() -> None:
    """12 used and 8 unused weights; over 100 draws of 3 and 2 each is drawn about 25 times."""
    masks = ConceptMasks.from_bools(("soup",), {"a": torch.arange(20).reshape(1, 4, 5) < 12})
    like = MaskChange("soup", {"a": np.arange(3, dtype=np.int32)}, {"a": np.arange(12, 14, dtype=np.int32)})
    drawn = [random_edit(masks, like, seed) for seed in range(100)]
    counts = np.bincount(np.concatenate([np.concatenate([c.dropped["a"], c.grown["a"]]) for c in drawn]), minlength=20)
    assert counts.sum() == 500 and counts.min() > 8 and counts.max() < 48


def test_a_random_edit_like_one_of_other_masks_is_refused() -> None:
    model = tiny_model()
    masks = random_masks(model)
    like = revised(model, masks).revision.change
    with pytest.raises(InputError, match="other masks"):
        random_edit(changed_masks(masks, [like]), like)
    with pytest.raises(InputError, match="seed is -1"):
        random_edit(masks, like, seed=-1)
