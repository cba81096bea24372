"""Mask changes give new masks with exactly these changes, are refused where they do not fit, and can be undone."""

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from sparsecbm.errors import InputError
from sparsecbm.model.masks import ConceptMasks
from sparsecbm.revision.compute_masks import changed_masks
from sparsecbm.revision.edit import MaskChange
from tests.revision.toys import contents

PASSES = ("soup", "room", "residual")


def masks(seed: int = 0) -> ConceptMasks:
    """Three passes over two matrices, one of which does not fill its last byte."""
    generator = torch.Generator().manual_seed(seed)
    return ConceptMasks.from_bools(PASSES, {name: torch.rand(3, *shape, generator=generator) < 0.5
                                            for name, shape in {"a": (3, 5), "b": (4, 8)}.items()})


def change(pass_: str = "soup", **kinds: dict[str, list[int]]) -> MaskChange:
    return MaskChange(pass_, *({name: np.array(found, dtype=np.int32) for name, found in kinds.get(kind, {}).items()}
                               for kind in ("dropped", "grown")))


def flipping(before: ConceptMasks, pass_: str, flip: dict[str, set[int]]) -> MaskChange:
    """The change that makes other of each weight."""
    k, kinds = before.passes.index(pass_), {"dropped": {}, "grown": {}}
    for name, positions in flip.items():
        used = before.unpack(name)[k].flatten()
        for position in sorted(positions):
            kinds["dropped" if used[position] else "grown"].setdefault(name, []).append(position)
    return change(pass_, **kinds)


def test_exactly_the_named_weights_of_the_pass_change() -> None:
    before = masks()
    kept = contents(before)
    after = changed_masks(before, [flipping(before, "room", {"a": {0, 7, 8, 14}, "b": {31}})])
    for name, positions in {"a": [0, 7, 8, 14], "b": [31]}.items():
        differ = (before.unpack(name) != after.unpack(name)).flatten(1)
        assert differ[1].nonzero().flatten().tolist() == positions and not differ[[0, 2]].any()
    assert contents(before) == kept and after.passes == before.passes and after.shapes == before.shapes


def test_untouched_matrices_are_the_very_same() -> None:
    before = masks()
    after = changed_masks(before, [flipping(before, "soup", {"b": {3}})])
    assert after.bits["a"] is before.bits["a"] and after.bits["b"] is not before.bits["b"]
    assert all(some is before.bits[name] for name, some in changed_masks(before, []).bits.items())


def test_changes_stack_one_after_another() -> None:
    before = masks()
    one = flipping(before, "soup", {"a": {1, 2}})
    two = flipping(changed_masks(before, [one]), "soup", {"a": {2, 3}})
    assert contents(changed_masks(before, [one, two])) == contents(
        changed_masks(before, [flipping(before, "soup", {"a": {1, 3}})]))
    with pytest.raises(InputError, match="other masks"):
        changed_masks(before, [two, one])


flips = st.lists(st.tuples(st.sampled_from(PASSES), st.fixed_dictionaries(
    {"a": st.sets(st.integers(0, 14)), "b": st.sets(st.integers(0, 31))})), max_size=5)


@settings(max_examples=20, deadline=None, database=None)
@given(seed=st.integers(0, 9), flips=flips)
def test_undoing_any_changes_leads_back_bit_for_bit(seed: int, flips: list[tuple[str, dict[str, set[int]]]]) -> None:
    before = masks(seed)
    changes: list[MaskChange] = []
    for pass_, flip in flips:
        changes.append(flipping(changed_masks(before, changes), pass_, flip))
    back = [one.inverse for one in reversed(changes)]
    assert contents(changed_masks(before, [*changes, *back])) == contents(before)
    assert contents(changed_masks(changed_masks(before, changes), back)) == contents(before)


def used(pass_: str = "soup", name: str = "a", state: bool = True) -> list[int]:
    """Positions of used, or unused, weights."""
    before = masks()
    return (before.unpack(name)[before.passes.index(pass_)].flatten() == state).nonzero().flatten().tolist()


@pytest.mark.parametrize(("wrong", "parts"), [
    (change("decor", dropped={"a": used()[:1]}), ["pass 'decor'", "soup, room, residual"]),
    (change(dropped={"c": [1]}), ["matrix 'c'", "a, b"]),
    (change(grown={"c": []}), ["matrix 'c'", "a, b"]),
    (change(dropped={"a": [15]}), ["positions 15 to 15", "0 to 14"]),
    (change(grown={"a": [-1]}), ["positions -1 to -1", "0 to 14"]),
    (change(dropped={"a": used()[:2][::-1]}), ["ascending"]),
    (change(dropped={"a": [used()[0]] * 2}), ["ascending"]),
    (change(dropped={"a": [5, -(2**31), -1, 10]}), ["ascending"]),  # its differences overflow to positive numbers
    (change(dropped={"a": used(state=False)[:2]}), ["2 of 2 weights of a that a change drops are not", "other masks"]),
    (change(grown={"a": used()[:1]}), ["1 of 1 weights of a that a change grows are used", "other masks"]),
    (change(dropped={"a": used()[:1]}, grown={"a": used()[:1]}), ["1 of 1 weights of a that a change grows are used"]),
], ids=lambda part: part[0] if isinstance(part, list) else "")
def test_what_does_not_fit_is_refused_and_changes_nothing(wrong: MaskChange, parts: list[str]) -> None:
    before = masks()
    kept = contents(before)
    with pytest.raises(InputError) as error:
        changed_masks(before, [flipping(before, "soup", {"b": {1}}), wrong])
    assert [part for part in parts if part not in str(error.value)] == [] and contents(before) == kept


def test_one_pass_unpacks_as_it_does_among_all() -> None:
    before = masks()
    for name in before.matrices:
        for k in range(3):
            assert torch.equal(before.unpack_pass(name, k), before.unpack(name)[k])
