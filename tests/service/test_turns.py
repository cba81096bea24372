"""Turns at slow work: in the order of arrival, one at a time, and long work lets others pass."""

from sparsecbm.service.turns import Turns


class Clock:
    """Seconds that pass only when they are told to."""

    now = 0.0

    def __call__(self) -> float:
        return self.now


def test_who_stands_first_works_and_the_others_see_their_place() -> None:
    turns, a, b = Turns(), object(), object()
    assert turns.take(a, lambda: True) and turns.before(a) == 0
    assert not turns.take(b, lambda: False), "what is not wanted any more does not wait"
    assert turns.length == 1 and turns.before(b) == 0
    turns.end(a)
    assert turns.take(b, lambda: False), "the first works at once"


def test_a_turn_is_kept_while_it_is_short_or_nobody_waits() -> None:
    clock = Clock()
    turns, a, b = Turns(2.0, clock=clock), object(), object()
    turns.take(a, lambda: True)
    clock.now = 10.0
    assert turns.pass_on(a, lambda: False), "nobody waits"
    turns._line.append(b)
    clock.now = 1.9
    assert turns.pass_on(a, lambda: False) and turns.before(b) == 1
    clock.now = 2.0
    assert not turns.pass_on(a, lambda: False), "it went behind the other, and is not wanted there"
    assert turns.before(b) == 0 and turns.length == 1


def test_each_turn_is_counted_from_its_own_beginning() -> None:
    clock = Clock()
    turns, a, b = Turns(2.0, clock=clock), object(), object()
    turns.take(a, lambda: True)
    clock.now = 5.0
    turns.end(a)
    turns.take(b, lambda: True)
    turns._line.append(a)
    clock.now = 6.0
    assert turns.pass_on(b, lambda: False) and turns.before(a) == 1


def test_only_so_many_are_begun_and_wait() -> None:
    """The second has waited in the midst of its work already, so the third must run to its end; the second need not."""
    turns, a, b, c = Turns(0.0, begun=1), object(), object(), object()
    turns.take(a, lambda: True)
    turns._line.extend([b, c])
    assert not turns.pass_on(a, lambda: False) and turns.before(c) == 1, "given up while it waits: not begun any more"
    turns._begun.append(c)
    assert turns.pass_on(b, lambda: False) and turns.before(c) == 1
    turns.end(b)
    turns._line.append(b)
    assert not turns.pass_on(c, lambda: False) and turns.before(b) == 0
