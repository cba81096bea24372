"""A target's logit as a sum of terms, each computed from one pass; word attribution and word removal run these.

A concept's logit is one term, from the concept's own pass. A label's logit has one term per concept and one for the
residual; the label's bias is left out, because no word changes it.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import torch
from jaxtyping import Float, Int
from torch import Tensor

from sparsecbm.model.network import MaskedWeights, SparseCBM
from sparsecbm.types import Target

RESIDUAL = "residual"

Rows = Float[Tensor, "row token embedding"]


@dataclass(frozen=True)
class LogitTerm:
    """One addend of a target's logit: `read` computes it from the mean-pooled states of pass number `pass_`."""

    name: str
    pass_: int
    read: Callable[[Float[Tensor, "row hidden"]], Float[Tensor, " row"]]


def logit_terms(model: SparseCBM, target: Target, residual: bool = True) -> tuple[LogitTerm, ...]:
    """The terms of a target, in the order of the passes; InputError when the model has no such target.

    A label has no residual term if `residual` is False. A black box has no other term.
    """
    schema, config = model.config.schema, model.config
    index, against = target.indices(schema)
    if target.concept is not None:
        return (_concept_term(model, schema.concept_index(target.concept), index, against),)
    terms = []
    if config.kind != "black_box":
        terms += [_contribution_term(model, k, index, against) for k in range(len(schema.concepts))]
    if config.residual and residual:
        direction = _difference(model.residual_weight, index, against)
        terms.append(LogitTerm(RESIDUAL, len(schema.concepts), lambda pooled: pooled @ direction))
    return tuple(terms)


def _concept_term(model: SparseCBM, k: int, index: int, against: int | None) -> LogitTerm:
    direction = _difference(model.concept_weight[k], index, against)
    return LogitTerm(model.config.schema.concepts[k], k, lambda pooled: pooled @ direction)


def _contribution_term(model: SparseCBM, k: int, index: int, against: int | None) -> LogitTerm:
    direction = _difference(model.label_weight[k].T, index, against)  # [value]

    def contribution(pooled: Float[Tensor, "row hidden"]) -> Float[Tensor, " row"]:
        return model.bottleneck(pooled @ model.concept_weight[k].T + model.concept_bias[k]) @ direction

    return LogitTerm(model.config.schema.concepts[k], k, contribution)


def _difference(
    weights: Float[Tensor, "name column"], index: int, against: int | None
) -> Float[Tensor, " column"]:
    return weights[index] if against is None else weights[index] - weights[against]


def run_logit_terms(
    model: SparseCBM,
    weights: MaskedWeights | None,
    terms: Sequence[LogitTerm],
    embedded: Rows,
    attention_mask: Int[Tensor, "row token"],
) -> Float[Tensor, " row"]:
    """Each row's term: rows cycle through the terms, so that row r belongs to term r modulo their number.

    Each pass runs once, over all rows whose terms need it; no other pass runs. Without `weights` all passes are the
    same, and one run serves all.
    """
    passes = [term.pass_ if weights is not None else 0 for term in terms]
    read: list[Float[Tensor, " turn"]] = [embedded.new_empty(0)] * len(terms)
    turns = embedded.unflatten(0, (-1, len(terms)))  # [turn, term, token, embedding]
    masks = attention_mask.unflatten(0, (-1, len(terms)))
    for k in dict.fromkeys(passes):
        mine = [number for number, pass_ in enumerate(passes) if pass_ == k]
        pooled = model.run_pass({} if weights is None else weights.of(k), turns[:, mine].flatten(0, 1),
                                masks[:, mine].flatten(0, 1)).unflatten(0, (-1, len(mine)))
        for place, number in enumerate(mine):
            read[number] = terms[number].read(pooled[:, place])
    return torch.stack(read, dim=1).flatten()


def term_values(
    model: SparseCBM,
    weights: MaskedWeights | None,
    terms: Sequence[LogitTerm],
    rows: Rows,
    attention_mask: Int[Tensor, "row token"],
) -> Float[Tensor, "row term"]:
    """Every term of every row; each pass runs once, whichever number of terms it has, and no other pass runs."""
    passes = _passes(weights, terms)
    pooled = _run(model, weights, list(dict.fromkeys(passes)), rows.repeat(len(set(passes)), 1, 1), attention_mask)
    return torch.stack([term.read(pooled[k]) for term, k in zip(terms, passes, strict=True)], dim=1)


def term_gradients(
    model: SparseCBM,
    weights: MaskedWeights | None,
    terms: Sequence[LogitTerm],
    rows: Rows,
    attention_mask: Int[Tensor, "row token"],
) -> Float[Tensor, "term row token embedding"]:
    """The gradient of every term by every row.

    Passes run together that have equally many terms, so that the way back is nowhere taken in vain.
    """
    made = rows.new_empty(len(terms), *rows.shape)
    passes = _passes(weights, terms)
    for count in sorted({passes.count(k) for k in passes}):
        some = [k for k in dict.fromkeys(passes) if passes.count(k) == count]
        embedded = rows.detach().repeat(len(some), 1, 1).requires_grad_()
        with torch.enable_grad():
            pooled = _run(model, weights, some, embedded, attention_mask)
            own = {k: [number for number, pass_ in enumerate(passes) if pass_ == k] for k in some}
            logits = [torch.stack([terms[own[k][turn]].read(pooled[k]).sum() for k in some]).sum()
                      for turn in range(count)]  # one term of every pass
        for turn, logit in enumerate(logits):
            gradient, = torch.autograd.grad(logit, embedded, retain_graph=turn < count - 1)
            for k, part in zip(some, gradient.split(len(rows)), strict=True):
                made[own[k][turn]] = part
    return made


def _passes(weights: MaskedWeights | None, terms: Sequence[LogitTerm]) -> list[int]:
    """The pass of each term. Without masks all passes are the same: the first."""
    return [0 if weights is None else term.pass_ for term in terms]


def _run(
    model: SparseCBM, weights: MaskedWeights | None, passes: Sequence[int],
    embedded: Float[Tensor, "run token embedding"], attention_mask: Int[Tensor, "row token"],
) -> dict[int, Float[Tensor, "row hidden"]]:
    own = [{} if weights is None else weights.of(k) for k in passes]
    return dict(zip(passes, model.run_passes(own, embedded, attention_mask), strict=True))
