"""Why a concept is worth a look, in one sentence made from the numbers of a prediction."""

import numpy as np
from jaxtyping import Float
from scipy.special import entr, softmax

from sparsecbm.concepts.compute_override import Effects, set_one
from sparsecbm.types import Prediction

#: Values that the model finds less probable than this are not spoken of.
LIKELY = 0.05
#: A value at least this probable is called fairly certain.
FAIRLY_CERTAIN = 0.9


def centred(contributions: Float[np.ndarray, "*row label"]) -> Float[np.ndarray, "*row label"]:
    """Contributions without what they have in common for all labels, which moves no probability."""
    return np.asarray(contributions - contributions.mean(-1, keepdims=True))


def of_uncertainty(prediction: Prediction, effects: Effects, k: int, score: float) -> str:
    """How sure the model is of the value."""
    values, shares = prediction.schema.values, prediction.concept_probabilities[k]
    shown = " / ".join(f"{shares[v]:.2f} {values[v]}" for v in _likely(prediction, k))
    return f"Its value is {'fairly certain' if shares.max() >= FAIRLY_CERTAIN else 'uncertain'} ({shown})."


def of_change(prediction: Prediction, effects: Effects, k: int, score: float) -> str:
    """How sure the value is, and what the likeliest value that changes the label, if any, makes of it."""
    schema, title, now = prediction.schema, prediction.schema.label_title, int(prediction.label_probabilities.argmax())
    logits = set_one(prediction.label_logits, prediction.contributions, effects)[k]  # [value, label]
    likely, certainty = _likely(prediction, k), of_uncertainty(prediction, effects, k, score)[:-1]
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


def of_contribution(prediction: Prediction, effects: Effects, k: int, score: float) -> str:
    """How many logits the concept moves, and which label most."""
    contribution, schema = centred(prediction.contributions[k]), prediction.schema
    y = int(np.abs(contribution).argmax())
    return (f"As it is read, it moves the {schema.label_title} by {score:.2f} logits over all labels, most of all "
            f"{schema.label_display[y]} ({contribution[y]:+.2f}).")


def of_certainty(prediction: Prediction, effects: Effects, k: int, score: float) -> str:
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
