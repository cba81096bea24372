"""Rules applied to one prediction, or to many at once. No backbone pass runs.

Every rule tests what the model itself predicts, never what another rule has set. Where two rules set the same concept,
the later one wins; what a person sets for a document wins over every rule.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from jaxtyping import Float, Int

from sparsecbm.concepts.compute_override import override
from sparsecbm.concepts.contributions import check_distribution
from sparsecbm.model.network import SparseCBM
from sparsecbm.revision.rule import PredictedTexts, Rule
from sparsecbm.schema import ConceptSchema
from sparsecbm.types import InterventionResult, Prediction


@dataclass(frozen=True, eq=False)
class PassOutputs:
    """What the passes of a model give for some texts, a row each: concept logits and the residual's label logits."""

    concept_logits: Float[np.ndarray, "row concept value"]
    residual: Float[np.ndarray, "row label"]

    @property
    def nbytes(self) -> int:
        """Size of the arrays in bytes."""
        return self.concept_logits.nbytes + self.residual.nbytes


def check_rule(rule: Rule, schema: ConceptSchema) -> None:
    """InputError when the schema does not have what a rule names, or a distribution of the rule is not valid."""
    for condition in rule.conditions:
        condition.check(schema)
    for one in rule.overrides:
        check_distribution(one.concept, one.distribution or (), schema)


def rule_applies(rule: Rule, prediction: Prediction) -> bool:
    """Whether a rule applies to one prediction; `Rule.matches` tests many."""
    check_rule(rule, prediction.schema)
    return bool(rule.matches(_as_row(prediction))[0])


def apply_rules(
    model: SparseCBM,
    prediction: Prediction,
    rules: Sequence[Rule],
    overrides: Mapping[str, Sequence[float]] | None = None,
    residual: bool = True,
) -> InterventionResult:
    """One prediction with the concepts that rules set, and then those that a person sets for this document."""
    wanted: dict[str, Sequence[float]] = {}
    for rule in rules:
        if rule_applies(rule, prediction):
            wanted |= {one.concept: one.distribution or () for one in rule.overrides}
    return override(model, prediction, wanted | dict(overrides or {}), residual)


@torch.inference_mode()
def predictions_after_rules(
    model: SparseCBM, outputs: PassOutputs, texts: Sequence[str], rules: Sequence[Rule] = (), residual: bool = True
) -> tuple[PredictedTexts, tuple[Int[np.ndarray, " _some"], ...]]:
    """Concepts and labels of many texts after some rules (checked before), and the rows where each rule applied.

    A condition on the label tests the label that the model predicts with its residual, even where `residual` is False.
    """
    schema = model.config.schema
    logits, counted = (torch.from_numpy(part).to(model.device) for part in (outputs.concept_logits, outputs.residual))
    rest = counted if residual else torch.zeros_like(counted)
    bottleneck = model.bottleneck(logits.clone())  # it may be the logits themselves, and rules write to it
    probabilities = logits.softmax(-1).cpu().numpy()

    def predicted(rest: Float[torch.Tensor, "row label"]) -> PredictedTexts:
        labels = model.label(bottleneck, rest).logits.argmax(-1).cpu().numpy()
        return PredictedTexts(schema, texts, probabilities, labels)

    before = predicted(rest)
    if not rules:
        return before, ()
    by_model = before if residual else predicted(counted)
    matched = tuple(np.flatnonzero(rule.matches(by_model)) for rule in rules)
    for rule, rows in zip(rules, matched, strict=True):
        for one in rule.overrides:
            k = schema.concept_index(one.concept)
            shares = check_distribution(one.concept, one.distribution or (), schema)
            probabilities[rows, k] = shares
            bottleneck[rows, k] = model.override_bottleneck(torch.tensor(shares, device=model.device), k)
    return predicted(rest), matched


def _as_row(prediction: Prediction) -> PredictedTexts:
    label = np.array([prediction.label_probabilities.argmax()])
    return PredictedTexts(prediction.schema, (prediction.text,), prediction.concept_probabilities[None], label)
