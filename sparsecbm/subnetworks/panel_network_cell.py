"""An open cell of the picture of the network: who uses it, and what it does in the open review."""

import numpy as np
import streamlit as st

from sparsecbm.figures.text import label_name, receipt_line
from sparsecbm.service import Explainer
from sparsecbm.subnetworks.knockout import KnockOut, KnockOutResult
from sparsecbm.subnetworks.network_picture import Cell, NetworkPicture
from sparsecbm.subnetworks.network_picture_text import cell_text, units_text
from sparsecbm.subnetworks.panel_knockout import (
    change_table,
    changed_text,
    knocked_out,
    link_to_explain,
    predict_without,
    take_out,
)
from sparsecbm.subnetworks.panel_selection import STATE
from sparsecbm.subnetworks.panel_unit_attribution import choose_unit
from sparsecbm.subnetworks.unit_attribution import Unit, UnitAttribution
from sparsecbm.types import Prediction, Target
from sparsecbm.ui.safe_text import as_markdown
from sparsecbm.ui.session import current_view
from sparsecbm.ui.shell import note

_KEY = "subnetworks:cell"
SCORE = "score, logits"


def cell_card(explainer: Explainer, picture: NetworkPicture, cell: Cell) -> None:
    """The numbers of the cell; with an open review what it contributes, what becomes of the answer without it, and the
    ways to its words and to the list of what is taken out."""
    with st.container(border=True, key=_KEY):
        with st.container(horizontal=True, vertical_alignment="center"):
            st.markdown(f"**{as_markdown(cell_text(picture, cell))}**")
            st.button("Close", key=f"{_KEY}:close", icon=":material/close:", type="tertiary",
                      on_click=lambda: STATE.change(part=None))
        view = current_view()
        if not view.text.strip():
            note("Open a text on the Explain page and come back to see what this part contributes to its answer.")
            link_to_explain()
            return
        prediction = explainer.predict(view.text)
        one = knock_out_of(cell)
        with st.spinner("Taking it out of the open text…"):
            result = predict_without(explainer, explainer.checkpoint.hash, view.text, (one,), view.residual)
            found = {name: _scores(explainer, prediction, name) for name in _readers(picture, cell)}
        _effect(result, {name: cell_score(scores, cell) for name, scores in found.items()}, cell)
        _ways(explainer, prediction, found, cell, one)


def knock_out_of(cell: Cell) -> KnockOut:
    """Taking the cell out of every pass."""
    if cell.kind == "head":
        return KnockOut(layer=cell.layer, head=cell.units[0])
    return KnockOut(layer=cell.layer, neurons=cell.units)


def cell_score(scores: UnitAttribution, cell: Cell) -> float:
    """What the units of the cell contribute to the concept's answer, in logits."""
    found = scores.of(cell.kind)
    return float(found.scores[found.layers.index(cell.layer), list(cell.units)].sum())


def _readers(picture: NetworkPicture, cell: Cell) -> list[str]:
    """The concepts whose passes have some of the cell."""
    return [name for k, name in enumerate(picture.passes[: picture.concepts]) if cell.kept[k]]


def _scores(explainer: Explainer, prediction: Prediction, concept: str) -> UnitAttribution:
    return explainer.attribute_units(prediction.text, Target(concept, prediction.value(concept)), concept)


def _effect(result: KnockOutResult, scores: dict[str, float], cell: Cell) -> None:
    before, after, schema = result.before, result.after, result.before.schema
    label = (f"the label flips from {label_name(before.label, schema)} to {label_name(after.label, schema)}"
             if result.label_changed else f"the label stays {label_name(after.label, schema)}")
    st.markdown(as_markdown(f"In the open text, without {units_text(cell)} {label}. {changed_text(result)}"))
    if scores:
        table = change_table(result).drop(columns="changed")
        table.insert(1, SCORE, [round(scores.get(name, 0.0), 3) for name in schema.concepts])
        st.dataframe(table, hide_index=True, alt=f"What {units_text(cell)} contributes to every concept",
                     column_config={SCORE: st.column_config.NumberColumn(format="%+.3f", help=(
                         "An estimate of what the concept's answer would lose without it: gradient × activation."))})
        note(as_markdown(receipt_line(result.receipt)))


def _ways(
    explainer: Explainer, prediction: Prediction, found: dict[str, UnitAttribution], cell: Cell, one: KnockOut
) -> None:
    with st.container(horizontal=True, vertical_alignment="center"):
        for name, scores in found.items():
            if st.button(f"Words for {as_markdown(name)}", key=f"{_KEY}:words:{name}", icon=":material/notes:",
                         help=f"Through which words {strongest_unit(scores, cell)} acts"):
                target = Target(name, prediction.value(name))
                choose_unit((explainer.checkpoint.hash, prediction.text, target, name), strongest_unit(scores, cell))
                STATE.change(section="review", leaning=name, adds=False)
                STATE.run_again()
        if one not in knocked_out() and st.button("Take it out", key=f"{_KEY}:take", icon=":material/content_cut:",
                                                  help="Puts it on the list of what is taken out"):
            take_out(one)
            STATE.change(section="review")
            STATE.run_again()
    out = ["It is taken out: [see what becomes of the answer, or put it back](#knock-out)."] if (
        one in knocked_out()) else []
    if STATE.current.section == "review" and found:
        out.append("Words are shown [under Heads and neurons behind the answer](#heads-and-neurons-behind-the-answer).")
    if out:
        st.markdown(" ".join(out))


def strongest_unit(scores: UnitAttribution, cell: Cell) -> Unit:
    """The unit of the cell with the largest score, whatever its sign."""
    found = scores.of(cell.kind)
    own = np.abs(found.scores[found.layers.index(cell.layer), list(cell.units)])
    return Unit(cell.kind, cell.layer, cell.units[int(own.argmax())])
