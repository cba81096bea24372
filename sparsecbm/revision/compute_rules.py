"""Rules at work: on one prediction, and on many answers at once. No backbone pass runs.

All rules look at what the model says, never at what another rule has set; where two set the same concept, the later one
does. What a person sets of a review itself goes before every rule.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from jaxtyping import Float, Int

from sparsecbm.concepts.compute_override import override
from sparsecbm.concepts.distribution import check_distribution
from sparsecbm.model.network import SparseCBM
from sparsecbm.revision.conditions import Readings
from sparsecbm.revision.rule import Rule
from sparsecbm.schema import ConceptSchema
from sparsecbm.types import InterventionResult, Prediction


@dataclass(frozen=True, eq=False)
class Answers:
    """What the passes of a model say of some texts, a row each."""

    concept_logits: Float[np.ndarray, "row concept value"]
    residual: Float[np.ndarray, "row label"]

    @property
    def nbytes(self) -> int:
        """Memory of the numbers."""
        return self.concept_logits.nbytes + self.residual.nbytes


def check_rule(rule: Rule, schema: ConceptSchema) -> None:
    """InputError when a rule names what the schema does not know, or sets a concept to what is no distribution."""
    for condition in rule.conditions:
        condition.check(schema)
    for one in rule.overrides:
        check_distribution(one.concept, one.distribution or (), schema)


def matches(rule: Rule, prediction: Prediction) -> bool:
    """Whether a rule applies to one review; `Rule.matches` tells it of many."""
    check_rule(rule, prediction.schema)
    return bool(rule.matches(_reading(prediction))[0])


def apply_rules(
    model: SparseCBM,
    prediction: Prediction,
    rules: Sequence[Rule],
    overrides: Mapping[str, Sequence[float]] | None = None,
    residual: bool = True,
) -> InterventionResult:
    """One prediction with the concepts set that rules set, and then those that a person sets of this review."""
    wanted: dict[str, Sequence[float]] = {}
    for rule in rules:
        if matches(rule, prediction):
            wanted |= {one.concept: one.distribution or () for one in rule.overrides}
    return override(model, prediction, wanted | dict(overrides or {}), residual)


@torch.inference_mode()
def readings(
    model: SparseCBM, answers: Answers, texts: Sequence[str], rules: Sequence[Rule] = (), residual: bool = True
) -> tuple[Readings, tuple[Int[np.ndarray, " _some"], ...]]:
    """Concepts and labels of many answers after some rules that were checked, and the rows where each one applied.

    A rule asks for the label that the model gives, the residual counted, whether or not it counts in what is returned.
    """
    schema = model.config.schema
    logits, counted = (torch.from_numpy(part).to(model.device) for part in (answers.concept_logits, answers.residual))
    rest = counted if residual else torch.zeros_like(counted)
    bottleneck = model.bottleneck(logits.clone())  # it may be the logits themselves, and rules write to it
    probabilities = logits.softmax(-1).cpu().numpy()

    def read(rest: Float[torch.Tensor, "row label"]) -> Readings:
        labels = model.label(bottleneck, rest).logits.argmax(-1).cpu().numpy()
        return Readings(schema, texts, probabilities, labels)

    before = read(rest)
    if not rules:
        return before, ()
    asked = before if residual else read(counted)
    matched = tuple(np.flatnonzero(rule.matches(asked)) for rule in rules)
    for rule, rows in zip(rules, matched, strict=True):
        for one in rule.overrides:
            k = schema.concept_index(one.concept)
            shares = check_distribution(one.concept, one.distribution or (), schema)
            probabilities[rows, k] = shares
            bottleneck[rows, k] = model.override_bottleneck(torch.tensor(shares, device=model.device), k)
    return read(rest), matched


def _reading(prediction: Prediction) -> Readings:
    label = np.array([prediction.label_probabilities.argmax()])
    return Readings(prediction.schema, (prediction.text,), prediction.concept_probabilities[None], label)
