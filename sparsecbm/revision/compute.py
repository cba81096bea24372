"""Mask revision: a person chooses a concept's value, and its subnetwork exchanges weights until it predicts that value.

After Tan et al., "Sparsity-Guided Holistic Explanation for LLMs with Interpretable Inference-Time Intervention", AAAI
2024 (arXiv 2312.15033). Unlike the published edit, it counts each weight once, respects the sign, sorts no layer.
"""

from collections.abc import Callable
from dataclasses import dataclass
from itertools import count

from jaxtyping import Float
from torch import Tensor

from sparsecbm.errors import InputError
from sparsecbm.model.encoding import Encoded
from sparsecbm.model.masks import ConceptMasks, kept_weights
from sparsecbm.model.network import PassWeights, SparseCBM
from sparsecbm.model.small_pass import SmallPass
from sparsecbm.revision.compute_exchange import ConceptState, Exchange, Exchanging, Plan
from sparsecbm.revision.compute_unit_exchange import UnitExchange
from sparsecbm.revision.edit import Revision
from sparsecbm.revision.result import RevisionStep
from sparsecbm.schema import ConceptSchema

DEFAULT_PORTION, MAX_PORTION = 0.01, 0.1
DEFAULT_STEPS, MAX_STEPS = 5, 50

@dataclass(frozen=True, eq=False)
class RevisionTrace:
    """A revision, its steps, the number of active weights, and the document's mean states in the revised pass."""

    revision: Revision
    steps: tuple[RevisionStep, ...]
    active: int
    pooled: Float[Tensor, "1 hidden"]


def revise(
    model: SparseCBM,
    masks: ConceptMasks,
    own: PassWeights,
    encoded: Encoded,
    concept: str,
    value: str,
    portion: float = DEFAULT_PORTION,
    steps: int = DEFAULT_STEPS,
    smallest: bool = True,
    progress: Callable[[float], None] = lambda _: None,
) -> RevisionTrace:
    """Exchange weights of a concept's subnetwork until it predicts `value` for one document, or the portion is spent.

    With g = d CE(z_k, value) / d M_k, the mask treated as real, dropping an active weight changes the loss by about -g
    and growing an inactive one by about +g. Each step drops the active weights with the largest positive g and grows
    as many inactive ones with the most negative g, in every matrix the same share, so that densities stay the same. No
    weight is exchanged twice. All `steps` together exchange at most `portion` of a matrix's active weights, 0..0.1,
    each step an equal part of that.

    With `smallest`, the last step is cut to the strongest of its exchanges, in every matrix the same share. Bisection
    finds how many: with these the value is predicted, with one fewer in the largest matrix it is not. Another choice of
    weights might need even fewer.

    Structured masks exchange whole heads and neurons in the same way, g being the gradient of the unit's gate, and
    every layer keeps its numbers of them.

    `own` are the matrices of the concept's pass under `masks`; neither is written to. Only this pass runs: every other
    concept has a pass of its own, so that no revision can change it. `progress` gets the share done, 0..1, and may
    raise Cancelled. The result is deterministic. InputError when portion or steps are not allowed, the portion is less
    than one weight, or the schema does not have the concept or value.
    """
    check_bounds(portion, steps)
    schema = model.config.schema
    k, v = schema.concept_index(concept), schema.value_index(value, concept)
    exchange: Exchanging = (UnitExchange(model, masks, encoded, k, v) if isinstance(own, SmallPass)
                            else Exchange(model, masks, own, encoded, k, v))
    budget = {name: kept_weights(portion, active) for name, active in exchange.active.items()}
    steps, active = min(steps, max(budget.values())), exchange.active_weights
    if not steps:
        raise InputError(f"A portion of {portion:g} is less than one weight of any matrix; allowed: more than "
                         f"{1 / max(1, *exchange.active.values()):.2g} here. Choose a larger portion.")
    calls = steps + 1 + (max(budget.values()).bit_length() if smallest else 0)
    evaluations = count()

    def advance() -> None:
        progress(min(1.0, next(evaluations) / calls))

    advance()
    state = exchange.evaluate(gradient=True)
    records = [RevisionStep(0.0, state.probability, state.cross_entropy)]
    for number in range(1, steps + 1):
        advance()
        plan = exchange.plan(state, {name: most * number // steps - most * (number - 1) // steps
                                     for name, most in budget.items()})
        size, state = _step(exchange, plan, state, last=number == steps)
        if state.agrees and smallest:
            size, state = _cut_to_smallest(exchange, plan, size, state, advance)
        exchange.commit(plan, size)
        change = exchange.change(concept)
        records.append(RevisionStep(change.dropped_count / active, state.probability, state.cross_entropy))
        if state.agrees:
            break
    revision = Revision(concept, value, records[-1].portion, len(records) - 1, change)
    return RevisionTrace(revision, tuple(records), active, state.pooled.detach())


def parse_revision(text: str, schema: ConceptSchema) -> tuple[str, str]:
    """The concept and its wanted value, from a text such as `service=Negative`; InputError when either is unknown."""
    concept, separator, value = text.partition("=")
    if not separator:
        raise InputError(f"Revision {text!r} is not of the form concept=value; e.g. "
                         f"{schema.concepts[0]}={schema.values[-1]}.")
    schema.value_index(value, concept)
    return concept, value


def check_bounds(portion: float, steps: int) -> None:
    """InputError when the portion or the number of steps of a revision is not allowed."""
    if not 0 < portion <= MAX_PORTION:
        raise InputError(f"The portion is {portion:g}; allowed: more than 0 and at most {MAX_PORTION:g} of the active "
                         f"weights, e.g. {DEFAULT_PORTION:g}. Choose another portion.")
    if not 1 <= steps <= MAX_STEPS:
        raise InputError(f"The number of steps is {steps}; allowed: 1 to {MAX_STEPS}. Choose another number.")


def _step(exchange: Exchanging, plan: Plan, before: ConceptState, last: bool) -> tuple[int, ConceptState]:
    """The size at which to apply a plan, and the state at that size.

    The whole plan, or a half, a quarter, .. of it where the whole does not lower the loss. In the last step, the size
    that reaches the value or comes closest to it.
    """
    size = tried = plan.size
    state = exchange.apply(plan, size, gradient=not last)
    while not state.agrees and tried > 1 and (last or state.cross_entropy >= before.cross_entropy):
        tried //= 2
        found = exchange.apply(plan, tried, gradient=not last)
        if not last or found.agrees or found.cross_entropy < state.cross_entropy:
            size, state = tried, found
    return size, state


def _cut_to_smallest(
    exchange: Exchanging, plan: Plan, enough: int, reached: ConceptState, advance: Callable[[], None]
) -> tuple[int, ConceptState]:
    """The smallest size of a plan at which the value is predicted, given that it is at `enough`; and the state then."""
    short = 0
    while enough - short > 1:
        advance()
        size = (short + enough) // 2
        state = exchange.apply(plan, size)
        if state.agrees:
            enough, reached = size, state
        else:
            short = size
    return enough, reached
