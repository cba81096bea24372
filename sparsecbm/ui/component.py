"""Our own Streamlit components: script and style are files next to the Python module."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import streamlit as st

_STYLE, _SCRIPT = (Path(__file__).with_suffix(suffix).read_text(encoding="utf-8") for suffix in (".css", ".js"))


def component(file: str, script: str = "") -> Callable[..., Any]:
    """The component of a module, given its `__file__`; `script` is put in front of the module's own."""
    here = Path(file)
    return st.components.v2.component(
        f"sparsecbm.{here.stem}", css=_STYLE + here.with_suffix(".css").read_text(encoding="utf-8"),
        js=_SCRIPT + script + here.with_suffix(".js").read_text(encoding="utf-8"))


def sent(key: str, name: str) -> Any:
    """What the component under this key sent as `name`; for callbacks.

    None when it sent nothing, also when its page was left while a press was on its way: the callback is called then,
    but Streamlit has forgotten the component.
    """
    return (st.session_state.get(key) or {}).get(name)
