"""Impact: which answers on many documents change, for better or for worse, and whether that may be chance.

What changes them is an edit, several in a row, or another checkpoint.
"""

import hashlib
import json
from dataclasses import asdict, dataclass
from enum import StrEnum
from functools import cached_property
from typing import Any

import numpy as np
from jaxtyping import Int
from scipy.stats import binomtest

from sparsecbm.data.split import Split
from sparsecbm.errors import InputError, unknown_name
from sparsecbm.intervals import paired_change
from sparsecbm.schema import ConceptSchema
from sparsecbm.types import LABEL_TARGET, Predictions, Receipt

Answers = Int[np.ndarray, " row"]


class Outcome(StrEnum):
    """What becomes of one answer; the last two are of rows without a gold answer."""

    FIXED = "becomes right"
    BROKEN = "becomes wrong"
    RIGHT = "stays right"
    WRONG = "stays wrong"
    MOVED = "wrong in another way"
    CHANGED = "changes, truth unknown"
    SAME = "stays, truth unknown"


@dataclass(frozen=True)
class ImpactSettings:
    """What the impact is of: the same settings give the same figures.

    `checkpoint` and `data_hash` are hashes of the content, `n` the rows of the split that were predicted, all or drawn
    by `seed`; `residual` says whether the label has its residual, and `edits` holds the key of each edit, in order.
    """

    checkpoint: str
    split: str
    data_hash: str
    n: int
    seed: int
    residual: bool
    edits: tuple[str, ...]

    @property
    def key(self) -> str:
        """A short name of these settings and no others."""
        return _digest(asdict(self))


@dataclass(frozen=True)
class Case:
    """One document behind a number: its row in the split and its answers; `truth` is None without a gold answer."""

    row: int
    id: str
    before: str
    after: str
    truth: str | None


@dataclass(frozen=True, eq=False)
class Effect:
    """One concept's answers, or the label's, before and after, as indices; a truth of -1 is not known.

    `reached` is False when the edits cannot change this answer of any document.
    """

    subject: str
    reached: bool
    before: Answers
    after: Answers
    truth: Answers

    @cached_property
    def positions(self) -> dict[Outcome, Int[np.ndarray, " _some"]]:
        """Which rows each outcome befell; every row once."""
        known, same = self.truth >= 0, self.before == self.after
        was_right, is_right = self.before == self.truth, self.after == self.truth  # a truth of -1 is never met
        where = (is_right & ~same, was_right & ~same, is_right & same, known & same & ~is_right,
                 known & ~same & ~was_right & ~is_right, ~known & ~same, ~known & same)
        return {outcome: np.flatnonzero(rows) for outcome, rows in zip(Outcome, where, strict=True)}

    def count(self, *outcomes: Outcome) -> int:
        """Rows with one of these outcomes."""
        return sum(len(self.positions[outcome]) for outcome in outcomes)

    @property
    def known(self) -> int:
        """Rows with a gold answer."""
        return int((self.truth >= 0).sum())

    @property
    def accuracy(self) -> tuple[float, float] | None:
        """Before and after, 0..1, over the rows with a gold answer; None without one."""
        right = self.count(Outcome.RIGHT)
        counts = (right + self.count(Outcome.BROKEN), right + self.count(Outcome.FIXED))
        return (counts[0] / self.known, counts[1] / self.known) if self.known else None

    @property
    def interval(self) -> tuple[float, float] | None:
        """95 % interval of the change of accuracy, for documents like these; None without a gold answer.

        The rows are paired, so only those that become right or wrong count. Zero for an answer that the edits cannot
        reach.
        """
        if not self.known or not self.reached:
            return (0.0, 0.0) if self.known else None
        return paired_change(self.count(Outcome.FIXED), self.count(Outcome.BROKEN), self.known)

    @property
    def chance(self) -> float:
        """How often an edit that breaks as readily as it fixes would look as one-sided as this (exact McNemar test)."""
        fixed, broken = self.count(Outcome.FIXED), self.count(Outcome.BROKEN)
        return float(binomtest(fixed, fixed + broken, 0.5).pvalue) if fixed + broken else 1.0


@dataclass(frozen=True, eq=False)
class Impact:
    """What becomes of the answers on `rows` of a split: the label's first, then each concept's, all in their order.

    `passes` names the passes that ran again, and `matched` has the rows of the split where each rule applied.

    >>> impact = explainer.impact([rule], split)
    >>> impact.effect("label").accuracy, impact.effect("food").count(Outcome.BROKEN)
    """

    settings: ImpactSettings
    schema: ConceptSchema
    rows: Int[np.ndarray, " row"]
    ids: tuple[str, ...]
    effects: tuple[Effect, ...]
    passes: tuple[str, ...]
    matched: tuple[Int[np.ndarray, " _some"], ...]
    receipt: Receipt

    def effect(self, subject: str) -> Effect:
        """The effect on a concept, or on the label by the name of `LABEL_TARGET`."""
        for effect in self.effects:
            if effect.subject == subject:
                return effect
        raise InputError(unknown_name("subject", subject, tuple(effect.subject for effect in self.effects)))

    def cases(self, subject: str, *outcomes: Outcome) -> tuple[Case, ...]:
        """The documents behind a number, in the order of the split."""
        effect, names = self.effect(subject), self._names(subject)
        places = np.sort(np.concatenate([effect.positions[outcome] for outcome in outcomes]))
        return tuple(Case(int(self.rows[i]), self.ids[i], names[effect.before[i]], names[effect.after[i]],
                          names[effect.truth[i]] if effect.truth[i] >= 0 else None) for i in places)

    def to_json(self) -> dict[str, Any]:
        """Plain JSON values; behind every number the ids of its documents."""
        return {
            "settings": asdict(self.settings), "key": self.settings.key, "passes": list(self.passes),
            "matched": [len(rows) for rows in self.matched],
            "effects": {effect.subject: {
                "counts": {outcome.value: effect.count(outcome) for outcome in Outcome},
                "ids": {outcome.value: [self.ids[i] for i in effect.positions[outcome]] for outcome in Outcome},
                "accuracy": effect.accuracy, "interval": effect.interval, "chance": effect.chance,
            } for effect in self.effects},
            "receipt": asdict(self.receipt),
        }

    def _names(self, subject: str) -> tuple[str, ...]:
        return self.schema.labels if subject == LABEL_TARGET else self.schema.values


def impact_between(before: Predictions, after: Predictions, split: Split, settings: ImpactSettings, receipt: Receipt) \
        -> Impact:
    """The impact of one model's predictions of a whole split in place of another's."""
    schema = split.schema
    effects = [Effect(LABEL_TARGET, True, before.labels, after.labels, split.labels)]
    effects += [Effect(concept, True, before.values[:, k], after.values[:, k], split.concepts[:, k])
                for k, concept in enumerate(schema.concepts)]
    return Impact(settings, schema, np.arange(len(split)), tuple(split.dataset["id"]), tuple(effects), (), (), receipt)


def _digest(values: Any) -> str:
    return hashlib.sha256(json.dumps(values, sort_keys=True).encode()).hexdigest()[:16]
