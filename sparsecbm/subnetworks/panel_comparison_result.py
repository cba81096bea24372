"""A comparison of masks: in words, as bars, concept by concept, side by side, and its effect on a review."""

from functools import partial

import streamlit as st

from sparsecbm.service import Explainer
from sparsecbm.subnetworks.comparison import MaskComparison
from sparsecbm.subnetworks.comparison_text import advice, cautions, findings, headline, side_by_side
from sparsecbm.subnetworks.figure_comparison import (
    PARTS,
    SHOWN,
    TITLES,
    Part,
    cross,
    cross_map,
    cross_table,
    fates,
    layer_map,
    layer_table,
    recurrence,
    recurrence_bars,
    recurrence_table,
)
from sparsecbm.subnetworks.knockout import KnockOutResult
from sparsecbm.subnetworks.panel_knockout import link_to_explain, show_result
from sparsecbm.subnetworks.panel_pair import pairs_csv
from sparsecbm.ui.chart import chart, title
from sparsecbm.ui.safe_text import as_markdown, shortened
from sparsecbm.ui.session import current_view, seed_widget
from sparsecbm.ui.shell import note
from sparsecbm.ui.stored_metrics import data_options

BARS_HELP = (
    "Each bar is all weights of a concept's subnetwork here; on the right, only its own part. The solid part is used "
    "for the same concept in the other masks, too. In another run, check whether it reaches well beyond the diamond: "
    "if not, the same concept has no more of these weights there than any other one. The upright line is what random "
    "masks would reach."
)
CROSS_HELP = (
    "Each row is a concept here, each column a concept there; the same concept is framed. If a concept has weights of "
    "its own, whatever the run, its framed cell stands out of its row and column. *Own part kept* is the share of the "
    "row's own weights, *Jaccard overlap* compares whole subnetworks, which have the common core in common."
)
LAYERS_HELP = (
    "Jaccard overlap of each concept's subnetwork here with that of the same concept there, by layer. Point at a cell "
    "for what chance would give."
)
TABLE_HELP = (
    "Counted on the masks, and scores where both have them. The least lead is that of the concept whose own subnetwork "
    "is least ahead of another concept's."
)
_SHOW = "subnetworks:cross"


def show_comparison(explainer: Explainer, comparison: MaskComparison) -> None:
    """Everything about two sets of masks, the most important first."""
    with st.container(border=True):
        st.markdown(f"**{as_markdown(headline(comparison))}**")
        lines = [*(f"- {as_markdown(sentence)}" for sentence in findings(comparison)), "",
                 f":material/arrow_forward: {as_markdown(advice(comparison))}"]
        st.markdown("\n".join(lines))
    for caution in cautions(comparison):
        st.warning(as_markdown(caution), icon=":material/warning:")
    _bars(comparison)
    if comparison.second.sparsity is None:
        _by_concept_and_layer(comparison)
    _table(comparison)
    if comparison.second.sparsity is not None:
        _review(explainer, comparison.second.sparsity)
    _export(comparison)
    one, other = comparison.first, comparison.second
    weights = comparison.across.total.weights[0]
    note(as_markdown(f"Checkpoint {one.name}, {one.checkpoint[:12]} · {other.name}, {other.checkpoint[:12]}"
                     + ("" if other.sparsity is None else ", pruned by magnitude, not trained again")
                     + f" · masks counted bit by bit · {weights:,} weights per mask"))


def train_command(options: str) -> None:
    """The command that trains another checkpoint, to be copied."""
    st.code(f"python -m sparsecbm train {data_options()} --backbone sentence-transformers/all-MiniLM-L6-v2 {options}",
            language=None, wrap_lines=True)


def _bars(comparison: MaskComparison) -> None:
    title("What becomes of each concept's weights", BARS_HELP)
    parts = list(PARTS)[: 2 if len(comparison.concepts) > 1 else 1]
    for column, part in zip(st.columns(len(parts), gap="medium"), parts, strict=True):
        with column:
            _part_bars(comparison, part)


def _part_bars(comparison: MaskComparison, part: Part) -> None:
    name, found = f"Of {PARTS[part]}, in {comparison.second.name}", recurrence(comparison, part)
    chart(lambda dark: recurrence_bars(comparison, part, name, dark).figure(dark), recurrence_table(comparison, part),
          f"subnetworks:recurrence-{part}",
          f"Percent of {PARTS[part]}, {fates(comparison)['same']}: " + "; ".join(
              f"{concept} {100 * found.same[k]:.0f}" for k, concept in enumerate(comparison.concepts)))


def _by_concept_and_layer(comparison: MaskComparison) -> None:
    left, right = st.columns(2, gap="medium")
    with left:
        title("Concept by concept", CROSS_HELP)
        shown = st.segmented_control("Of two concepts", list(SHOWN), key=_SHOW, required=True,
                                     default=seed_widget(_SHOW, st.session_state.get(_SHOW) or "own"),
                                     format_func=SHOWN.__getitem__, label_visibility="collapsed")
        numbers = cross(comparison, shown)
        chart(cross_map(comparison, shown, TITLES[shown]), cross_table(comparison, shown),
              "subnetworks:cross-map", f"{TITLES[shown]}, the same concept: " + ", ".join(
                  f"{concept} {numbers[k, k]:.2f}" for k, concept in enumerate(comparison.concepts)))
    with right:
        title("Layer by layer", LAYERS_HELP)
        chance = comparison.between(comparison.across.total.expected_jaccard)[0].diagonal().mean()
        name = f"Jaccard overlap of the same subnetwork, by chance {chance:.2f}"
        chart(layer_map(comparison, name), layer_table(comparison),
              "subnetworks:layer-map", "Jaccard overlap of the same subnetwork in both: " + ", ".join(
                  f"{name} {comparison.between(comparison.across.total.jaccard)[0, k, k]:.2f}"
                  for k, name in enumerate(comparison.passes)))


def _table(comparison: MaskComparison) -> None:
    title("Side by side", TABLE_HELP)
    st.dataframe(side_by_side(comparison), hide_index=True, alt="Both sets of masks side by side")
    if comparison.second.sparsity is not None:
        note("The sparser masks have no scores. Train a model of that sparsity to get some:")
        train_command(f"--sparsity {comparison.second.sparsity:g} --output runs/sparser")
    elif not all(source.metrics.get("dev") for source in (comparison.first, comparison.second)):
        note("Only one of them came with scores, so there are none to compare.")


def _review(explainer: Explainer, sparsity: float) -> None:
    view = current_view()
    title("The open text with the sparser subnetworks",
          "The same text predicted twice: with the subnetworks as they are, and with what stays of them.")
    if not view.text.strip():
        note("No text is open. Open one on the Explain page and come back.")
        link_to_explain()
        return
    st.markdown(f"“{as_markdown(shortened(view.text, 300))}”")
    with st.spinner("Predicting the text again…"):
        result = _read_sparser(explainer, explainer.checkpoint.hash, view.text, sparsity, view.residual)
    show_result(result, ("As it is", f"At {100 * sparsity:g} %"))


@st.cache_data(max_entries=64, show_spinner=False)
def _read_sparser(
    _explainer: Explainer, checkpoint: str, text: str, sparsity: float, residual: bool
) -> KnockOutResult:
    return _explainer.predict_sparser(text, sparsity, residual)


def _export(comparison: MaskComparison) -> None:
    with st.container(horizontal=True, vertical_alignment="center"):
        st.markdown("Save every pair of the two:", width="content")
        st.download_button("CSV table", partial(comparison_csv, comparison), "comparison.csv", "text/csv",
                           on_click="ignore", key="subnetworks:save-comparison", icon=":material/download:")
        st.markdown("or as JSON: `python -m sparsecbm overlap --json --against …`", width="content")


def comparison_csv(comparison: MaskComparison) -> str:
    """Every subnetwork here (first) with every one there (second), in total, by layer and by module."""
    size, one, other = len(comparison.passes), comparison.first, comparison.second
    pairs = [(size + i, j) for i in range(size) for j in range(size)]
    return pairs_csv(comparison.across, pairs, checkpoint=one.checkpoint, against=other.name)
