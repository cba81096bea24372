"""The content of the page as rows and parts of sentences; the template only writes them."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from sparsecbm.figures.text import label_name, setting_text
from sparsecbm.types import Attribution, Explanation, InterventionResult, Prediction, Target, Word
from sparsecbm.words.figure import PRINTED_FROM, full_colour, strongest_words
from sparsecbm.words.unread import word_name

#: Words that a split by concept lists one by one; the others share a row, so that every column adds up.
MOST_ROWS = 12
#: Words that the summary names, for and against the label.
NAMED_WORDS = 3

Leading = tuple[str, float]
LeadingWord = tuple[Word, float]


def label_shares(prediction: Prediction) -> tuple[tuple[str, float], ...]:
    """Every label by its display name, with its probability."""
    schema = prediction.schema
    return tuple((label_name(label, schema), float(share))
                 for label, share in zip(schema.labels, prediction.label_probabilities, strict=True))


@dataclass(frozen=True)
class LedgerRow:
    """One addend of the predicted label's logit; `bar` is its share of the largest one, -1..1.

    `value` is the predicted value of a concept and `distribution` the probability of each value; bias and residual
    have neither.
    """

    name: str
    contribution: float
    bar: float
    value: str = ""
    distribution: tuple[tuple[str, float], ...] = ()


def ledger_rows(prediction: Prediction) -> tuple[LedgerRow, ...]:
    """Every concept, then residual and bias; they add up to the predicted label's logit exactly."""
    schema = prediction.schema
    index = schema.label_index(prediction.label)
    addends = [*prediction.contributions[:, index].tolist(), float(prediction.residual[index]),
               float(prediction.label_bias[index])]
    largest = max(abs(addend) for addend in addends) or 1.0
    rows = [LedgerRow(concept, addends[k], addends[k] / largest, prediction.value(concept),
                      tuple(zip(schema.values_of(concept), prediction.concept_probabilities[
                          k, schema.value_places(concept)].tolist(), strict=True)))
            for k, concept in enumerate(schema.concepts)]
    rest = zip(("residual", "bias"), addends[len(rows) :], strict=True)
    return (*rows, *(LedgerRow(name, addend, addend / largest) for name, addend in rest))


def strongest_parts(prediction: Prediction) -> tuple[Leading | None, Leading | None]:
    """The largest positive and the largest negative contribution to the predicted label, without the bias."""
    named = [(f"{row.name} = {row.value}" if row.value else "the text directly (residual)", row.contribution)
             for row in ledger_rows(prediction) if row.name != "bias"]
    best, worst = max(named, key=lambda part: part[1]), min(named, key=lambda part: part[1])
    return best if best[1] > 0 else None, worst if worst[1] < 0 else None


def label_words(explanation: Explanation) -> tuple[tuple[LeadingWord, ...], tuple[LeadingWord, ...]]:
    """The strongest words for and against the predicted label, among those whose score is printed."""
    label = Target(None, explanation.prediction.label)
    for attribution in explanation.attributions:
        if attribution.target == label:
            least = PRINTED_FROM * full_colour(explanation.attributions)
            return strongest_words(attribution, NAMED_WORDS, least)
    return (), ()


def read_until(explanation: Explanation) -> int:
    """The character of the text at which the model stopped reading."""
    text = explanation.prediction.text
    if not explanation.prediction.truncated or not explanation.attributions:
        return len(text)
    return max((word.end for word in explanation.attributions[0].words), default=len(text))


def split_table(attribution: Attribution) -> list[tuple[str, list[float]]]:
    """The words of a label with their scores, whole and by part: the strongest in the order of the text, then the rest
    together, then all."""
    columns = np.stack([attribution.scores, *attribution.parts.values()], axis=1)  # [word, column]
    strength = np.abs(columns).max(axis=1)
    chosen = sorted(np.argsort(-strength, kind="stable")[:MOST_ROWS].tolist())
    rows = [(word_name(attribution.words[i]), columns[i].tolist()) for i in chosen]
    others = len(columns) - len(chosen)
    if others:
        rest = columns.sum(axis=0) - columns[chosen].sum(axis=0)
        rows.append((f"{others} weaker word{'s' if others > 1 else ''}", rest.tolist()))
    return [*rows, ("all words", columns.sum(axis=0).tolist())]


def score_table(attributions: Sequence[Attribution]) -> list[tuple[str, list[float]]]:
    """Every word with its score for every attribution, in the order of the text; all have the same words."""
    if not attributions:
        return []
    columns = zip(*(attribution.scores.tolist() for attribution in attributions), strict=True)
    return [(word_name(word), list(scores)) for word, scores in zip(attributions[0].words, columns, strict=True)]


@dataclass(frozen=True)
class SetConcept:
    """A concept that a person set, and its contribution to the new label before and after, in logits.

    `value` is empty where no value is certain; `setting` then says the probability of each.
    """

    name: str
    value: str
    setting: str
    distribution: tuple[tuple[str, float], ...]
    before: float
    after: float


def set_concepts(result: InterventionResult) -> tuple[SetConcept, ...]:
    """Each concept that a person set."""
    schema = result.before.schema
    index = schema.label_index(result.after.label)
    rows = []
    for concept, distribution in result.overrides.items():
        before, after = (float(side.contributions[schema.concept_index(concept), index])
                         for side in (result.before, result.after))
        value = schema.values[distribution.index(1.0)] if 1.0 in distribution else ""
        rows.append(SetConcept(concept, value, setting_text(distribution, schema.values),
                               tuple(zip(schema.values, distribution, strict=True)), before, after))
    return tuple(rows)
