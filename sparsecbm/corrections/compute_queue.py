"""The order in which labels help most.

Of everything that is open, the text and field with the highest score are asked next:

    score = (w_u uncertainty + w_d disagreement + w_v diversity) / (w_u + w_d + w_v)

where `diversity` is one minus the largest cosine between the text and one that was taken already (0..1; a negative
cosine counts as 0), and 1 where none was. So the order is greedy: each choice makes texts like it less urgent, and so
does a label of another field of the same text. Equal scores keep the order of the source, the label before concepts.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from jaxtyping import Float
from sklearn.feature_extraction.text import TfidfVectorizer

from sparsecbm.corrections.label_correction import fields_of
from sparsecbm.corrections.queue import WEIGHTS, Asked, Open, Pool, Weights
from sparsecbm.schema import ConceptSchema
from sparsecbm.types import LABEL_TARGET, Predictions

#: Texts that were taken whose cosines are worked out at a time.
_AT_ONCE = 64
#: A word, or a sign on its own: of every text something is left.
_TOKEN = r"\w+|[^\w\s]"


@dataclass(frozen=True, eq=False)
class Nearest:
    """The largest cosine of every text with one that was taken, 0..1, and the places of those."""

    taken: frozenset[int]
    cosine: Float[np.ndarray, " row"]


def bag_of_words(texts: Sequence[str]) -> Any:
    """Words of each text, rare ones weighted more, as sparse rows of length 1."""
    return TfidfVectorizer(token_pattern=_TOKEN, sublinear_tf=True, dtype=np.float32).fit_transform(texts)


def pool_of(
    predictions: Predictions, features: Any, label_bias: Float[np.ndarray, " label"] | None = None,
    effects: Float[np.ndarray, "concept value label"] | None = None, has_concepts: bool = True,
) -> Pool:
    """What can be asked of predicted texts, by their `features`, pooled ones or `bag_of_words`.

    With `label_bias` and `effects` of a model whose label is computed from its concepts' probabilities, the label that
    they give without the residual is compared with the predicted one; otherwise disagreement is 0.
    """
    schema, shares = predictions.schema, predictions.label_probabilities.astype(np.float64)
    uncertainty = [_entropy(shares, len(schema.labels))]
    if has_concepts:
        uncertainty += [_entropy(predictions.concept_probabilities[:, k].astype(np.float64),
                                 len(schema.values_of(concept))) for k, concept in enumerate(schema.concepts)]
    apart = np.zeros(len(predictions))
    if label_bias is not None and effects is not None and has_concepts:
        logits = label_bias + np.einsum("rkv,kvy->ry", predictions.concept_probabilities, effects)
        alone = np.exp(logits - logits.max(-1, keepdims=True))
        apart = np.abs(alone / alone.sum(-1, keepdims=True) - shares).sum(-1) / 2
    return Pool(fields_of(schema, has_concepts), np.stack(uncertainty, axis=1), np.clip(apart, 0, 1), features)


def nearest(pool: Pool, taken: Collection[int], known: Nearest | None = None) -> Nearest:
    """How like the texts that were taken every text is. What is `known` of some of them is not worked out again."""
    if known is None or not known.taken <= set(taken):
        known = Nearest(frozenset(), np.zeros(len(pool)))
    new, cosine = sorted(set(taken) - known.taken), known.cosine.copy()
    for start in range(0, len(new), _AT_ONCE):
        products = pool.features @ pool.features[new[start:start + _AT_ONCE]].T
        found = products if isinstance(products, np.ndarray) else products.toarray()
        cosine = np.maximum(cosine, found.max(1))
    return Nearest(frozenset(taken), np.clip(cosine, 0, 1))


def next_asked(pool: Pool, open_: Open, near: Nearest, weights: Weights = WEIGHTS) -> Asked | None:
    """The field of a text, among those that are open, where a label helps most; None where nothing is open."""
    if not open_.any():
        return None
    diversity = 1 - near.cosine
    parts = (weights.uncertainty, weights.disagreement, weights.diversity)
    scores = (parts[0] * pool.uncertainty + (parts[1] * pool.disagreement + parts[2] * diversity)[:, None]) / sum(parts)
    row, field = np.unravel_index(int(np.where(open_, scores, -np.inf).argmax()), scores.shape)
    return Asked(int(row), pool.fields[field], float(scores[row, field]), float(pool.uncertainty[row, field]),
                 float(pool.disagreement[row]), float(diversity[row]))


def queue(
    pool: Pool, count: int, done: Collection[tuple[int, str]] = (), weights: Weights = WEIGHTS
) -> list[Asked]:
    """The next `count` fields to ask, or all where fewer are open, in their order; `done` are those asked before."""
    open_, near, found = all_open(pool), None, list[Asked]()
    for row, field in done:
        open_[row, pool.fields.index(field)] = False
    taken = {row for row, _ in done}
    while len(found) < count:
        near = nearest(pool, taken, near)
        asked = next_asked(pool, open_, near, weights)
        if asked is None:
            break
        found.append(asked)
        open_[asked.row, pool.fields.index(asked.field)] = False
        taken.add(asked.row)
    return found


def all_open(pool: Pool) -> Open:
    """Every field of every text."""
    return np.ones((len(pool), len(pool.fields)), dtype=bool)


def _entropy(shares: Float[np.ndarray, "row value"], values: int) -> Float[np.ndarray, " row"]:
    """Of each distribution, as a share of the largest that so many values can have."""
    logs = np.log(np.where(shares > 0, shares, 1))
    return np.asarray(np.clip(-(shares * logs).sum(-1) / np.log(values), 0, 1))


def predicted_answer(predictions: Predictions, row: int, field: str, schema: ConceptSchema) -> str:
    """What the model predicts for a field of a text."""
    if field == LABEL_TARGET:
        return schema.labels[int(predictions.labels[row])]
    return schema.values[int(predictions.values[row, schema.concept_index(field)])]
