"""Whether the overlap repeats with other seeds: each pair with its range, and the units that all seeds keep."""

from collections.abc import Sequence
from functools import partial

import numpy as np
import streamlit as st

from sparsecbm.export.values import as_cell
from sparsecbm.figures.dots import dots
from sparsecbm.service import Explainer
from sparsecbm.subnetworks.counts import ALIKE
from sparsecbm.subnetworks.figure_stability import (
    agreement_table,
    always_table,
    stability_alt,
    stability_dots,
    stability_table,
)
from sparsecbm.subnetworks.stability import METRICS_KEY, MaskStability
from sparsecbm.subnetworks.stability_text import cautions, details, stability_text
from sparsecbm.ui.chart import chart, table_fold
from sparsecbm.ui.loaded_model import load_explainer
from sparsecbm.ui.safe_text import as_markdown
from sparsecbm.ui.shell import errors_shown, note
from sparsecbm.ui.stored_metrics import stored_metrics

STABILITY_HELP = (
    "The same training ran again with other seeds. What repeats belongs to the concepts and the network; what does not "
    "belongs to one run, so do not build on it. A dot is the mean overlap (Jaccard) of a pair, its whisker the least "
    "and the most of all seeds. The order of the pairs repeats where at most 5 % of random orders would agree as well."
)
_TITLE = "Does it repeat with another seed?"
_CONCEPTS, _RESIDUAL = "subnetworks:stability", "subnetworks:stability:residual"


def stability_panel() -> None:
    """The finding, each pair's overlap with its range over seeds, and the figures by unit and layer."""
    with errors_shown():
        explainer = load_explainer()
        found = stored_metrics(explainer.checkpoint, METRICS_KEY)
        if found is None:
            with st.expander(_TITLE):
                st.markdown("This was not measured for this checkpoint. Train it again with other seeds, then run "
                            "`python -m sparsecbm overlap --checkpoint THIS --seeds SECOND THIRD --save`.")
            return
        stability = MaskStability.from_json(found)
        st.markdown(f"### {_TITLE}", help=STABILITY_HELP)
        st.markdown(f"**{as_markdown(stability_text(stability))}** {as_markdown(' '.join(details(stability)))}")
        _pictures(stability)
        with st.container(horizontal=True, gap="small"):
            table_fold(agreement_table(stability), f"{_CONCEPTS}:units",
                       "What two seeds keep in common of each subnetwork, compared with chance", "Units and layers")
            if stability.always:
                table_fold(always_table(stability), f"{_CONCEPTS}:always",
                           "Heads and neurons that every seed keeps for a concept", "Units that all seeds keep")
            st.download_button("CSV table", partial(stability_csv, explainer, stability), "stability.csv", "text/csv",
                               on_click="ignore", key=f"{_CONCEPTS}:save", icon=":material/download:")
        runs = ", ".join(f"{run.name} ({run.checkpoint[:12]})" for run in stability.runs)
        note(as_markdown(f"{' '.join(cautions(stability))} Runs: {runs}"))


def _pictures(stability: MaskStability) -> None:
    """The pairs of concepts, and apart from them those of the residual; only a table where all are alike."""
    groups = [group for group in ((stability.concept_pairs, "Overlap of two concepts", _CONCEPTS),
                                  (stability.residual_pairs, "Overlap with the residual", _RESIDUAL)) if group[0]]
    if not groups:
        return
    for column, (pairs, name, key) in zip(st.columns(len(groups), gap="medium"), groups, strict=True):
        with column:
            _picture(stability, pairs, name, key)


def _picture(stability: MaskStability, pairs: Sequence[tuple[int, int]], name: str, key: str) -> None:
    table, alt = stability_table(stability, pairs), f"{name} over seeds: {stability_alt(stability, pairs)}"
    if np.ptp(stability.overlaps(pairs)) < ALIKE:
        table_fold(table, key, alt, f"{name}, as a table")
    else:
        points = stability_dots(stability, pairs)
        chart(lambda dark: dots(points, f"{name}, over {len(stability.runs)} seeds", "Jaccard overlap", dark, digits=2),
              table, key, alt)


def stability_csv(explainer: Explainer, stability: MaskStability) -> str:
    """Every pair in every run; names are safe for spreadsheets."""
    table = stability_table(stability, [*stability.concept_pairs, *stability.residual_pairs])
    table.insert(0, "checkpoint", explainer.checkpoint.hash)
    return str(table.map(as_cell).rename(columns=as_cell).to_csv(index=False, lineterminator="\n"))
