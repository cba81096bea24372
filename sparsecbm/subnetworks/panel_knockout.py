"""Knock-outs on the open review: weights are taken out for this session only, and it is predicted again.

The session holds a list of them; the shared model is never written to. The last one can be undone, each one put back,
or all at once.
"""

import numpy as np
import pandas as pd
import streamlit as st

from sparsecbm.figures.text import label_name, label_with_probability, percent, receipt_line
from sparsecbm.service import Explainer
from sparsecbm.subnetworks.compute_overlap import most_exclusive
from sparsecbm.subnetworks.knockout import KnockOut, KnockOutResult
from sparsecbm.ui.bars import label_bars_html
from sparsecbm.ui.loaded_model import load_explainer
from sparsecbm.ui.safe_text import as_markdown, shortened
from sparsecbm.ui.session import current_view
from sparsecbm.ui.shell import EXPLAIN, errors_shown, link, note
from sparsecbm.words.panel_copy import concept_changes

KINDS = {
    "own": "a concept's own part", "whole": "a whole subnetwork", "layer": "a layer", "head": "an attention head",
    "neurons": "a group of neurons",
}
KIND_HELP = (
    "**A concept's own part**: the weights that no other concept uses. **A whole subnetwork**: the common core goes "
    "with it, so every concept suffers. **A layer** or **a head**: all its weights, whoever uses them. **A group of "
    "neurons**: the feed-forward neurons of a layer that are most exclusive to a concept."
)
WITHIN_HELP = (
    "Every concept is predicted in a pass of its own. Weights can be taken out of all passes, or of one concept's "
    "only: then the others are predicted as before."
)
#: Neurons of a group at first, and at most.
USUAL_NEURONS, MOST_NEURONS = 50, 5000
_KEY = "subnetworks:take"
_EVERYWHERE = ""


def take_out_form(explainer: Explainer) -> KnockOut:
    """The controls, and the knock-out that they describe."""
    overlap = explainer.overlap()
    passes, layers = overlap.total.passes, overlap.layers.units
    with st.container(horizontal=True, vertical_alignment="bottom", gap="medium"):
        kind = st.selectbox("Take out", list(KINDS), key=f"{_KEY}:kind", format_func=lambda name: KINDS[name],
                            width=220, help=KIND_HELP)
        whose, layer, head, neurons = None, None, None, None
        if kind in ("own", "whole"):
            whose = st.selectbox("Whose", passes, key=f"{_KEY}:whose", width=170)
        else:
            layer = int(st.selectbox("Of layer", layers, key=f"{_KEY}:layer", width=110))
        if kind == "head":
            heads = explainer.layer_overlap(layer or 0).heads.units
            if heads:
                head = int(st.selectbox("Head", heads, key=f"{_KEY}:head", width=110))
        if kind == "neurons":
            neurons = _neurons(explainer, layer or 0)
        within = st.selectbox("Out of", [_EVERYWHERE, *passes], key=f"{_KEY}:within", width=190, help=WITHIN_HELP,
                              format_func=lambda name: f"the pass of {name}" if name else "every pass")
    return KnockOut(whose, kind == "own", layer, head, neurons, within or None)


def _neurons(explainer: Explainer, layer: int) -> tuple[int, ...]:
    """The chosen number of a layer's neurons, those most exclusive to a concept."""
    found, concepts = explainer.layer_overlap(layer), explainer.overlap().concepts
    most = min(MOST_NEURONS, len(found.neurons.units))
    concept = st.selectbox("Most exclusive to", concepts, key=f"{_KEY}:concept", width=170)
    if not most:
        return ()
    number = st.number_input("How many", 1, most, min(USUAL_NEURONS, most), key=f"{_KEY}:number:{most}", width=130)
    return tuple(sorted(unit.unit for unit in most_exclusive([found], concepts.index(concept), "neurons", most=number)))


LIVE_HELP = (
    "Take weights out and see whether the answer needs them. They count as zero, for this session only: nobody else "
    "sees it, and the model on disk stays as it is. If a subnetwork carries its concept, taking its own part out "
    "changes that concept and leaves the others as they were."
)
_OUT = "subnetworks:out"


def knock_out_panel() -> None:
    """Controls, what is taken out, and the review before and after."""
    st.fragment(_panel)()


def knocked_out() -> tuple[KnockOut, ...]:
    """What this session has taken out, in order."""
    return tuple(st.session_state.get(_OUT, ()))


def _panel() -> None:
    st.markdown("### Knock-out", help=LIVE_HELP)
    with errors_shown():
        explainer, view = load_explainer(), current_view()
        if not view.text.strip():
            st.info("**No text is open.** Open one on the Explain page and come back: then you can take out a "
                    "subnetwork, a layer or a head, and see what becomes of the prediction.",
                    icon=":material/edit:")
            link_to_explain()
            return
        with st.container(border=True):
            st.markdown(f"“{as_markdown(shortened(view.text, 300))}”")
        with st.container(key="subnetworks:form"):
            wanted = take_out_form(explainer)
            st.button("Take it out", key="subnetworks:take", on_click=take_out, args=(wanted,),
                      icon=":material/content_cut:")
        _list()
        _result(explainer, view.text, view.residual)


def _list() -> None:
    out = knocked_out()
    if not out:
        note("Nothing is taken out yet.")
        return
    with st.container(horizontal=True, vertical_alignment="center", key="subnetworks:outs"):
        st.markdown("**Taken out:**", width="content")
        for number, one in enumerate(out):
            st.button(f"{as_markdown(one.in_words())} ✕", key=f"subnetworks:back:{number}", on_click=_put_back,
                      args=(number,), help="Put this back")
        st.button("Undo", key="subnetworks:undo", icon=":material/undo:", on_click=_put_back, args=(len(out) - 1,),
                  help="Put back what was taken out last")
        st.button("Restore all", key="subnetworks:restore", icon=":material/restart_alt:", on_click=_restore)


def _result(explainer: Explainer, text: str, residual: bool) -> None:
    with st.spinner("Predicting the text again…"):
        result = predict_without(explainer, explainer.checkpoint.hash, text, knocked_out(), residual)
    show_result(result, ("Before", "After"))


def show_result(result: KnockOutResult, sides: tuple[str, str]) -> None:
    """The prediction before and after, under the names of the two sides, and the concepts that changed."""
    before, after, schema = result.before, result.after, result.before.schema
    changed = bool(result.knock_outs) or any(result.removed.values())
    left, right = st.columns(2, gap="medium")
    for column, side, prediction in ((left, sides[0], before), (right, sides[1], after)):
        with column:
            st.markdown(f"**{side}**: {as_markdown(label_with_probability(prediction))}")
            st.html(label_bars_html(prediction, side, changed=side == sides[1] and changed))
    if result.label_changed:
        st.markdown(f":material/swap_horiz: **The label flips**: {as_markdown(label_name(before.label, schema))} → "
                    f"{as_markdown(label_name(after.label, schema))}.")
    if changed:
        st.markdown(as_markdown(changed_text(result)))
        st.dataframe(change_table(result), hide_index=True, alt="Every concept before and after")
        note(as_markdown(receipt_line(result.receipt, removed_text(result))))


@st.cache_data(max_entries=128, show_spinner=False)
def predict_without(
    _explainer: Explainer, checkpoint: str, text: str, knock_outs: tuple[KnockOut, ...], residual: bool
) -> KnockOutResult:
    """The review without these weights; a second call runs no backbone pass."""
    return _explainer.knock_out(text, knock_outs, residual)


def changed_text(result: KnockOutResult) -> str:
    """Which concepts changed, in words; where none did, for which one the confidence moved most."""
    before, after = result.before, result.after
    changed = [f"{change.concept} from {change.before} to {change.after}" for change in concept_changes(before, after)]
    if changed:
        return f"Changed: {', '.join(changed)}."
    sure, now = (side.concept_probabilities.max(axis=1) for side in (before, after))
    k = int(np.abs(now - sure).argmax())
    if percent(float(sure[k])) == percent(float(now[k])):
        return "No concept changed."
    return ("No concept changed. The model's confidence moves most for "
            f"{before.schema.concepts[k]}: {percent(float(sure[k]))} → {percent(float(now[k]))}.")


def change_table(result: KnockOutResult) -> pd.DataFrame:
    """Every concept's value and confidence before and after, and the weights that its pass lost."""
    before, after = result.before, result.after
    return pd.DataFrame([{
        "concept": concept, "before": before.value(concept), "confidence before": percent(float(one.max())),
        "after": after.value(concept), "confidence after": percent(float(other.max())),
        "changed": before.value(concept) != after.value(concept), "weights lost": result.removed.get(concept, 0),
    } for concept, one, other in zip(before.schema.concepts, before.concept_probabilities, after.concept_probabilities,
                                     strict=True)])


def removed_text(result: KnockOutResult) -> str:
    """How many weights each pass lost."""
    lost = [f"{name} {count:,}" for name, count in result.removed.items() if count]
    return f"weights taken out: {', '.join(lost)}" if lost else "no weights taken out"


def take_out(one: KnockOut) -> None:
    """Add it to the list of this session."""
    if one not in knocked_out():
        st.session_state[_OUT] = (*knocked_out(), one)


def _put_back(number: int) -> None:
    out = knocked_out()
    st.session_state[_OUT] = (*out[:number], *out[number + 1 :])


def _restore() -> None:
    st.session_state[_OUT] = ()


def link_to_explain() -> None:
    """A link to where a review is opened."""
    link(EXPLAIN, "Open a text", ":material/arrow_forward:")
