"""Word scores as CSV: one row per target and word, for spreadsheets and data frames.

The text can come from anywhere, and a spreadsheet runs a cell that starts with `=`, `+`, `-` or `@`. Such text gets an
apostrophe in front, as OWASP advises ("CSV Injection"), and control characters become visible marks. Only text is
changed: numbers stay numbers, and `start` and `end` give the place of the original word.
"""

import csv
import io

from sparsecbm.figures.text import visible
from sparsecbm.types import Explanation

#: What makes a spreadsheet read a cell as a formula, in either width, or look for one further on.
FORMULA_STARTS = tuple("=+-@\t\n＝＋－＠")


def explanation_csv(explanation: Explanation) -> str:
    """Every score in full precision, with what is needed to interpret it.

    `position` counts words and `start`, `end` characters of the text, all from 0. Each part of a label's scores has a
    column of its own, e.g. `part_food`, empty for a concept's own scores; scores, parts, `completeness_gap` and
    `difference` are in logits. `steps` is empty for methods that take none.
    """
    parts = list(dict.fromkeys(name for attribution in explanation.attributions for name in attribution.parts))
    receipt, output = explanation.receipt, io.StringIO()
    writer = csv.writer(output, quoting=csv.QUOTE_MINIMAL, lineterminator="\n")
    writer.writerow(as_cell(name) for name in (
        "checkpoint", "target", "method", "steps", "position", "start", "end", "word", "score",
        *(f"part_{name}" for name in parts), "completeness_gap", "difference", "device", "dtype"))
    for attribution in explanation.attributions:
        for position, (word, score) in enumerate(zip(attribution.words, attribution.scores, strict=True)):
            writer.writerow(map(as_cell, (
                receipt.checkpoint, str(attribution.target), attribution.method, attribution.steps, position,
                word.start, word.end, word.text, float(score),
                *(float(attribution.parts[name][position]) if name in attribution.parts else None for name in parts),
                float(attribution.completeness_gap), float(attribution.difference), receipt.device, receipt.dtype)))
    return output.getvalue()


def as_cell(content: str | int | float | None) -> str | int | float | None:
    """Text in a form that no spreadsheet runs; anything else unchanged."""
    if not isinstance(content, str):
        return content
    shown = visible(content)
    return f"'{shown}" if shown.startswith(FORMULA_STARTS) else shown


def from_cell(cell: str) -> str:
    """The text of a cell that `as_cell` wrote, without its apostrophe; visible marks stay."""
    return cell[1:] if cell.startswith("'") and cell[1:].startswith(FORMULA_STARTS) else cell
