"""Not sure about some concepts: what the label can be, as bars with a range."""

from sparsecbm.figures.escaping import as_html
from sparsecbm.figures.names import label_name, listed, percent
from sparsecbm.intervene.uncertainty import LabelRange
from sparsecbm.schema import ConceptSchema
from sparsecbm.ui.bars import range_bar_html


def range_html(found: LabelRange, schema: ConceptSchema) -> str:
    """Which labels can win, and the range of every label's probability."""
    rows, spoken = [], []
    for y, label in enumerate(schema.labels):
        low, high, mean = (float(shares[y]) for shares in (found.lowest, found.highest, found.expected))
        name, bounds = label_name(label, schema), f"{percent(low)} to {percent(high)}"
        spoken.append(f"{name} {bounds}, expected {percent(mean)}")
        weight = "font-weight:700" if label in found.winners else ""
        rows.append(
            f'<div style="display:grid;grid-template-columns:4.6rem 1fr 6.6rem;gap:.6rem;align-items:center;{weight}">'
            f"<span>{as_html(name)}</span>{range_bar_html(low, high, mean)}"
            f'<span style="text-align:right;white-space:nowrap">{bounds}</span></div>')
    return (f'<div style="margin-bottom:.6rem">After: <b>{as_html(winners_text(found, schema))}</b></div>'
            f'<div role="img" aria-label="{as_html("After: " + "; ".join(spoken))}" style="display:grid;gap:.3rem">'
            f'{"".join(rows)}</div>')


def winners_text(found: LabelRange, schema: ConceptSchema) -> str:
    """Which labels can be the most probable, such as: 2 stars or 3 stars, depending on food."""
    names = [label_name(label, schema) for label in found.winners]
    unknown = listed(found.concepts)
    if len(names) == 1:
        return f"{names[0]}, whatever {unknown} {'is' if len(found.concepts) == 1 else 'are'}"
    return f"{', '.join(names[:-1])} or {names[-1]}, depending on {unknown}"


def range_text(found: LabelRange, schema: ConceptSchema) -> str:
    """What band and line mean, the label to expect, and labels that win only for mixed values."""
    expected = int(found.expected.argmax())
    mixed = [label_name(label, schema) for label in found.winners if label not in found.winners_certain]
    said = (f"Band: all that the probability can be. Line: what to expect, the values weighed as the model does; most "
            f"of it for {schema.label_display[expected]} ({percent(float(found.expected[expected]))}).")
    return f"{said} {listed(mixed)} only for values in between." if mixed else said
