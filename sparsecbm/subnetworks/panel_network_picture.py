"""The picture of the network on the Subnetworks page: its cells can be pointed at, walked through and opened."""

from collections.abc import Callable
from functools import partial

import streamlit as st

from sparsecbm.export.values import as_cell
from sparsecbm.service import Explainer
from sparsecbm.subnetworks.figure_network_picture import (
    drawn,
    network_figure,
    network_table,
    network_title,
)
from sparsecbm.subnetworks.network_picture import Cell, NetworkPicture
from sparsecbm.subnetworks.network_picture_text import network_text
from sparsecbm.subnetworks.panel_network_cell import cell_card
from sparsecbm.subnetworks.panel_selection import STATE
from sparsecbm.ui.chart import chart_foot
from sparsecbm.ui.component import component, sent
from sparsecbm.ui.loaded_model import load_explainer
from sparsecbm.ui.safe_text import as_markdown
from sparsecbm.ui.shell import errors_shown

_component = component(__file__)
_KEY, _ONLY = "subnetworks:network", "only"

WHOLE_HELP = (
    "Layers are numbered from 0, the first after the word embeddings, and drawn from bottom to top. Each square is an "
    "attention head; each bar is all neurons of the layer that the same concepts use, as wide as they are many. The "
    "colours are the concepts that use it, one above the other where there are several; grey is the common core that "
    "all use, and an empty frame what no concept uses. Press a concept below to pick out what it uses, and a cell to "
    "look closer. Arrow keys move from cell to cell."
)
PARTS_HELP = (
    "Layers are numbered from 0, the first after the word embeddings, and drawn from bottom to top. Each square is an "
    "attention head; each bar is all neurons of the layer that the same concept uses most, as wide as they are many. A "
    "concept stands out where it keeps a quarter more of the weights than the next one; grey is where none does. "
    "Press a concept below to pick it out, and a cell to look closer. Arrow keys move from cell to cell."
)


def network_picture_panel() -> None:
    """The finding in words, the picture, and the cell that is open; a sentence alone where all cells say the same."""
    st.fragment(_panel)()


def _panel() -> None:
    with errors_shown():
        explainer = load_explainer()
        picture = explainer.network_picture()
        if not picture.cells:
            return
        sentences = network_text(picture, explainer.overlap().total)
        said = " ".join(sentences)
        st.markdown("### The network", help=WHOLE_HELP if picture.whole else PARTS_HELP)
        st.markdown(f"**{as_markdown(sentences[0])}** {as_markdown(' '.join(sentences[1:]))}")
        if picture.alike("head") and picture.alike("neuron"):
            return
        chosen = STATE.current.part and picture.cell_of(*STATE.current.part)
        network_view(_KEY, picture, f"{network_title(picture)}. {said}", chosen or None, _open)
        if chosen:
            cell_card(explainer, picture, chosen)
        elif STATE.current.part:
            layer, kind, unit = STATE.current.part
            st.warning(f"There is no {kind} {unit} of layer {layer}. Press a cell of the picture.",
                       icon=":material/warning:")
        with st.container(horizontal=True, gap="small"):
            chart_foot(partial(network_figure, picture), partial(network_title, picture), network_table(picture), _KEY,
                       said)
            st.download_button("CSV table", partial(network_csv, explainer), "network.csv", "text/csv",
                               on_click="ignore", key=f"{_KEY}:save", icon=":material/download:")
        STATE.write()


def network_view(
    key: str, picture: NetworkPicture, label: str, chosen: Cell | None, pressed: Callable[[int, str, int], None]
) -> None:
    """Draw the picture under the name `label`; `pressed` gets layer, kind and number of a unit of a pressed cell."""
    def tell() -> None:
        place = sent(key, "pressed")
        if place is not None:
            pressed(int(place[0]), str(place[1]), int(place[2]))

    _component(key=key, on_pressed_change=tell, data={
        "pages": {_ONLY: drawn(picture, label)}, "shown": _ONLY, "hint": "",
        "chosen": None if chosen is None else [chosen.layer, chosen.kind, chosen.units[0]]})


def _open(layer: int, kind: str, unit: int) -> None:
    STATE.change(part=(layer, kind, unit))


def network_csv(explainer: Explainer) -> str:
    """The table of the picture; names are safe for spreadsheets."""
    table = network_table(explainer.network_picture())
    table.insert(0, "checkpoint", explainer.checkpoint.hash)
    return str(table.map(as_cell).rename(columns=as_cell).to_csv(index=False, lineterminator="\n"))
