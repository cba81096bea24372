"""How far word scores can be trusted: what removing words does to one answer, and a summary over many documents."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from jaxtyping import Float

from sparsecbm.intervals import bootstrap_mean
from sparsecbm.types import LABEL_TARGET, Target


@dataclass(frozen=True, eq=False)
class Faithfulness:
    """How the target's probability changes when words are removed in the order of their scores, best first.

    `probability` is the whole document's, 0..1; of a target with `against` it is the difference of two, -1..1. The
    curves give it without, or with nothing but, the first `fractions` of the words; `random_*` do so for random orders.
    `removal` says how words are removed: deletion drops their tokens, replacement puts the mask token in their place.
    `loo_tau` is Kendall's tau-b between the scores and what leaving out each word alone costs, None where either is
    constant. Comprehensiveness and sufficiency: DeYoung et al. 2020 (arXiv 1911.03429), eq. 1 and 2, as AOPC over
    `fractions`.
    """

    target: Target
    method: str
    steps: int | None
    removal: str
    fractions: Float[np.ndarray, " fraction"]
    probability: float
    without_top: Float[np.ndarray, " fraction"]
    only_top: Float[np.ndarray, " fraction"]
    random_without: Float[np.ndarray, "order fraction"]
    random_only: Float[np.ndarray, "order fraction"]
    loo_tau: float | None
    milliseconds: float

    @property
    def comprehensiveness(self) -> float:
        """Mean loss of probability without the best words; higher is better."""
        return float(np.mean(self.probability - self.without_top))

    @property
    def sufficiency(self) -> float:
        """Mean loss of probability with nothing but the best words; lower is better."""
        return float(np.mean(self.probability - self.only_top))

    @property
    def random_comprehensiveness(self) -> Float[np.ndarray, " order"]:
        """The same for each random order."""
        return np.asarray((self.probability - self.random_without).mean(axis=1))

    @property
    def random_sufficiency(self) -> Float[np.ndarray, " order"]:
        """The same for each random order."""
        return np.asarray((self.probability - self.random_only).mean(axis=1))


def summarise(measured: Sequence[Faithfulness], seed: int = 0) -> dict[str, dict[str, dict[str, Any]]]:
    """`{method: {concept or "label": numbers}}` as plain JSON values, from one result per text in each group.

    The numbers are for removal by deletion; those for replacement are nested under `replacement`.
    """
    groups: dict[tuple[str, str, str], list[Faithfulness]] = {}
    for one in measured:
        groups.setdefault((one.method, one.target.concept or LABEL_TARGET, one.removal), []).append(one)
    found: dict[str, dict[str, dict[str, Any]]] = {}
    for (method, subject, removal), some in groups.items():
        entry = found.setdefault(method, {}).setdefault(subject, {})
        entry |= _numbers(some, seed) if removal == "deletion" else {removal: _numbers(some, seed)}
    return found


def _numbers(some: Sequence[Faithfulness], seed: int) -> dict[str, Any]:
    numbers = {
        "comprehensiveness": interval([one.comprehensiveness for one in some], seed),
        "sufficiency": interval([one.sufficiency for one in some], seed),
        "random_comprehensiveness": interval([float(one.random_comprehensiveness.mean()) for one in some], seed),
        "random_sufficiency": interval([float(one.random_sufficiency.mean()) for one in some], seed),
        "loo_tau": interval([one.loo_tau for one in some], seed),
    }
    own, random = (numbers[name]["ci95"] for name in ("comprehensiveness", "random_comprehensiveness"))
    return numbers | {"beats_random": bool(own and random and own[0] > random[1])}


def interval(values: Sequence[float | None], seed: int = 0) -> dict[str, Any]:
    """Mean and 95 % percentile interval over resamples of the values, None where there is none.

    The seed alone decides which places are drawn, so that means over the same texts are resampled together.
    """
    there = [value for value in values if value is not None]
    ends = bootstrap_mean(there, seed)
    return {"mean": float(np.mean(there)) if there else None, "ci95": list(ends) if ends else None}
