"""The ledger on both sides of the controls, as HTML: what the model understood, and what each line contributes."""

from collections.abc import Mapping, Sequence

import numpy as np
from jaxtyping import Float

from sparsecbm.figures.escaping import as_html
from sparsecbm.figures.names import label_name, percent, signed
from sparsecbm.intervene.effects import Effects
from sparsecbm.intervene.single_effects import RESIDUAL, SingleEffect
from sparsecbm.schema import ConceptSchema
from sparsecbm.types import InterventionResult
from sparsecbm.ui.bars import contribution_html, distribution_html
from sparsecbm.ui.ledger import label_ledger, largest

SUM = "sum"
_SHORT = 64


def line_heights(schema: ConceptSchema, residual: bool) -> dict[str, int]:
    """The lines and their heights in pixels: room for every value on one side, and for two rows of buttons."""
    line = max(100, 34 + 20 * len(schema.values))
    return dict.fromkeys(schema.concepts, line) | ({RESIDUAL: _SHORT} if residual else {}) | {SUM: _SHORT}


def understood_html(result: InterventionResult, heights: Mapping[str, int], notes: Mapping[str, str]) -> str:
    """What the model understood of each concept, and what it was set to; a note stands beside each name."""
    schema = result.before.schema
    cells = [f'<div title="{as_html(help_)}"><b>{as_html(name)}</b> {_small(notes[name])}</div>'
             + distribution_html(schema.values, before, after)
             for name, help_, before, after in zip(schema.concepts, schema.concept_help,
                                                   result.before.concept_probabilities,
                                                   result.after.concept_probabilities, strict=True)]
    if RESIDUAL in heights:
        cells.append(f"<b>residual</b> {_small('what the label takes from the text beside the concepts')}")
    cells.append(f"<b>sum</b> {_small('with the bias, which is the same for every review')}")
    return _lines(cells, heights)


def contributions_html(
    result: InterventionResult, label: str, heights: Mapping[str, int], notes: Mapping[str, str]
) -> str:
    """What each line contributes to a label, before and after, with a note under some."""
    schema, ledger = result.before.schema, label_ledger(result, label)
    limit, index, part = largest(ledger), schema.label_index(label), ledger["sum"]
    cells = [contribution_html(ledger[name].before, ledger[name].after, limit) + f"<div>{_small(notes.get(name, ''))}"
             "</div>" for name in heights if name != SUM]
    old, new = (percent(float(side.label_probabilities[index])) for side in (result.before, result.after))
    logit, share = signed(part.after), new
    if part.moved:
        logit, share = f"{signed(part.before)} → {logit}", f"{old} → {new}"
    said = f"bias {signed(ledger['bias'].after)}; this logit makes {label_name(label, schema)} {share} probable"
    cells.append(f'<div style="text-align:center"><b>{logit}</b></div>{_small(said)}')
    return _lines(cells, heights)


def change_notes(effects: Sequence[SingleEffect], schema: ConceptSchema) -> dict[str, str]:
    """What each single change did by itself, and what the others do without it."""

    def top(shares: Float[np.ndarray, " label"]) -> str:
        y = int(shares.argmax())
        return f"{schema.label_display[y]} ({percent(float(shares[y]))})"

    return {one.part: f"alone: {top(one.alone)}" + (f"; without it: {top(one.without)}" if len(effects) > 1 else "")
            for one in effects}


def range_note(concept: str, label: str, effects: Effects, schema: ConceptSchema) -> str:
    """What a concept that nobody is sure of can contribute."""
    found = effects[schema.concept_index(concept), :, schema.label_index(label)]
    return f"can be anything from {signed(float(found.min()))} to {signed(float(found.max()))}"


def _small(text: str) -> str:
    return f'<span style="font-size:.8rem">{as_html(text)}</span>' if text else ""


def _lines(cells: Sequence[str], heights: Mapping[str, int]) -> str:
    """The cells one under the other, a rem apart as the controls are."""
    rows = " ".join(f"{height}px" for height in heights.values())
    inner = "".join(f'<div style="align-self:center">{cell}</div>' for cell in cells)
    return f'<div style="display:grid;grid-template-rows:{rows};row-gap:1rem;line-height:1.3">{inner}</div>'
