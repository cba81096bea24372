"""Faithfulness over many texts: a mean and its interval for each method and each concept or label."""

from collections.abc import Sequence
from typing import Any

import numpy as np

from sparsecbm.intervals import bootstrap_mean
from sparsecbm.types import LABEL_TARGET, Faithfulness


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
    return numbers | {"beats_random": own[0] > random[1]}


def interval(values: Sequence[float | None], seed: int = 0) -> dict[str, Any]:
    """Mean and 95 % percentile interval over resamples of the values, all None where there is no value.

    The seed alone decides which places are drawn, so that means over the same texts are resampled together.
    """
    there = [value for value in values if value is not None]
    ends = bootstrap_mean(there, seed)
    return {"mean": float(np.mean(there)), "ci95": list(ends)} if ends else {"mean": None, "ci95": None}
