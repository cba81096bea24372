"""Mask revision: a person says what a concept should be, and its subnetwork exchanges weights until it says so.

After Tan et al., "Sparsity-Guided Holistic Explanation for LLMs with Interpretable Inference-Time Intervention", AAAI
2024 (arXiv 2312.15033). Unlike the published edit it counts each weight once, minds the sign and sorts no layer.
"""

from collections.abc import Callable
from dataclasses import dataclass
from itertools import count

from jaxtyping import Float
from torch import Tensor

from sparsecbm.errors import InputError
from sparsecbm.model.encoding import Encoded
from sparsecbm.model.masks import ConceptMasks
from sparsecbm.model.network import SparseCBM
from sparsecbm.model.top_k import kept_weights
from sparsecbm.revision.compute_exchange import Exchange, Plan, State
from sparsecbm.revision.compute_passes import Matrices
from sparsecbm.revision.edit import Revision
from sparsecbm.revision.result import RevisionStep
from sparsecbm.schema import ConceptSchema

DEFAULT_PORTION, MOST_PORTION = 0.01, 0.1
DEFAULT_STEPS, MOST_STEPS = 5, 50


@dataclass(frozen=True, eq=False)
class Revised:
    """A revision, the states that it went through, and the mean states of the review in the revised pass."""

    revision: Revision
    steps: tuple[RevisionStep, ...]
    active: int
    pooled: Float[Tensor, "1 hidden"]


def revise(
    model: SparseCBM,
    masks: ConceptMasks,
    own: Matrices,
    encoded: Encoded,
    concept: str,
    value: str,
    portion: float = DEFAULT_PORTION,
    steps: int = DEFAULT_STEPS,
    smallest: bool = True,
    progress: Callable[[float], None] = lambda _: None,
) -> Revised:
    """Exchange weights of a concept's subnetwork until the concept of one review is `value`, or the portion is spent.

    With g = d CE(z_k, value) / d M_k, the mask treated as real, dropping an active weight changes the loss by about -g
    and growing an inactive one by about +g. Each step drops the active weights of the largest positive g and grows as
    many others of the most negative, in every matrix the same share, so that its density stays. No weight is exchanged
    twice. All `steps` together exchange at most `portion` of a matrix's active weights, each an equal part of that.

    With `smallest`, the step that reached the value is cut to the strongest of its exchanges, in every matrix the same
    share. Bisection finds how many: these reach the value, and one fewer in the largest matrix does not. Weights chosen
    otherwise might do it with fewer still.

    `own` are the matrices of the concept's pass under `masks`; neither is written to. Only this pass runs: the other
    concepts are each read in their own, so that no revision can change them. `progress` gets the share done, 0..1, and
    may raise Cancelled. The same request gives the same result. InputError when portion or steps are not allowed, the
    portion is less than one weight, or the model does not know the concept or value.
    """
    check_bounds(portion, steps)
    schema = model.config.schema
    exchange = Exchange(model, masks, own, encoded, schema.concept_index(concept), schema.value_index(value))
    budget = {name: kept_weights(portion, active) for name, active in exchange.active.items()}
    steps, active = min(steps, max(budget.values())), sum(exchange.active.values())
    if not steps:
        raise InputError(f"Portion {portion:g} came, less than one weight of any matrix; allowed: more than "
                         f"{1 / max(1, *exchange.active.values()):.2g} here. Choose a larger portion.")
    calls = steps + 1 + (max(budget.values()).bit_length() if smallest else 0)
    reads = count()

    def advance() -> None:
        progress(min(1.0, next(reads) / calls))

    advance()
    state = exchange.read(gradient=True)
    records = [RevisionStep(0.0, state.probability, state.cross_entropy)]
    for number in range(1, steps + 1):
        advance()
        plan = exchange.plan(state, {name: most * number // steps - most * (number - 1) // steps
                                     for name, most in budget.items()})
        size, state = _far_enough(exchange, plan, state, last=number == steps)
        if state.agrees and smallest:
            size, state = _cut(exchange, plan, size, state, advance)
        exchange.keep(plan, size)
        change = exchange.change(concept)
        records.append(RevisionStep(change.dropped_count / active, state.probability, state.cross_entropy))
        if state.agrees:
            break
    revision = Revision(concept, value, records[-1].portion, len(records) - 1, change)
    return Revised(revision, tuple(records), active, state.pooled.detach())


def parse_revision(text: str, schema: ConceptSchema) -> tuple[str, str]:
    """Read `service=Negative`: the concept and the value that it should have."""
    concept, separator, value = text.partition("=")
    if not separator:
        raise InputError(f"Revision {text!r} is not of the form concept=value; e.g. "
                         f"{schema.concepts[0]}={schema.values[-1]}.")
    schema.concept_index(concept)
    schema.value_index(value)
    return concept, value


def check_bounds(portion: float, steps: int) -> None:
    """InputError when a revision may not exchange such a portion, or not in so many steps."""
    if not 0 < portion <= MOST_PORTION:
        raise InputError(f"Portion {portion:g} came; allowed: more than 0 and at most {MOST_PORTION:g} of the active "
                         f"weights, e.g. {DEFAULT_PORTION:g}. Choose another portion.")
    if not 1 <= steps <= MOST_STEPS:
        raise InputError(f"Steps {steps} came; allowed: 1 to {MOST_STEPS}. Choose another number of steps.")


def _far_enough(exchange: Exchange, plan: Plan, before: State, last: bool) -> tuple[int, State]:
    """The size of the whole plan, or where that goes too far a half, a quarter, .. of it; and the state then.

    Too far is where the loss is no smaller than before; in the last step, wherever less reaches the value or comes
    closer to it.
    """
    size = tried = plan.size
    state = exchange.make(plan, size, gradient=not last)
    while not state.agrees and tried > 1 and (last or state.cross_entropy >= before.cross_entropy):
        tried //= 2
        found = exchange.make(plan, tried, gradient=not last)
        if not last or found.agrees or found.cross_entropy < state.cross_entropy:
            size, state = tried, found
    return size, state


def _cut(
    exchange: Exchange, plan: Plan, enough: int, reached: State, advance: Callable[[], None]
) -> tuple[int, State]:
    """The smallest size of a plan that reaches the value, and the state then, when the size `enough` does."""
    short = 0
    while enough - short > 1:
        advance()
        size = (short + enough) // 2
        state = exchange.make(plan, size)
        if state.agrees:
            enough, reached = size, state
        else:
            short = size
    return enough, reached
