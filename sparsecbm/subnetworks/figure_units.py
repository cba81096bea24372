"""How exclusive heads and neurons are: the share of their used weights that only one concept keeps."""

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import pandas as pd

from sparsecbm.figures.cell_table import Cells
from sparsecbm.figures.style import DARK_PAPER, PAPER, plain, sequential
from sparsecbm.figures.text import label_name, listed, percent, signed, target_name
from sparsecbm.schema import ConceptSchema
from sparsecbm.subnetworks.counts import MaskCounts
from sparsecbm.subnetworks.knockout import KnockOutResult
from sparsecbm.subnetworks.overlap import ExclusiveUnit
from sparsecbm.subnetworks.unit_attribution import Unit, UnitAttribution
from sparsecbm.types import Attribution
from sparsecbm.words.figure import LEAST_LIMIT, PRINTED_FROM
from sparsecbm.words.unread import word_name


def head_map(heads: MaskCounts, title: str) -> Cells:
    """A row per concept, a column per head."""
    share, used = heads.exclusive_share.T, heads.used.tolist()
    names = heads.passes[: len(share)]
    printed = [[f"{cell:.2f}" for cell in row] for row in share.tolist()]
    hover = [[f"head {unit}, {plain(name)}<br>{own:,} of {any_:,} used weights are its own ({100 * part:.1f} %)"
              for unit, own, any_, part in zip(heads.units, heads.exclusive[:, k].tolist(), used, share[k].tolist(),
                                               strict=True)] for k, name in enumerate(names)]
    return Cells(share, names, heads.units, title, printed, hover, axes=("", "attention head"))


def neuron_map(neurons: MaskCounts) -> dict[str, Any]:
    """What a picture with a row per concept and a thin column per neuron needs.

    `own` holds each concept's exclusive weights [concept, neuron], `used` each neuron's weights that any concept keeps.
    """
    concepts = neurons.exclusive_share.shape[1]
    return {"concepts": list(neurons.passes[:concepts]), "own": neurons.exclusive[:, :concepts].T,
            "used": neurons.used}


def percent_colours(dark: bool) -> list[str]:
    """The colours of shares of 0, 1, .. 100 percent."""
    return [sequential(percent / 100, DARK_PAPER if dark else PAPER) for percent in range(101)]


def unit_table(counts: MaskCounts, kind: str) -> pd.DataFrame:
    """Every head or neuron: its weights, those that any concept keeps, and those that one concept alone keeps."""
    concepts = counts.exclusive_share.shape[1]
    return pd.DataFrame({
        kind: counts.units, "weights": counts.weights, "used by any": counts.used, "common core": counts.core,
        **{f"only {name}": counts.exclusive[:, k] for k, name in enumerate(counts.passes[:concepts])}})


def exclusive_table(units: Sequence[ExclusiveUnit], kind: str) -> pd.DataFrame:
    """A list of the most exclusive heads or neurons."""
    return pd.DataFrame({
        "layer": [unit.layer for unit in units], kind: [unit.unit for unit in units],
        "its own weights": [unit.exclusive for unit in units], "used by any": [unit.used for unit in units],
        "percent its own": [float(np.round(100 * unit.share, 1)) for unit in units]})


#: A score holds when it differs from the measured loss by at most this share of the larger, or by so few logits.
MISS_SHARE, MISS_LOGITS = 1 / 3, 0.05


def attribution_name(found: UnitAttribution, schema: ConceptSchema) -> str:
    """What the scores are of, e.g. "service = Positive", or "4 stars through service"."""
    if found.target.concept is not None:
        return target_name(found.target, schema)
    return f"{label_name(found.target.name, schema)} through {found.through}"


def colour_limit(found: UnitAttribution) -> float:
    """The score, in logits, that gets the full colour in the map of heads: the strongest, unless that is weak."""
    return max(LEAST_LIMIT, float(np.abs(found.heads.scores).max(initial=0.0)))


def head_score_map(found: UnitAttribution, name: str, chosen: Unit | None = None) -> Cells:
    """A row per layer, a column per head; `name` is what the scores are of."""
    scores, layers = found.heads.scores, found.heads.layers
    printed = [[signed(score) if abs(score) >= PRINTED_FROM * colour_limit(found) else "" for score in row]
               for row in scores.tolist()]
    hover = [[f"head {head} of layer {layer}<br>{signed(score)} logits for {plain(name)}"
              for head, score in enumerate(row)] for layer, row in zip(layers, scores.tolist(), strict=True)]
    frame = ((layers.index(chosen.layer), chosen.number),) if chosen and chosen.kind == "head" else ()
    return Cells(scores, tuple(f"layer {layer}" for layer in layers), tuple(map(str, range(scores.shape[1]))),
                 f"Heads for (+) and against (−) {name}", printed, hover, colour_limit(found), frame,
                 ("", "attention head"))


def units_table(found: UnitAttribution, units: Sequence[Unit], share: Callable[[Unit], float]) -> pd.DataFrame:
    """Heads or neurons in this order; `share` is what only the concept has of the weights of one, 0..1."""
    kind = units[0].kind if units else "unit"
    return pd.DataFrame({
        "layer": [unit.layer for unit in units], kind: [unit.number for unit in units],
        "score": [round(found.score(unit), 3) for unit in units],
        "percent its own": [round(100 * share(unit), 1) for unit in units]})


def strongest_heads_text(found: UnitAttribution, name: str) -> str:
    """The heads that matter most each way, in words."""
    if np.abs(found.heads.scores).max(initial=0.0) < MISS_LOGITS:
        why = "" if found.target.concept is not None else (
            " Where the model is sure of a concept, small steps hardly move what it adds: rely on the measured effect.")
        return f"No attention head has a score of {MISS_LOGITS:.2f} logits for {name}.{why}"
    heads = sorted(found.strongest("head", found.heads.scores.size), key=found.score, reverse=True)
    best = [_with_score(found, unit) for unit in heads[:2] if found.score(unit) >= 0.005]
    if not best:
        return f"No attention head supports {name}."
    said = f"Of {len(heads)} attention heads, {listed(best)} support{'s' if len(best) == 1 else ''} {name} most"
    worst = heads[-1]
    against = f"; {_with_score(found, worst)} opposes it most" if found.score(worst) <= -0.005 else ""
    return f"{said}{against}."


def unit_text(found: UnitAttribution, unit: Unit, words: Attribution, schema: ConceptSchema) -> str:
    """What one head or neuron does, and through which words."""
    score, target = found.score(unit), found.target
    if signed(score) == "0.00":
        return f"{str(unit).capitalize()} has no score for {attribution_name(found, schema)}."
    if target.concept is not None:
        verb = f"pushes {target.concept} towards" if score > 0 else f"holds {target.concept} back from"
        verb = f"{verb} {target.name}"
    else:
        verb = f"{'raises' if score > 0 else 'lowers'} what {found.through} adds to {label_name(target.name, schema)}"
    least = max(PRINTED_FROM * abs(score), 0.005)
    order = [number for number in np.argsort(-words.scores * np.sign(score), kind="stable")[:2]
             if words.scores[number] * np.sign(score) >= least]
    names = " and ".join(f"“{word_name(words.words[number])}”" for number in order)
    how = f"mostly through {names}" if names else "but no single word stands out"
    return f"{str(unit).capitalize()} {verb} ({signed(score)} logits), {how}."


def without_words_text(found: UnitAttribution, unit: Unit, words: Attribution) -> str:
    """How much of a unit's score its words account for; the rest is the same in an empty review."""
    return (f"Of its score of {signed(found.score(unit))}, its words make up {signed(words.difference)}; the other "
            f"{signed(found.score(unit) - words.difference)} it would have without any word.")


def holds(score: float, loss: float) -> bool:
    """True when the score is about right as an estimate of the measured loss."""
    return abs(score - loss) <= max(MISS_SHARE * max(abs(score), abs(loss)), MISS_LOGITS)


def check_text(found: UnitAttribution, unit: Unit, loss: float, name: str) -> str:
    """The measured effect of taking the unit out, compared with its score."""
    score = found.score(unit)
    said = (f"Measured: without {unit}, the logit of {name} {'falls' if loss >= 0 else 'rises'} by {abs(loss):.2f}. "
            f"Its score of {signed(score)} estimates this from the slope at this text: ")
    if holds(score, loss):
        return f"{said}here the estimate holds."
    if abs(score) < MISS_LOGITS:
        return f"{said}here the estimate is wrong. Rely on the measured effect."
    if score * loss > 0:
        return f"{said}here the direction is right and the size is wrong. Rely on the measured effect."
    return f"{said}here even the direction is wrong. Rely on the measured effect."


def sure_text(found: UnitAttribution, result: KnockOutResult) -> str:
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
        said += f", and {found.target.concept} becomes {read[1]}"
    if result.label_changed:
        said += f"; the label flips from {label_name(before.label, schema)} to {label_name(after.label, schema)}"
    return f"{said}."


def _with_score(found: UnitAttribution, unit: Unit) -> str:
    return f"{unit} ({signed(found.score(unit))})"
