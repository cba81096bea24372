"""Edits as values: equal content has one digest, an inverse undoes, and what a net change leaves is what is left."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sparsecbm.revision.edit import MaskChange, Positions, net_changes

MATRICES = {"a": 5, "b": 8}


def change(pass_: str = "soup", dropped: dict[str, list[int]] | None = None, grown: dict[str, list[int]] | None = None,
           dtype: type = np.int32) -> MaskChange:
    """A change from plain lists."""
    return MaskChange(pass_, *({name: np.array(found, dtype=dtype) for name, found in (some or {}).items()}
                               for some in (dropped, grown)))


def plain(positions: Positions) -> dict[str, list[int]]:
    return {name: found.tolist() for name, found in positions.items()}


def test_equal_changes_have_equal_digests_and_others_have_others() -> None:
    one = change(dropped={"a": [1, 2], "b": [3]}, grown={"a": [4]})
    assert one.digest == change(dropped={"b": [3], "a": [1, 2]}, grown={"a": [4]}, dtype=np.int64).digest
    others = [change("room", {"a": [1, 2], "b": [3]}, {"a": [4]}), change(dropped={"a": [1, 2], "b": [4]}),
              change(dropped={"a": [1], "b": [2, 3]}, grown={"a": [4]}), one.inverse, change(),
              change(dropped={"a": [1, 2], "b": [3], "a4": []}, grown={})]
    assert len({other.digest for other in [one, *others]}) == len(others) + 1


def test_counts_and_inverse() -> None:
    one = change(dropped={"a": [1, 2], "b": [3]}, grown={"a": [4]})
    assert (one.dropped_count, one.grown_count) == (3, 1)
    assert (plain(one.inverse.dropped), plain(one.inverse.grown)) == ({"a": [4]}, {"a": [1, 2], "b": [3]})
    assert one.inverse.inverse.digest == one.digest


def test_a_weight_dropped_and_grown_again_is_no_change() -> None:
    one = change(dropped={"a": [0, 1]}, grown={"a": [3]})
    again = change(dropped={"a": [2]}, grown={"a": [1]})
    (net,) = net_changes([one, again])
    assert (plain(net.dropped), plain(net.grown)) == ({"a": [0, 2]}, {"a": [3]})
    assert net.dropped["a"].dtype == np.int32


def test_passes_stay_apart_and_those_that_are_as_before_are_left_out() -> None:
    one, room = change(dropped={"a": [1]}, grown={"b": [2]}), change("room", {"a": [1]}, {"b": [2]})
    assert [net.digest for net in net_changes([room, one])] == [room.digest, one.digest]
    assert [net.digest for net in net_changes([one, room, one.inverse])] == [room.digest]
    assert net_changes([]) == net_changes([one, one.inverse]) == ()


flips = st.lists(st.fixed_dictionaries({name: st.sets(st.integers(0, size - 1)) for name, size in MATRICES.items()}),
                 max_size=5)


@settings(max_examples=30, deadline=None, database=None)
@given(start=st.fixed_dictionaries({name: st.sets(st.integers(0, size - 1)) for name, size in MATRICES.items()}),
       flips=flips)
def test_the_net_change_leads_where_the_changes_lead(
    start: dict[str, set[int]], flips: list[dict[str, set[int]]]
) -> None:
    used, changes = {name: set(found) for name, found in start.items()}, []
    for flip in flips:
        dropped = {name: sorted(flip[name] & used[name]) for name in MATRICES}
        grown = {name: sorted(flip[name] - used[name]) for name in MATRICES}
        changes.append(change(dropped=dropped, grown=grown))
        used = {name: used[name] ^ flip[name] for name in MATRICES}
    net = net_changes(changes)
    assert len(net) == (used != start)
    for one in net:
        assert plain(one.dropped) == {name: sorted(start[name] - used[name]) for name in MATRICES
                                      if start[name] - used[name]}
        assert plain(one.grown) == {name: sorted(used[name] - start[name]) for name in MATRICES
                                    if used[name] - start[name]}


@pytest.mark.parametrize("kind", ["dropped", "grown"])
def test_matrices_may_change_by_different_numbers(kind: str) -> None:
    """Shapes in annotations must not tie one matrix to another."""
    assert getattr(change(**{kind: {"a": [1], "b": [1, 2, 3]}}), f"{kind}_count") == 4
