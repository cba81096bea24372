"""What is on screen, as the parts of a scene."""

from collections.abc import Callable, Mapping
from dataclasses import replace

import numpy as np
import pandas as pd
import plotly.graph_objects as go

from sparsecbm.concepts.contributions import label_contributions
from sparsecbm.deck.figure import figure_json, figure_title
from sparsecbm.deck.parts import WRONG, Bars, Chart, Heatmap, Part, Passage, Table
from sparsecbm.export.content import label_shares, read_until
from sparsecbm.familiarity.unlike import is_unlike, unlike_text
from sparsecbm.figures.cell_table import Cells
from sparsecbm.figures.text import (
    label_name,
    label_with_probability,
    listed,
    setting_text,
    signed,
    target_name,
    visible,
)
from sparsecbm.types import Explanation, InterventionResult, Prediction
from sparsecbm.words.figure import full_colour

#: Rows of a table that a scene keeps.
MOST_ROWS = 60

Draw = Callable[[bool], go.Figure]


def words_title(explanation: Explanation) -> str:
    """The question that the words of the first target answer."""
    target = explanation.attributions[0].target
    return f"Which words speak for {target_name(target, explanation.prediction.schema)}?"


def words_parts(explanation: Explanation, part: str | None = None) -> tuple[Part, ...]:
    """The document with the scores of the first target; whole, or through one of its parts."""
    attribution, prediction = explanation.attributions[0], explanation.prediction
    limit = full_colour((attribution,))
    part = part if part in attribution.parts else None
    shown = attribution if part is None else replace(attribution, scores=attribution.parts[part])
    name = target_name(attribution.target, prediction.schema)
    spans = tuple((word.start, word.end, float(score)) for word, score in zip(shown.words, shown.scores, strict=True))
    unread = tuple(word.unread for word in shown.words) if any(word.unread for word in shown.words) else ()
    return (Passage(f"The model says {label_with_probability(prediction)}. Words for and against {name}"
                    f"{'' if part is None else f', through {part}'}:"),
            Heatmap(prediction.text[: read_until(explanation)], spans, limit, name, unread), *_unlike(prediction))


def _unlike(prediction: Prediction) -> tuple[Part, ...]:
    """What is said of a text that is unlike the training texts."""
    return (Passage(unlike_text(prediction.unlike)),) if is_unlike(prediction.unlike) else ()


def label_bars(prediction: Prediction, heading: str, pale: bool = False) -> Bars:
    """The probability of every label."""
    return Bars(f"{heading}: {label_with_probability(prediction)}", label_shares(prediction),
                label_name(prediction.label, prediction.schema), pale)


def result_parts(result: InterventionResult, label: str) -> tuple[Part, ...]:
    """The document, the prediction before and after, and the contributions to a label."""
    before, after, schema = result.before, result.after, result.before.schema

    def read_or_set(name: str) -> str:
        shares = result.overrides.get(name)
        return after.value(name) if shares is None else setting_text(shares, schema.values)

    parts: list[Part] = [Passage(before.text, quote=True), *_unlike(before), label_bars(before, "Before", pale=True),
                         label_bars(after, "After")]
    rows = [(name, read_or_set(name) if name in schema.concepts else "", signed(part.before), signed(part.after))
            for name, part in label_contributions(result, label).items()]
    return (*parts, Table(("adds, in logits", "read or set as", f"to {label_name(label, schema)}, before", "after"),
                          tuple(rows)))


def result_title(result: InterventionResult) -> str:
    """What a person set, and what the label became."""
    before, after, schema = result.before, result.after, result.before.schema
    old, new = (label_name(side.label, schema) for side in (before, after))
    set_to = [f"{name} set to {setting_text(shares, schema.values)}" for name, shares in result.overrides.items()]
    if not set_to and not np.array_equal(before.residual, after.residual):
        set_to = ["the residual switched off"]
    if not set_to:
        return f"How the concepts make {new}"
    return f"With {listed(set_to)}: {f'{old} becomes {new}' if old != new else f'still {new}'}"


def failure_parts(prediction: Prediction, label: str | None, concepts: Mapping[str, str]) -> tuple[Part, ...]:
    """A document with its prediction, and the gold label and values as far as they are known, as names."""
    schema = prediction.schema
    known = [(schema.label_title, label_name(label, schema), label_name(prediction.label, schema))] if label else []
    known += [(name, value, prediction.value(name)) for name, value in concepts.items()]
    rows = [(name, gold, predicted, "" if gold == predicted else WRONG) for name, gold, predicted in known]
    return (Passage(prediction.text, quote=True), *_unlike(prediction), label_bars(prediction, "The model says"),
            *([Table(("", "gold", "the model says", ""), tuple(rows))] if rows else ()))


def chart_part(drawn: Draw | Cells, table: pd.DataFrame, alt: str) -> Chart:
    """A chart on both papers, with its table."""
    draw = drawn.figure if isinstance(drawn, Cells) else drawn
    return Chart(figure_json(draw(False)), figure_json(draw(True)), alt, table_part(table))


def chart_title(figure: go.Figure) -> str:
    """The title of a chart as text."""
    return figure_title(figure.to_dict()) or "A chart"


def table_part(frame: pd.DataFrame) -> Table:
    """The first rows of a table as they are read; the last line says how many more there are."""
    rows = [tuple(_cell(cell) for cell in row) for row in frame.head(MOST_ROWS).itertuples(index=False)]
    if len(frame) > MOST_ROWS:
        rows.append((f"… {len(frame) - MOST_ROWS:,} more", *[""] * (len(frame.columns) - 1)))
    return Table(tuple(str(name) for name in frame.columns), tuple(rows))


def _cell(cell: object) -> str:
    if isinstance(cell, float | np.floating):
        return "–" if np.isnan(cell) else f"{cell:,.4g}"
    if isinstance(cell, int | np.integer) and not isinstance(cell, bool):
        return f"{cell:,}"
    return "–" if cell is None else visible(str(cell))
