"""Weights are taken out where and of whom it was said, for one call, and nothing that is shared changes."""

import threading
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from sparsecbm.errors import InputError
from sparsecbm.model.backbone import attention_heads
from sparsecbm.model.network import SparseCBM
from sparsecbm.model.subnetwork_masks import Subnetworks
from sparsecbm.service import Explainer
from sparsecbm.subnetworks import compute_knockout as module
from sparsecbm.subnetworks.compute_knockout import knock_out
from sparsecbm.subnetworks.knockout import KnockOut
from sparsecbm.types import Prediction
from tests.helpers import ARCHITECTURES, random_masks, saved_checkpoint, tiny_model, untouched

TEXT = "The soup was tasty. The room felt shabby."


def made(kind: str = "bert") -> tuple[SparseCBM, Subnetworks]:
    """A tiny model with random masks; no weight of it is zero."""
    model = tiny_model(kind)
    masks = random_masks(model)
    return model, Subnetworks(masks, model.sites, model.config.schema.concepts, attention_heads(model.backbone))


def lost(kind: str, *knock_outs: KnockOut) -> tuple[dict[str, torch.Tensor], Subnetworks]:
    """Per matrix, the weights that each pass had before and no longer has; the others must be as they were."""
    model, subnetworks = made(kind)
    before = model.masked_weights(subnetworks.masks)
    copies = {name: stack.clone() for name, stack in before.stacks.items()}
    after, removed = knock_out(before, subnetworks, knock_outs)
    gone = {name: (stack != 0) & (after.stacks[name] == 0) for name, stack in before.stacks.items()}
    for name, stack in before.stacks.items():
        assert torch.equal(stack, copies[name])
        assert torch.equal(after.stacks[name][~gone[name]], stack[~gone[name]])
        assert (after.stacks[name] is stack) == (not gone[name].any())  # only what is touched is copied
    assert list(removed) == list(subnetworks.masks.passes)
    assert list(removed.values()) == sum(matrix.sum((1, 2)) for matrix in gone.values()).tolist()
    return gone, subnetworks


def test_a_whole_subnetwork_goes_from_every_pass() -> None:
    gone, subnetworks = lost("bert", KnockOut("soup"))
    for name, matrix in gone.items():
        masks = subnetworks.masks.unpack(name)
        assert torch.equal(matrix, masks & masks[0])


def test_only_the_exclusive_part_goes() -> None:
    """Other concepts do not have it; the residual may."""
    gone, subnetworks = lost("bert", KnockOut("room", exclusive=True))
    for name, matrix in gone.items():
        soup, room, rest = subnetworks.masks.unpack(name)
        assert torch.equal(matrix, torch.stack([room & ~room, room & ~soup, rest & room & ~soup]))


def test_it_may_go_from_one_pass_alone_and_several_add_up() -> None:
    gone, subnetworks = lost("bert", KnockOut("soup", within="room"), KnockOut("residual", within="room"),
                             KnockOut(layer=1, within="residual"))
    for name, matrix in gone.items():
        soup, room, rest = subnetworks.masks.unpack(name)
        last = rest & (subnetworks.sites[name].layer == 1)
        assert torch.equal(matrix, torch.stack([soup & ~soup, room & (soup | rest), last]))


def test_what_several_name_goes_once() -> None:
    gone, subnetworks = lost("bert", KnockOut("soup"), KnockOut(layer=1), KnockOut("soup", layer=1))
    for name, matrix in gone.items():
        masks = subnetworks.masks.unpack(name)
        assert torch.equal(matrix, masks & (masks[0] | torch.tensor(subnetworks.sites[name].layer == 1)))


def test_a_layer_goes_whoever_keeps_it() -> None:
    gone, subnetworks = lost("bert", KnockOut(layer=0))
    for name, matrix in gone.items():
        masks = subnetworks.masks.unpack(name)
        assert torch.equal(matrix, masks & (subnetworks.sites[name].layer == 0))


@pytest.mark.parametrize("kind", ARCHITECTURES)
def test_a_head_is_its_query_key_value_and_what_is_read_of_it(kind: str) -> None:
    """By plain indexing of [output, input]: head 1 of 2 has places 8 to 15."""
    gone, subnetworks = lost(kind, KnockOut(layer=1, head=1))
    for name, site in subnetworks.sites.items():
        wanted = torch.zeros(site.shape, dtype=torch.bool)
        turned = wanted.T if site.input_first else wanted  # writes through: [output, input]
        if site.layer == 1 and site.role in ("query", "key", "value"):
            turned[8:16] = True
        elif site.layer == 1 and site.role == "query_key_value":
            turned[8:16] = turned[24:32] = turned[40:48] = True
        elif site.layer == 1 and site.role == "attention_output":
            turned[:, 8:16] = True
        assert torch.equal(gone[name], subnetworks.masks.unpack(name) & wanted), site


@pytest.mark.parametrize("kind", ARCHITECTURES)
def test_neurons_are_what_goes_in_and_out_of_them(kind: str) -> None:
    gone, subnetworks = lost(kind, KnockOut("soup", layer=0, neurons=(3, 31)))
    for name, site in subnetworks.sites.items():
        wanted = torch.zeros(site.shape, dtype=torch.bool)
        turned = wanted.T if site.input_first else wanted
        if site.layer == 0 and site.role == "feed_forward_in":
            turned[[3, 31]] = True
        elif site.layer == 0 and site.role == "feed_forward_out":
            turned[:, [3, 31]] = True
        masks = subnetworks.masks.unpack(name)
        assert torch.equal(gone[name], masks & masks[0] & wanted), site


@pytest.mark.parametrize(("wrong", "message"), [
    (KnockOut("decor"), "Unknown subnetwork 'decor'; allowed: soup, room, residual"),
    (KnockOut(within="decor"), "Unknown pass 'decor'"),
    (KnockOut(exclusive=True), "Exclusive weights came without a subnetwork"),
    (KnockOut(layer=2), "Unknown layer '2'; allowed: 0, 1"),
    (KnockOut(layer=-1), "Unknown layer '-1'"),
    (KnockOut(head=0), "Head 0 and neurons None came with layer None"),
    (KnockOut(layer=0, head=0, neurons=(1,)), "either a head or neurons"),
    (KnockOut(layer=0, head=2), "Head 2 of layer 0 came; allowed: 0 to 1"),
    (KnockOut(layer=0, neurons=(5, -1, 32)), "Neurons -1, 5, 32 of layer 0 came; allowed: 0 to 31"),
    (KnockOut(layer=0, neurons=()), "Neurons none of layer 0"),
], ids=lambda value: "" if isinstance(value, str) else str(value).removeprefix("KnockOut"))
def test_what_there_is_not_is_refused(wrong: KnockOut, message: str) -> None:
    model, subnetworks = made()
    with pytest.raises(InputError, match=message):
        knock_out(model.masked_weights(subnetworks.masks), subnetworks, [KnockOut(layer=0), wrong])


# -- through the explainer -----------------------------------------------------------------------------------------


@pytest.fixture
def explainer(tmp_path: Path) -> Explainer:
    return Explainer.load(saved_checkpoint(tmp_path), "cpu")


def alike(one: Prediction, other: Prediction) -> bool:
    """Bit for bit."""
    return all(np.array_equal(getattr(one, name), getattr(other, name))
               for name in ("concept_probabilities", "bottleneck", "residual", "label_logits", "label_probabilities"))


@pytest.mark.parametrize("residual", [True, False])
def test_without_knock_outs_the_prediction_is_the_same_bit_for_bit(residual: bool, explainer: Explainer) -> None:
    result = explainer.knock_out(TEXT, (), residual)
    assert alike(result.before, result.after) and alike(result.before, explainer.predict(TEXT, residual))
    assert result.removed == {"soup": 0, "room": 0, "residual": 0} and not result.label_changed
    assert result.receipt.method == "knock-out" and result.receipt.checkpoint == explainer.checkpoint.hash
    assert bool(np.any(result.after.residual)) == residual


def test_only_the_passes_that_lost_weights_say_something_else(explainer: Explainer) -> None:
    chosen = (KnockOut("soup", layer=0, within="soup"),)
    result = explainer.knock_out(TEXT, chosen)
    before, after = result.before.concept_probabilities, result.after.concept_probabilities
    assert not np.allclose(before[0], after[0]) and np.array_equal(before[1], after[1])
    assert np.array_equal(result.before.residual, result.after.residual)
    assert alike(result.before, explainer.predict(TEXT))
    assert result.removed["soup"] > 0 == result.removed["room"] and result.knock_outs == chosen


def test_a_pass_without_weights_still_answers(explainer: Explainer) -> None:
    result = explainer.knock_out(TEXT, [KnockOut()])
    assert np.isfinite(result.after.label_logits).all()
    assert not np.allclose(result.before.label_logits, result.after.label_logits)


def test_nobody_else_notices(explainer: Explainer, monkeypatch: pytest.MonkeyPatch) -> None:
    """Model, masks and the masked weights stay bit-identical: after a knock-out, an error, and under threads."""
    model, masks, weights = explainer._model, explainer._loaded.masks, explainer._weights
    assert weights is not None
    copies = {name: stack.clone() for name, stack in weights.stacks.items()}
    alone = explainer.predict(TEXT)
    wanted = [explainer.knock_out(TEXT, [KnockOut("soup", layer=layer)]).after for layer in (0, 1)]
    answers: dict[int, list[Any]] = {0: [], 1: [], 2: []}

    def ask(number: int) -> None:
        for _ in range(8):
            answers[number].append(explainer.predict(TEXT) if number == 2
                                   else explainer.knock_out(TEXT, [KnockOut("soup", layer=number)]).after)

    with untouched(model, masks):
        threads = [threading.Thread(target=ask, args=(number,)) for number in answers]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        monkeypatch.setattr(module, "exclusive_bits", lambda *_: 1 / 0)
        with pytest.raises(ZeroDivisionError):
            explainer.knock_out(TEXT, [KnockOut(layer=0), KnockOut("soup", exclusive=True, layer=1)])
        with pytest.raises(InputError):
            explainer.knock_out(" ", [KnockOut(layer=0)])
    for number, some in answers.items():
        assert len(some) == 8 and all(alike(one, (*wanted, alone)[number]) for one in some)
    assert all(torch.equal(stack, copies[name]) for name, stack in weights.stacks.items())
    assert alike(explainer.predict(TEXT), alone)
