"""Statistical power: how often a design finds the effects of its simulated participants, before people take part."""

from dataclasses import dataclass

from sparsecbm.errors import InputError
from sparsecbm.service import Explainer
from sparsecbm.studies.analysis import case_table, comparisons
from sparsecbm.studies.compute_simulate import Annotator, Progress, in_memory
from sparsecbm.studies.protocol import Protocol

#: A comparison counts as found below this p, corrected for the others of the same outcome.
LEVEL = 0.05


@dataclass(frozen=True)
class Power:
    """A comparison in `repeats` simulated studies: the share that finds it, and the mean difference."""

    outcome: str
    arm: str
    against: str
    share: float
    difference: float
    repeats: int


def power(
    protocol: Protocol, explainer: Explainer, annotator: Annotator, participants: int, repeats: int, seed: int = 0,
    progress: Progress = lambda _: None,
) -> tuple[Power, ...]:
    """Simulate a study `repeats` times, and count. A comparison without a test finds nothing.

    `progress` gets the share done, 0..1, after each participant, and may raise Cancelled. InputError for fewer than
    one participant or repeat.
    """
    if repeats < 1:
        raise InputError(f"Got {repeats} repeats; allowed: 1 or more.")
    found: dict[tuple[str, str, str], list[tuple[bool, float]]] = {}
    for repeat in range(repeats):
        courses = in_memory(protocol, explainer, annotator, participants, seed * 1_000_003 + repeat,
                            lambda share, repeat=repeat: progress((repeat + share) / repeats))  # type: ignore[misc]
        for group in comparisons(protocol, case_table(courses)):
            for one in group:
                significant = one.p_holm is not None and one.p_holm < LEVEL
                found.setdefault((one.outcome, one.arm, one.against), []).append((significant, one.difference.value))
    return tuple(Power(*what, sum(hit for hit, _ in seen) / repeats, sum(value for _, value in seen) / len(seen),
                       repeats) for what, seen in found.items())
