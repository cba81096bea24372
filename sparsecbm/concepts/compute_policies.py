"""Which concept a person should check next: ways to rank concepts, none of which knows the gold values.

Shin et al. 2023, "A Closer Look at the Intervention Procedure of Concept Bottleneck Models" (arXiv 2302.14260), where
the ways to select a concept are named and defined for binary concepts; here they are for concepts of several values.
Ties go to the concept that comes first in the schema.
"""

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from jaxtyping import Float
from scipy.special import entr, log_softmax, softmax

from sparsecbm.concepts.compute_override import Effects, concept_effects, set_one
from sparsecbm.errors import InputError, unknown_name
from sparsecbm.model.checkpoint import Checkpoint
from sparsecbm.model.prediction import pool_texts
from sparsecbm.types import Prediction

Scores = Float[np.ndarray, "*row concept"]

#: Scores are compared to so many decimals, so that rounding errors break no tie.
DECIMALS = 10


@dataclass(frozen=True, eq=False)
class ConceptState:
    """The concepts of one document or of many, as policies, curves and effects need them."""

    probabilities: Float[np.ndarray, "*row concept value"]
    contributions: Float[np.ndarray, "*row concept label"]
    logits: Float[np.ndarray, "*row label"]
    effects: Effects

    @classmethod
    def of(cls, prediction: Prediction, effects: Effects) -> "ConceptState":
        """That of one prediction, in double precision."""
        return cls(prediction.concept_probabilities.astype(np.float64), prediction.contributions.astype(np.float64),
                   prediction.label_logits.astype(np.float64), effects)

    @classmethod
    @torch.inference_mode()
    def of_texts(
        cls, checkpoint: Checkpoint, texts: Sequence[str], progress: Callable[[int], None] | None = None,
        batch_size: int = 64,
    ) -> "ConceptState":
        """That of texts in their order, in double precision; `progress` gets the number of texts of each batch."""
        model = checkpoint.model
        pooled = pool_texts(model, checkpoint.encoder, checkpoint.masks, texts, batch_size, progress).to(model.device)
        logits = model.concept_logits(pooled)
        ledger = model.label(model.bottleneck(logits), model.residual_logits(pooled))
        probabilities, contributions, label_logits = (
            part.cpu().double().numpy() for part in (logits.softmax(-1), ledger.contributions, ledger.logits))
        return cls(probabilities, contributions, label_logits, concept_effects(model))

    def once_set(self) -> Float[np.ndarray, "*row concept value label"]:
        """Label logits when one concept alone is set to one value for certain."""
        return set_one(self.logits, self.contributions, self.effects)

    def expected(self, of_values: Float[np.ndarray, "*row concept value"]) -> Scores:
        """The mean over a concept's values, weighted by how probable the model finds each."""
        return np.asarray((self.probabilities * of_values).sum(-1))


def value_entropy(state: ConceptState) -> Scores:
    """UCP, uncertainty of the concept prediction: the entropy of p_k, in nats."""
    return np.asarray(entr(state.probabilities).sum(-1))


def label_contribution(state: ConceptState) -> Scores:
    """CCTP, contribution of the concept to the target prediction: the sum of |contribution| over labels, in logits.

    What a contribution has in common for all labels moves no probability and is taken off first.
    """
    return np.asarray(np.abs(_centred(state.contributions)).sum(-1))


def expected_change(state: ConceptState) -> Scores:
    """ECTP, expected change in the target prediction: sum_v p_kv KL(label with k set to v || label now), in nats."""
    then, now = log_softmax(state.once_set(), axis=-1), log_softmax(state.logits, axis=-1)
    return state.expected((np.exp(then) * (then - now[..., None, None, :])).sum(-1))


def expected_certainty(state: ConceptState) -> Scores:
    """EUDTP, expected uncertainty decrease in the target prediction: H(label) - sum_v p_kv H(label with k set to v).

    H is the entropy in nats. Below zero where knowing the concept is expected to make the label less certain.
    """
    then, now = (entr(softmax(logits, axis=-1)).sum(-1) for logits in (state.once_set(), state.logits))
    return np.asarray(now[..., None] - state.expected(then))


#: Values that the model finds less probable than this are not spoken of.
LIKELY = 0.05
#: A value at least this probable is called fairly certain.
FAIRLY_CERTAIN = 0.9


def _centred(contributions: Float[np.ndarray, "*row label"]) -> Float[np.ndarray, "*row label"]:
    """Contributions without what they have in common for all labels, which moves no probability."""
    return np.asarray(contributions - contributions.mean(-1, keepdims=True))


def uncertainty_reason(prediction: Prediction, effects: Effects, k: int, score: float) -> str:
    """How sure the model is of the value."""
    values, shares = prediction.schema.values, prediction.concept_probabilities[k]
    shown = " / ".join(f"{shares[v]:.2f} {values[v]}" for v in _likely(prediction, k))
    return f"Its value is {'fairly certain' if shares.max() >= FAIRLY_CERTAIN else 'uncertain'} ({shown})."


def change_reason(prediction: Prediction, effects: Effects, k: int, score: float) -> str:
    """How sure the value is, and what the likeliest value that changes the label, if any, makes of it."""
    schema, title, now = prediction.schema, prediction.schema.label_title, int(prediction.label_probabilities.argmax())
    logits = set_one(prediction.label_logits, prediction.contributions, effects)[k]  # [value, label]
    likely, certainty = _likely(prediction, k), uncertainty_reason(prediction, effects, k, score)[:-1]
    for v in likely:
        then = int(logits[v].argmax())
        if then != now:
            return (f"{certainty}; set to {schema.values[v]}, it moves the {title} from {schema.label_display[now]} to "
                    f"{schema.label_display[then]}.")
    shares = softmax(logits[likely], axis=-1)[:, now]
    before, low, high = (f"{share:.2f}" for share in (prediction.label_probabilities[now], shares.min(), shares.max()))
    change = f"from {before} to {low}" if low == high else f"from {before} to between {low} and {high}"
    return (f"{certainty}; no likely value changes the {title}, " + (
        "and hardly its probability." if low == high == before
        else f"but setting it moves the probability of {schema.label_display[now]} {change}."))


def contribution_reason(prediction: Prediction, effects: Effects, k: int, score: float) -> str:
    """How many logits the concept moves, and which label most."""
    contribution, schema = _centred(prediction.contributions[k]), prediction.schema
    y = int(np.abs(contribution).argmax())
    return (f"As predicted, it moves the {schema.label_title} by {score:.2f} logits over all labels, most of all "
            f"{schema.label_display[y]} ({contribution[y]:+.2f}).")


def certainty_reason(prediction: Prediction, effects: Effects, k: int, score: float) -> str:
    """How uncertain the label is now, and is expected to be."""
    now = float(entr(prediction.label_probabilities).sum())
    title, before, then = prediction.schema.label_title, f"{now:.2f}", f"{now - score:.2f}"
    if then == before:
        return f"Once it is known, the {title} is expected to be as certain as it is: an entropy of {before} nats."
    return (f"Once it is known, the {title} is expected to be {'more' if score > 0 else 'less'} certain: an entropy of "
            f"{then} instead of {before} nats.")


def _likely(prediction: Prediction, k: int) -> list[int]:
    """The values that the model finds likely, the likeliest first; always at least one."""
    shares = prediction.concept_probabilities[k]
    order = np.argsort(-shares, kind="stable").tolist()
    return [v for v in order if shares[v] >= LIKELY] or order[:1]


@dataclass(frozen=True)
class Policy:
    """A way to rank concepts. `score` says how much each is worth a look; without one, chance does.

    `reason(prediction, effects, k, score)` says in a sentence why concept k has its score.
    """

    name: str
    title: str
    help: str
    score: Callable[[ConceptState], Scores] | None
    reason: Callable[[Prediction, Effects, int, float], str]

    def scores(self, state: ConceptState, random: np.random.Generator) -> Scores:
        """The scores, all different by chance where the policy has none of its own."""
        if self.score is None:
            return random.random(state.probabilities.shape[:-1])
        return np.round(self.score(state), DECIMALS)


#: By name, the default first.
POLICIES: Mapping[str, Policy] = {policy.name: policy for policy in (
    Policy("ectp", "Expected change of the label",
           "How far the label's probabilities are expected to move once the concept is known.",
           expected_change, change_reason),
    Policy("ucp", "Uncertainty of the concept",
           "How unsure the model is of the concept's value, whatever that does to the label.",
           value_entropy, uncertainty_reason),
    Policy("cctp", "Contribution to the label",
           "How much the concept, as predicted, moves the label, however sure its value is.",
           label_contribution, contribution_reason),
    Policy("eudtp", "Expected certainty of the label",
           "How much more certain the label is expected to be once the concept is known.",
           expected_certainty, certainty_reason),
    Policy("random", "Random", "Any concept: what the others are to be compared with.",
           None, lambda *_: "Drawn at random, whatever the numbers say."),
)}
DEFAULT_POLICY = next(iter(POLICIES))


def policy_named(name: str) -> Policy:
    """The policy of that name; InputError lists them all."""
    if name not in POLICIES:
        raise InputError(unknown_name("policy", name, tuple(POLICIES)))
    return POLICIES[name]


@dataclass(frozen=True)
class Suggestion:
    """A concept to look at, its score by the policy, and the reason in one sentence."""

    concept: str
    score: float
    reason: str


def ranking(
    prediction: Prediction,
    effects: Effects,
    policy: str = DEFAULT_POLICY,
    already_set: Collection[str] = (),
    seed: int = 0,
) -> tuple[Suggestion, ...]:
    """All concepts that are not set already, the one most worth a look first; `seed` is that of the random policy.

    `prediction` is the one with what is set already. InputError for an unknown policy or concept.
    """
    chosen, concepts = policy_named(policy), prediction.schema.concepts
    taken = {prediction.schema.concept_index(concept) for concept in already_set}
    scores = chosen.scores(ConceptState.of(prediction, effects), np.random.default_rng(seed)).tolist()
    order = sorted(set(range(len(concepts))) - taken, key=lambda k: (-scores[k], k))
    return tuple(Suggestion(concepts[k], scores[k], chosen.reason(prediction, effects, k, scores[k])) for k in order)


def next_concept(
    prediction: Prediction,
    effects: Effects,
    policy: str = DEFAULT_POLICY,
    already_set: Collection[str] = (),
    seed: int = 0,
) -> Suggestion | None:
    """The first of the `ranking`; None when every concept is set."""
    return next(iter(ranking(prediction, effects, policy, already_set, seed)), None)
