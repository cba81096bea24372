"""Small bars as HTML: label probabilities, and a concept's distribution, with a number at every bar.

Grey is the model's own answer, before a person changed anything.
"""

import numpy as np
from jaxtyping import Float

from sparsecbm.figures.style import NEUTRAL
from sparsecbm.figures.text import as_html, label_name, percent
from sparsecbm.schema import ConceptSchema
from sparsecbm.types import Prediction

_TRACK = "background:rgba(128,128,128,.16);border-radius:.2rem"
#: Fill of a probability: neither supports nor opposes.
FILL = "#5B5FC7"


def label_bars_html(prediction: Prediction, title: str, changed: bool) -> str:
    """One bar per label; the predicted one is bold and says so."""
    return label_shares_html(prediction.schema, prediction.label_probabilities, prediction.label, title, changed)


def label_shares_html(
    schema: ConceptSchema, shares: Float[np.ndarray, " label"], predicted: str, title: str, changed: bool
) -> str:
    """The same of probabilities, and of the label that was predicted from them."""
    fill = FILL if changed else NEUTRAL
    rows = []
    for label, share in zip(schema.labels, shares, strict=True):
        weight = "font-weight:700" if label == predicted else ""
        rows.append(
            f'<div style="display:grid;grid-template-columns:4.6rem 1fr 3.6rem;gap:.6rem;align-items:center;{weight}">'
            f"<span>{as_html(label_name(label, schema))}</span>"
            f'<span style="{_TRACK};height:1.05rem;display:block">{_box(0.0, float(share), fill)}</span>'
            f'<span style="text-align:right">{percent(float(share))}</span></div>')
    spoken = ", ".join(f"{label_name(label, schema)} {percent(float(share))}"
                       for label, share in zip(schema.labels, shares, strict=True))
    return (f'<div role="img" aria-label="{as_html(f"{title}: {spoken}")}" style="display:grid;gap:.3rem">'
            f'{"".join(rows)}</div>')


def distribution_html(
    values: tuple[str, ...], before: Float[np.ndarray, " value"], after: Float[np.ndarray, " value"]
) -> str:
    """One line per value: the model's share in grey, and under it the share a person set, where it differs."""
    lines = []
    for value, old, new in zip(values, before.tolist(), after.tolist(), strict=True):
        moved = abs(old - new) > 1e-9
        bars = _box(0.0, old, NEUTRAL, "0", "45%" if moved else "100%")
        bars += _box(0.0, new, FILL, "50%", "50%") if moved else ""
        numbers = f"{percent(old)} → <b>{percent(new)}</b>" if moved else percent(old)
        lines.append(f"<span>{as_html(value)}</span>"
                     f'<span style="{_TRACK};position:relative;height:.8rem;align-self:center">{bars}</span>'
                     f'<span style="text-align:right;white-space:nowrap">{numbers}</span>')
    return ('<div style="display:grid;grid-template-columns:4.3rem 1fr minmax(2.6rem,auto);column-gap:.45rem;'
            f'font-size:.8rem;line-height:1.25">{"".join(lines)}</div>')


def _box(left: float, width: float, colour: str, top: str | None = None, height: str = "100%") -> str:
    place = "" if top is None else f"position:absolute;top:{top};left:{100 * left:.2f}%;"
    return (f'<span style="display:block;{place}height:{height};width:{100 * width:.2f}%;background:{colour};'
            'border-radius:.2rem"></span>')
