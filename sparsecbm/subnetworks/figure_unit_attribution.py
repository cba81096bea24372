"""What an answer leans on: heads and neurons by their scores, and sentences about them."""

from collections.abc import Callable, Sequence

import numpy as np
import pandas as pd

from sparsecbm.figures.cells import Cells
from sparsecbm.figures.plotly_text import plain
from sparsecbm.figures.text import label_name, percent, signed, target_name
from sparsecbm.schema import ConceptSchema
from sparsecbm.subnetworks.units import KnockOutResult, Leaning, Unit
from sparsecbm.types import Attribution
from sparsecbm.words.figure import LEAST_LIMIT, PRINTED_FROM

#: A score holds when it misses what was measured by no more than this share of the larger, or by so few logits.
MISS_SHARE, MISS_LOGITS = 1 / 3, 0.05


def leaning_name(found: Leaning, schema: ConceptSchema) -> str:
    """What is leaned on something, e.g. "service = Positive", or "4 stars through service"."""
    if found.target.concept is not None:
        return target_name(found.target, schema)
    return f"{label_name(found.target.name, schema)} through {found.through}"


def colour_limit(found: Leaning) -> float:
    """The score, in logits, that gets the full colour in the map of heads: the strongest, unless that is weak."""
    return max(LEAST_LIMIT, float(np.abs(found.heads.scores).max(initial=0.0)))


def leaning_map(found: Leaning, name: str, chosen: Unit | None = None) -> Cells:
    """A row per layer, a column per head; `name` is what leans on them."""
    scores, layers = found.heads.scores, found.heads.layers
    printed = [[signed(score) if abs(score) >= PRINTED_FROM * colour_limit(found) else "" for score in row]
               for row in scores.tolist()]
    hover = [[f"head {head} of layer {layer}<br>{signed(score)} logits for {plain(name)}"
              for head, score in enumerate(row)] for layer, row in zip(layers, scores.tolist(), strict=True)]
    frame = ((layers.index(chosen.layer), chosen.number),) if chosen and chosen.kind == "head" else ()
    return Cells(scores, tuple(f"layer {layer}" for layer in layers), tuple(map(str, range(scores.shape[1]))),
                 f"Heads for (+) and against (−) {name}", printed, hover, colour_limit(found), frame,
                 ("", "attention head"))


def units_table(found: Leaning, units: Sequence[Unit], share: Callable[[Unit], float]) -> pd.DataFrame:
    """Heads or neurons in this order; `share` is what only the concept has of the weights of one, 0..1."""
    kind = units[0].kind if units else "unit"
    return pd.DataFrame({
        "layer": [unit.layer for unit in units], kind: [unit.number for unit in units],
        "score": [round(found.score(unit), 3) for unit in units],
        "percent its own": [round(100 * share(unit), 1) for unit in units]})


def leaning_text(found: Leaning, name: str) -> str:
    """The heads that matter most each way, in words."""
    if np.abs(found.heads.scores).max(initial=0.0) < MISS_LOGITS:
        why = "" if found.target.concept is not None else (
            " Where the model is sure of a concept, small steps hardly move what it adds: go by what is measured.")
        return f"No attention head is seen to move {name} by {MISS_LOGITS:.2f} logits.{why}"
    heads = sorted(found.strongest("head", found.heads.scores.size), key=found.score, reverse=True)
    best = [_with_score(found, unit) for unit in heads[:2] if found.score(unit) >= 0.005]
    if not best:
        return f"No attention head speaks for {name}."
    said = f"{name} leans most on {' and '.join(best)} of {len(heads)} attention heads"
    worst = heads[-1]
    against = f"; {_with_score(found, worst)} speaks most against it" if found.score(worst) <= -0.005 else ""
    return f"{said}{against}."


def unit_text(found: Leaning, unit: Unit, words: Attribution, schema: ConceptSchema) -> str:
    """What one head or neuron does, and the words it does it for."""
    score, target = found.score(unit), found.target
    if signed(score) == "0.00":
        return f"{str(unit).capitalize()} is not seen to move {leaning_name(found, schema)}."
    if target.concept is not None:
        verb = f"pushes {target.concept} towards" if score > 0 else f"holds {target.concept} back from"
        verb = f"{verb} {target.name}"
    else:
        verb = f"{'raises' if score > 0 else 'lowers'} what {found.through} adds to {label_name(target.name, schema)}"
    least = max(PRINTED_FROM * abs(score), 0.005)
    order = [number for number in np.argsort(-words.scores * np.sign(score), kind="stable")[:2]
             if words.scores[number] * np.sign(score) >= least]
    names = " and ".join(f"“{words.words[number].text}”" for number in order)
    how = f"mostly through {names}" if names else "but no single word stands out"
    return f"{str(unit).capitalize()} {verb} ({signed(score)} logits), {how}."


def without_words_text(found: Leaning, unit: Unit, words: Attribution) -> str:
    """How much of a unit's score the words account for; the rest is there in an empty review, too."""
    return (f"Its words, taken together, are {signed(words.difference)} of its score of {signed(found.score(unit))}; "
            f"{signed(found.score(unit) - words.difference)} it would have without any word.")


def holds(score: float, loss: float) -> bool:
    """True when what was measured is about what the score said."""
    return abs(score - loss) <= max(MISS_SHARE * max(abs(score), abs(loss)), MISS_LOGITS)


def check_text(found: Leaning, unit: Unit, loss: float, name: str) -> str:
    """What taking the unit out really does, beside what its score said of it."""
    score = found.score(unit)
    said = (f"Measured: without {unit}, the logit of {name} {'falls' if loss >= 0 else 'rises'} by {abs(loss):.2f}. "
            f"Its score of {signed(score)} estimates this from the slope at this review alone: ")
    if holds(score, loss):
        return f"{said}here the estimate holds."
    if abs(score) < MISS_LOGITS:
        return f"{said}here it misses what happens. Go by what was measured."
    if score * loss > 0:
        return f"{said}here the direction is right and the size is not. Go by what was measured."
    return f"{said}here even the direction is wrong. Go by what was measured."


def sure_text(found: Leaning, result: KnockOutResult) -> str:
    """What the knock-out does to the answer, in percent, and to the label where it changes."""
    before, after, schema = result.before, result.after, result.before.schema
    if found.target.concept is not None:
        k, value = schema.concept_index(found.target.concept), schema.value_index(found.target.name)
        shares = [float(side.concept_probabilities[k, value]) for side in (before, after)]
        name = f"{found.target.concept} = {found.target.name}"
        read = [side.value(found.target.concept) for side in (before, after)]
    else:
        shares = [float(side.label_probabilities[schema.label_index(found.target.name)]) for side in (before, after)]
        name, read = label_name(found.target.name, schema), [before.label, after.label]
    said = f"The model's probability of {name} goes from {percent(shares[0])} to {percent(shares[1])}"
    if found.target.concept is not None and read[0] != read[1]:
        said += f", and it reads {found.target.concept} as {read[1]}"
    if result.label_changed:
        said += f"; the answer flips from {label_name(before.label, schema)} to {label_name(after.label, schema)}"
    return f"{said}."


def _with_score(found: Leaning, unit: Unit) -> str:
    return f"{unit} ({signed(found.score(unit))})"
