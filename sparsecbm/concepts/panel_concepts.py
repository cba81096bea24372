"""The concept panel: a row per concept with its distribution, its controls, and its contribution to the label.

One Streamlit component for every page; what else a page offers, such as undo or "Not sure", is an option of it.

**The slider.** Its stops are the values of the concept in their order, at 0, 1, .., C - 1. At a place x between the
stops v and v + 1, value v has the probability v + 1 - x and value v + 1 the rest. It stands at the expected position of
the distribution, sum_v v p_v, whatever the distribution is: .5 / 0 / .5 stands in the middle, as 0 / 1 / 0 does. That
is only a place to start from: nothing is set before a person moves the slider, so the prediction stays as it is, bit
for bit.

**Preview.** While a slider is dragged the browser adds up the label logits itself, from contributions and effects. It
commits on release, and what the page answers then takes the place of the preview.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from hashlib import sha256
from pathlib import Path
from typing import Any

import numpy as np
import streamlit as st
from jaxtyping import Float

from sparsecbm.concepts.compute_override import Effects
from sparsecbm.concepts.panel_before_after import result_receipt
from sparsecbm.figures.style import NEUTRAL, OPPOSES, SUPPORTS
from sparsecbm.figures.text import label_name, visible
from sparsecbm.schema import ConceptSchema
from sparsecbm.types import InterventionResult, Prediction
from sparsecbm.ui.bars import FILL
from sparsecbm.ui.component import component, sent
from sparsecbm.ui.session import at_hand

_component = component(__file__, Path(__file__).with_name("panel_concepts_drawing.js").read_text(encoding="utf-8"))


@dataclass(frozen=True, eq=False)
class Side:
    """One answer to draw, with a `title` and a note; without a title it is drawn elsewhere on the page."""

    title: str
    note: str
    labels: Float[np.ndarray, " label"]
    concepts: Float[np.ndarray, "concept value"]
    contributions: Float[np.ndarray, "concept label"] | None = None
    residual: Float[np.ndarray, " label"] | None = None

    @classmethod
    def of(cls, prediction: Prediction, title: str, note: str = "") -> "Side":
        """That of a prediction."""
        return cls(title, note, prediction.label_probabilities, prediction.concept_probabilities,
                   prediction.contributions, prediction.residual)

    def drawn(self, own: Sequence[Sequence[int]]) -> dict[str, Any]:
        """As the component takes it; `own` are the places of each concept's values."""
        return {name: part.tolist() if isinstance(part, np.ndarray) else part for name, part in vars(self).items()} | {
            "concepts": _of_own(self.concepts, own)}


@dataclass(frozen=True)
class Row:
    """What stands in a concept's row besides numbers: whose value it is, and a note on its contribution.

    `own` is "set" for a concept that a person set, "unsure" for one that the person does not know, else empty.
    """

    state: str
    own: str = ""
    note: str = ""


@dataclass(frozen=True)
class Steps:
    """Undo and redo: whether there is something to undo or redo, None for no button, and what to say of it."""

    undo: bool
    redo: bool | None
    text: str


@dataclass(frozen=True)
class Advice:
    """The concept to check next: a lead in bold, the reason, its name for the button, and the policies to choose from.
    """

    lead: str
    reason: str
    go: str | None
    policies: Sequence[tuple[str, str]]
    policy: str


@dataclass(frozen=True)
class LabelRange:
    """In place of the second answer: each label's lowest, highest and expected probability, and which labels can win.
    """

    title: str
    said: str
    text: str
    rows: Sequence[tuple[float, float, float]]
    winners: Sequence[int]


@dataclass(frozen=True)
class ResidualRow:
    """What the residual is, a note on its contribution, and the state of its switch, None for no switch."""

    text: str
    counts: bool | None
    note: str = ""


@dataclass(frozen=True, eq=False)
class Panel:
    """All that is drawn.

    `document` tells documents apart: presses for another one are dropped. `offers` are "set" and, as far as the page
    has them, "mix", "unsure" and "reset-all". `label` is the one whose contributions are shown, with `bias` the label
    biases; None hides the column. Without `effects` there is no preview of the label.
    """

    schema: ConceptSchema
    document: str
    before: Side
    after: Side
    rows: Mapping[str, Row]
    offers: Sequence[str] = ("set", "mix")
    edited: bool = False
    disabled: bool = False
    settles: bool = False
    hint: str = ""
    receipt: str = ""
    effects: Effects | None = None
    label: str | None = None
    bias: Float[np.ndarray, " label"] | None = None
    residual: ResidualRow | None = None
    history: Steps | None = None
    advice: Advice | None = None
    range: LabelRange | None = None

    def drawn(self) -> dict[str, Any]:
        """As the component takes it: numbers, and names that are visible as they are."""
        schema, parts, own = self.schema, ("residual", "history", "advice", "range"), [
            self.schema.value_places(concept) for concept in self.schema.concepts]
        concepts = [{"name": name, "help": about, **vars(self.rows[name])}
                    for name, about in zip(schema.concepts, schema.concept_help, strict=True)]
        label = None if self.label is None else {"shown": schema.label_index(self.label), "names": schema.labels}
        plain = ("document", "offers", "edited", "disabled", "settles", "hint", "receipt")
        return {name: getattr(self, name) for name in plain} | {
            name: None if part is None else vars(part) for name in parts for part in (getattr(self, name),)} | {
            "values": [[visible(schema.values[v]) for v in places] for places in own], "concepts": concepts,
            "label": label, "labels": [label_name(name, schema) for name in schema.labels],
            "before": self.before.drawn(own), "after": self.after.drawn(own),
            "effects": None if self.effects is None else _of_own(self.effects, own),
            "bias": None if self.bias is None else self.bias.tolist(),
            "colours": {"own": FILL, "model": NEUTRAL, "supports": SUPPORTS, "opposes": OPPOSES}}


def _of_own(numbers: Float[np.ndarray, "concept value *more"], own: Sequence[Sequence[int]]) -> list[Any]:
    return [numbers[k, list(places)].tolist() for k, places in enumerate(own)]


def of_all(shares: Sequence[float], concept: str, schema: ConceptSchema) -> list[float]:
    """A distribution over a concept's own values as one over all."""
    own = dict(zip(schema.values_of(concept), shares, strict=True))
    return [own.get(value, 0.0) for value in schema.values]


@dataclass(frozen=True)
class Press:
    """What a person did: "set" a concept to a distribution, "reset" it, say that it is "unsure", "reset-all", "undo",
    "redo", choose a "label" or "policy", or count the "residual" or not.

    `since` counts, from 0, the presses since the panel was drawn. `clock` is what a clock on the page says of the
    press; empty where there is none.
    """

    since: int
    what: str
    details: tuple[Any, ...] = ()
    clock: Mapping[str, Any] = field(default_factory=dict)


def concept_view(
    key: str, panel: Panel, pressed: Callable[[Press], None], settled: Callable[[], None] | None = None
) -> None:
    """Draw the panel; `pressed` gets each press once, in order, and `settled` is called after a moment without any."""
    document, turn = panel.document, f"{key}:turn"
    drawn_after = st.session_state.setdefault(turn, 0)

    def act() -> None:
        for number, pressed_for, clock, what, *details in sent(key, "presses") or ():
            if at_hand(key) and number > st.session_state[turn] and pressed_for == document:
                st.session_state[turn] = int(number)
                plain = (of_all([float(share) for share in one], details[0], panel.schema) if isinstance(one, list)
                         else one for one in details)
                pressed(Press(int(number) - drawn_after - 1, what, tuple(plain), clock))

    _component(key=key, data=panel.drawn() | {"turn": drawn_after}, on_presses_change=act,
               on_settled_change=settled or (lambda: None))


def result_panel(
    result: InterventionResult, label: str, rows: Mapping[str, Row], effects: Effects, **more: Any
) -> Panel:
    """The panel of what settings do to a document, with the contributions to a label; `more` are fields of `Panel`."""
    return Panel(schema=result.before.schema, document=document_of(result.before.text), rows=rows, effects=effects,
                 label=label, bias=result.before.label_bias, hint="Set a concept and watch this side.",
                 receipt=result_receipt(result), **more)


def document_of(text: str) -> str:
    """Tells documents apart."""
    return sha256(text.encode("utf-8", "replace")).hexdigest()[:16]
