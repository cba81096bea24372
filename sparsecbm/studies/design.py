"""Who sees what in which order: the same for the same seed and participant's number, anywhere.

Orders are Williams designs (Williams 1949, "Experimental designs balanced for the estimation of residual effects of
treatments"): over the rows of the square each item stands on each place equally often, and each comes right after each
other one equally often.
"""

from dataclasses import dataclass
from typing import TypeVar

import numpy as np
from jaxtyping import Int

from sparsecbm.studies.protocol import Arm, Protocol

Item = TypeVar("Item")

#: Tell apart the draws that are made of one seed.
_NAMES, _ROWS, _WITHIN, _SHARES = range(4)


@dataclass(frozen=True)
class Trial:
    """A case as a participant meets it: `position` counts all of the participant's trials from 0, `block` the arms."""

    position: int
    block: int
    case: str
    arm: Arm
    practice: bool


def williams(items: int) -> Int[np.ndarray, "row place"]:
    """The square for so many items: as many rows, or twice as many where the number is odd and above 1."""
    first = [0] + [(place + 1) // 2 if place % 2 else items - place // 2 for place in range(1, items)]
    rows = (np.array(first) + np.arange(items)[:, None]) % items
    return np.concatenate([rows, rows[:, ::-1]]) if items % 2 and items > 1 else rows


def trials(protocol: Protocol, number: int) -> tuple[Trial, ...]:
    """The trials of the participant with a number, counted from 0.

    Within: rows of the arms' square in a random order, anew for each time through it; the shares of the cases move on
    by one place each time, so that after (rows x arms) participants each arm met each share on each place equally
    often. The cases of a share come in random order. Between: each run of as many participants as arms has each arm
    once, in random order; the cases follow the rows of their own square, arm by arm.
    """
    return _between(protocol, number) if protocol.between else _within(protocol, number)


def participants_to_balance(protocol: Protocol) -> int:
    """How many participants, or a multiple of it, make the design balance exactly."""
    arms = len(protocol.arms)
    return arms * len(williams(len(protocol.cases) if protocol.between else arms))


def _within(protocol: Protocol, number: int) -> tuple[Trial, ...]:
    square, shares = williams(len(protocol.arms)), _shares(protocol)
    arms = _shuffled(protocol, protocol.arms, _NAMES)
    cycle, place = divmod(number, len(square))
    row = square[_draw(protocol, _ROWS, cycle).permutation(len(square))[place]]
    found: list[tuple[int, Arm, str]] = []
    for block, item in enumerate(row.tolist()):
        share = shares[(block + cycle) % len(shares)]
        order = _draw(protocol, _WITHIN, number, block).permutation(len(share))
        found += [(block, arms[item], share[i]) for i in order.tolist()]
    return _numbered(protocol, found)


def _between(protocol: Protocol, number: int) -> tuple[Trial, ...]:
    square = williams(len(protocol.cases))
    run, place = divmod(number, len(protocol.arms))
    arm = _shuffled(protocol, protocol.arms, _ROWS, run)[place]
    cases = _shuffled(protocol, tuple(case.id for case in protocol.cases), _NAMES)
    cycle, within = divmod(run, len(square))
    row = square[_draw(protocol, _WITHIN, cycle).permutation(len(square))[within]]
    return _numbered(protocol, [(0, arm, cases[i]) for i in row.tolist()])


def _numbered(protocol: Protocol, found: list[tuple[int, Arm, str]]) -> tuple[Trial, ...]:
    """Trials in their order, each block with the practice cases in front."""
    made, last = list[Trial](), -1
    for block, arm, case in found:
        if block != last:
            made += [Trial(len(made) + i, block, one.id, arm, True) for i, one in enumerate(protocol.practice)]
        made.append(Trial(len(made), block, case, arm, False))
        last = block
    return tuple(made)


def _shares(protocol: Protocol) -> list[list[str]]:
    """The cases dealt into as many equal shares as arms; outcomes, then labels, are spread over them evenly."""
    mixed = _shuffled(protocol, protocol.cases, _SHARES)
    ordered = sorted(mixed, key=lambda case: (case.outcome, case.label))
    return [[case.id for case in ordered[share :: len(protocol.arms)]] for share in range(len(protocol.arms))]


def _shuffled(protocol: Protocol, items: tuple[Item, ...], *what: int) -> list[Item]:
    return [items[i] for i in _draw(protocol, *what).permutation(len(items)).tolist()]


def _draw(protocol: Protocol, *what: int) -> np.random.Generator:
    return np.random.default_rng([protocol.seed, *what])
