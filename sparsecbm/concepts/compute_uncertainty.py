"""Not sure about a concept: what the label could be, whatever distribution the concept has.

A label logit is affine in the distributions q of the concepts, so -log P_y(q) = log sum_j exp(l_j(q) - l_y(q)) is
convex in all of them together. Hence P_y has its minimum where every concept has a value for certain. Its maximum may
lie between values: a middle label can be likeliest for a mixed concept. It is found by convex optimisation, with a
bound on what may be missing. Whether a label can win at all is a linear program.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float
from scipy.optimize import linprog, minimize
from scipy.special import softmax

from sparsecbm.concepts.compute_override import Effects, set_all
from sparsecbm.errors import InputError
from sparsecbm.types import Prediction

#: A highest probability this close to the bound that it cannot pass, as a share of it, is not sought any further.
TOLERANCE = 1e-6


@dataclass(frozen=True, eq=False)
class LabelRange:
    """What each label's probability can be while nothing is known of `concepts`, and which labels can win.

    `lowest` and `highest` range over all distributions of these concepts; `highest` is an upper bound, too high by at
    most one part in a million where the optimisation converged. `highest_certain` has the best combination of certain
    values; the lowest is the same for both. `expected` is the mean over certain values, weighted by how probable the
    model finds them, concept by concept. `winners` are the labels that some distribution makes the most probable, in
    the schema's order, and `winners_certain` those that certain values do.
    """

    concepts: tuple[str, ...]
    lowest: Float[np.ndarray, " label"]
    highest: Float[np.ndarray, " label"]
    highest_certain: Float[np.ndarray, " label"]
    expected: Float[np.ndarray, " label"]
    winners: tuple[str, ...]
    winners_certain: tuple[str, ...]


def label_range(prediction: Prediction, effects: Effects, concepts: Sequence[str]) -> LabelRange:
    """The range over some concepts, at least one; the others stay as they are. InputError as in `set_all`."""
    if not concepts:
        raise InputError("No concept came; allowed: one or more of "
                         f"{', '.join(prediction.schema.concepts)}. Say which one is not sure.")
    grid = set_all(prediction, effects, concepts)  # [value of the first, value of the second, .., label]
    shares = np.ones(())
    for concept in concepts:
        shares = shares[..., None] * prediction.concept_probabilities[prediction.schema.concept_index(concept)]
    states = grid.reshape(-1, grid.shape[-1])
    probabilities = softmax(states, axis=-1)  # [state, label]
    mixtures = _Mixtures.of(prediction, effects, concepts)
    tops = [mixtures.highest(y, int(state)) for y, state in enumerate(probabilities.argmax(0))]
    certain = {int(winner) for winner in states.argmax(-1)}
    winners = certain | {winner for _, winner in tops}
    lowest, highest = probabilities.min(0), np.array([bound for bound, _ in tops])
    doubtful = set(np.flatnonzero(highest >= lowest.max()).tolist()) - winners  # others are always behind some label
    winners |= {y for y in doubtful if mixtures.can_win(y)}
    labels = prediction.schema.labels
    return LabelRange(
        concepts=tuple(concepts), lowest=lowest, highest=highest, highest_certain=probabilities.max(0),
        expected=shares.ravel() @ probabilities,
        winners=tuple(labels[y] for y in sorted(winners)), winners_certain=tuple(labels[y] for y in sorted(certain)))


@dataclass(frozen=True, eq=False)
class _Mixtures:
    """The label logits as a function of the distributions x of some concepts: `rest + sum_k x_k . effects_k`."""

    rest: Float[np.ndarray, " label"]
    effects: Float[np.ndarray, "concept value label"]

    @classmethod
    def of(cls, prediction: Prediction, effects: Effects, concepts: Sequence[str]) -> "_Mixtures":
        chosen = [prediction.schema.concept_index(concept) for concept in concepts]
        contributions = prediction.contributions[chosen].sum(0, dtype=np.float64)
        return cls(prediction.label_logits - contributions, effects[chosen])

    def highest(self, y: int, state: int) -> tuple[float, int]:
        """The highest probability of a label, and the label that wins there; `state` is its best certain one."""
        concepts, values, _ = self.effects.shape
        x = np.zeros((concepts, values))
        x[np.arange(concepts), np.unravel_index(state, (values,) * concepts)] = 1
        loss, slope = self._loss(x, y)
        if _gap(x, slope) > TOLERANCE:  # -log P is convex: where it slopes down from certain values, they are not best
            sums = self._sums()
            found = minimize(
                lambda flat: self._flat(flat, y), (x / 2 + 0.5 / values).ravel(), jac=True, method="SLSQP",
                bounds=[(0, 1)] * x.size, options={"ftol": 1e-13, "maxiter": 500},
                constraints={"type": "eq", "fun": lambda flat: sums @ flat - 1, "jac": lambda _: sums})
            x = found.x.reshape(x.shape).clip(0)
            x /= x.sum(1, keepdims=True)
            loss, slope = self._loss(x, y)
        return min(1.0, float(np.exp(_gap(x, slope) - loss))), int(self._logits(x).argmax())

    def can_win(self, y: int) -> bool:
        """Whether some distributions put a label level with the best, or ahead: is its greatest lead t at least 0?"""
        concepts, values, labels = self.effects.shape
        lead = np.delete(self.effects[..., [y]] - self.effects, y, axis=-1).reshape(-1, labels - 1)
        found = linprog(
            np.append(np.zeros(len(lead)), -1),  # of (x, t), the greatest t for which x leads every other label by t
            A_ub=np.column_stack([-lead.T, np.ones(labels - 1)]), b_ub=np.delete(self.rest[y] - self.rest, y),
            A_eq=np.column_stack([self._sums(), np.zeros(concepts)]), b_eq=np.ones(concepts),
            bounds=[(0, 1)] * len(lead) + [(None, None)])
        return bool(found.x[-1] >= 0)

    def _sums(self) -> Float[np.ndarray, "concept cell"]:
        """What adds up each concept's distribution in a flat x."""
        concepts, values, _ = self.effects.shape
        return np.repeat(np.eye(concepts), values, axis=1)

    def _logits(self, x: Float[np.ndarray, "concept value"]) -> Float[np.ndarray, " label"]:
        return np.asarray(self.rest + np.tensordot(x, self.effects))

    def _loss(self, x: Float[np.ndarray, "concept value"], y: int) -> tuple[float, Float[np.ndarray, "concept value"]]:
        """-log P_y, and its slope."""
        logits = self._logits(x)
        top = logits.max()
        odds = np.exp(logits - top)  # by hand: this runs a hundred times, and scipy's checks would cost most of it
        total = odds.sum()
        return float(np.log(total) + top - logits[y]), self.effects @ (odds / total) - self.effects[..., y]

    def _flat(self, flat: Float[np.ndarray, " cell"], y: int) -> tuple[float, Float[np.ndarray, " cell"]]:
        loss, slope = self._loss(flat.reshape(self.effects.shape[:2]), y)
        return loss, slope.ravel()


def _gap(x: Float[np.ndarray, "concept value"], slope: Float[np.ndarray, "concept value"]) -> float:
    """How much a convex loss can still fall, at most: along its slope to the best corner (the Frank-Wolfe gap)."""
    return float(((x * slope).sum(1) - slope.min(1)).sum())
