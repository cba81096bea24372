"""The design of a study: which participant meets which case in which arm; and cases drawn so that outcomes balance."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeVar

import numpy as np
from jaxtyping import Int

from sparsecbm.errors import InputError
from sparsecbm.studies.protocol import Arm, Case, Protocol

if TYPE_CHECKING:
    from sparsecbm.data.reviews import Reviews


Item = TypeVar("Item")

#: Distinguish the draws that are made from one seed.
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


def practice_of(protocol: Protocol, block: int) -> tuple[Case, ...]:
    """The practice cases of a participant's arm at place `block`."""
    blocks = 1 if protocol.between else len(protocol.arms)
    dealt = protocol.deal_practice and len(protocol.practice) >= blocks
    return protocol.practice[block::blocks] if dealt else protocol.practice


def _numbered(protocol: Protocol, found: list[tuple[int, Arm, str]]) -> tuple[Trial, ...]:
    """Trials in their order, each block with its practice cases in front."""
    made, last = list[Trial](), -1
    for block, arm, case in found:
        if block != last:
            made += [Trial(len(made) + i, block, one.id, arm, True)
                     for i, one in enumerate(practice_of(protocol, block))]
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


RIGHT, WRONG = "right", "wrong"


def outcomes_of(reviews: "Reviews", predicted: Sequence[int]) -> list[str]:
    """For each row whether the predicted label index is right or wrong; "" where there is no gold label."""
    return ["" if truth < 0 else RIGHT if truth == label else WRONG
            for truth, label in zip(reviews.labels.tolist(), predicted, strict=True)]


def choose_cases(
    reviews: "Reviews", outcomes: Sequence[str], size: int, seed: int, rows: Sequence[int] | None = None
) -> tuple[Case, ...]:
    """`size` cases, as many of each outcome, drawn at random from some rows (default: all) that have an outcome.

    The same seed draws the same cases. InputError when the size cannot be shared equally by the outcomes, or an outcome
    has too few rows.
    """
    groups: dict[str, list[int]] = {}
    for row in range(len(reviews)) if rows is None else rows:
        if outcomes[row]:
            groups.setdefault(outcomes[row], []).append(row)
    each, rest = divmod(size, max(len(groups), 1))
    if size < 1 or rest or any(len(group) < each for group in groups.values()):
        counted = ", ".join(f"{len(group)} {name}" for name, group in sorted(groups.items())) or "none"
        raise InputError(f"{size} cases were asked for, from rows with these outcomes: {counted}; allowed: a number "
                         "that the outcomes can share equally, and no more of each than there are. Ask for fewer "
                         "cases, or choose a larger slice.")
    random = np.random.default_rng(seed)
    chosen = [row for _, group in sorted(groups.items())
              for row in random.permutation(np.unique(group))[:each].tolist()]
    return tuple(_case(reviews, row, outcomes[row]) for row in random.permutation(chosen).tolist())


def _case(reviews: "Reviews", row: int, outcome: str) -> Case:
    schema = reviews.schema
    concepts = {concept: schema.values[value]
                for concept, value in zip(schema.concepts, reviews.values[row].tolist(), strict=True) if value >= 0}
    return Case(reviews.ids[row], reviews.texts[row], schema.labels[reviews.labels[row]], concepts, outcome)
