"""The note on how unlike the training texts the text on screen is."""

import streamlit as st

from sparsecbm.familiarity.unlike import is_unlike, unlike_text
from sparsecbm.types import Prediction
from sparsecbm.ui.loaded_model import load_explainer
from sparsecbm.ui.safe_text import as_markdown
from sparsecbm.ui.shell import note


def unlike_note(prediction: Prediction) -> None:
    """A box where the text is unlike them, else a line of small print; where nothing was measured, why."""
    said = unlike_text(prediction.unlike)
    if is_unlike(prediction.unlike):
        st.info(as_markdown(said), icon=":material/explore:")
    else:
        note(as_markdown(said or load_explainer().checkpoint.unmeasured))
