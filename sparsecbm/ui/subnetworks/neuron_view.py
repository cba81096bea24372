"""Every neuron of a layer as a thin column of a picture: one Streamlit component, drawn in place.

Its script and style are the two files beside this one; names reach them as data only.
"""

from pathlib import Path
from typing import Any

import streamlit as st

_HERE = Path(__file__).with_suffix("")
_component = st.components.v2.component(
    "sparsecbm.neuron_view", css=_HERE.with_suffix(".css").read_text(), js=_HERE.with_suffix(".js").read_text())


def neuron_view(key: str, label: str, data: dict[str, Any]) -> None:
    """Draw a `figures.exclusive.neuron_map`; `label` says in words what is seen."""
    _component(key=key, data={"label": label, **data})
