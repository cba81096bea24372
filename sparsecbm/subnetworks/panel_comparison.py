"""The loaded masks compared with another training run or a higher sparsity: does a concept get the same weights?

Nothing is loaded or counted before something to compare with is chosen. The panel is one fragment.
"""

from pathlib import Path

import streamlit as st

from sparsecbm.errors import CheckpointError
from sparsecbm.service import CheckpointInfo, Explainer
from sparsecbm.subnetworks.comparison import MaskComparison, sparsity_of
from sparsecbm.subnetworks.comparison_text import LEAST_AHEAD
from sparsecbm.subnetworks.panel_comparison_result import show_comparison, train_command
from sparsecbm.subnetworks.panel_selection import (
    MOST_PERCENT,
    OTHERS_VARIABLE,
    STATE,
    least_percent,
    missing_folder,
    other_checkpoints,
)
from sparsecbm.ui.loaded_model import load_explainer
from sparsecbm.ui.safe_text import as_markdown
from sparsecbm.ui.session import seed_widget
from sparsecbm.ui.shell import errors_shown, note

COMPARE_HELP = (
    "Weights correspond by their position, which means something only for runs that started from the same pretrained "
    f"network. A concept's weights recur when the same concept keeps {100 * LEAST_AHEAD:.0f} points more of them than "
    "any other concept does: then they belong to the concept and not to the run."
)
_CHOICE, _PERCENT = "subnetworks:against", "subnetworks:percent"
_NOTHING, _PRUNED = "", "/pruned"  # no folder is called so
_USUAL_PERCENT = 90.0


def comparison_panel() -> None:
    """The choice, and the comparison."""
    st.fragment(_panel)()


def _panel() -> None:
    st.markdown("### Another run, or a higher sparsity", help=COMPARE_HELP)
    with errors_shown():
        explainer, selection = load_explainer(), STATE.current
        STATE.write()
        others = other_checkpoints(explainer.checkpoint.path)
        _choice(explainer, selection.against, others)
        sparsity = sparsity_of(selection.against or "")
        against = others.get(selection.against or "") if sparsity is None else sparsity
        if against is None:
            note("Choose another training run to see whether each concept gets the same weights again, or a higher "
                 "sparsity to see what it would lose.")
            return
        comparison = _compared(explainer, against)
        if comparison is not None:
            show_comparison(explainer, comparison)


def _choice(explainer: Explainer, against: str | None, others: dict[str, Path]) -> None:
    missing, least = missing_folder(), least_percent(explainer.overlap())
    if missing is not None:
        st.warning(f"`{OTHERS_VARIABLE}` names {as_markdown(str(missing))}, which is no folder here; allowed: a folder "
                   "of checkpoints. Set it to one and start the app again.", icon=":material/warning:")
    options = [_NOTHING, *others, *([_PRUNED] if least <= MOST_PERCENT else [])]
    pruned = sparsity_of(against or "")
    chosen = _PRUNED if pruned is not None else against if against in others else _NOTHING
    first, names = max(least, _USUAL_PERCENT), {_NOTHING: "nothing", _PRUNED: "this one, pruned further"}
    with st.container(horizontal=True, vertical_alignment="bottom", gap="medium"):
        st.selectbox("Compare with", options, options.index(seed_widget(_CHOICE, chosen)), key=_CHOICE, width=320,
                     format_func=lambda name: names.get(name, name), on_change=lambda: _chosen(first))
        if pruned is not None:
            st.number_input("Sparsity, percent", least, MOST_PERCENT, seed_widget(_PERCENT, round(100 * pruned, 6)),
                            step=5.0, format="%.1f", key=_PERCENT, width=170,
                            help="The share of the weights that every subnetwork then switches off.",
                            on_change=lambda: STATE.change(against=f"{st.session_state[_PERCENT]:g}%"))
    if not others:
        _how_to_get_one(explainer.checkpoint)


def _chosen(percent: float) -> None:
    choice = st.session_state[_CHOICE]
    STATE.change(against={_NOTHING: None, _PRUNED: f"{percent:g}%"}.get(choice, choice))


def _how_to_get_one(checkpoint: CheckpointInfo) -> None:
    folder = checkpoint.path.resolve().parent
    with st.expander("There is no other checkpoint to compare with yet. How to get one"):
        st.markdown(f"There is no other sparse checkpoint next to {as_markdown(checkpoint.name)}, so it can only be "
                    "compared with itself, pruned further. To see whether another run finds the same weights, train "
                    "one with another seed into a folder next to it; it is offered here as soon as it is done:")
        train_command(f"--seed 1 --output '{folder / 'seed-1'}'")
        st.markdown(f"Or set `{OTHERS_VARIABLE}` to a folder of checkpoints and start the app again.")


def _compared(explainer: Explainer, against: Path | float) -> MaskComparison | None:
    """The comparison; None, and the reason on screen, when the other checkpoint cannot be read."""
    try:
        with st.spinner("Counting the weights of both…"):
            return explainer.compare(against)
    except CheckpointError as error:
        st.error(as_markdown(str(error)), icon=":material/error:")
        return None
