"""Metrics that a checkpoint comes with, or the command that measures them."""

from collections.abc import Mapping
from typing import Any

import streamlit as st

from sparsecbm.errors import CheckpointError
from sparsecbm.schema import CEBAB
from sparsecbm.service import CheckpointInfo
from sparsecbm.shipped import DEFAULT_CHECKPOINT
from sparsecbm.ui.loaded_model import load_explainer


def stored_metrics(checkpoint: CheckpointInfo, key: str) -> Mapping[str, Any] | None:
    """The metrics under a key of metrics.json; None where there are none.

    CheckpointError when they were measured on another model.
    """
    found: Mapping[str, Any] | None = checkpoint.metrics.get(key)
    return of_this_model(found, key, checkpoint) if found else None


def of_this_model(found: Mapping[str, Any], key: str, checkpoint: CheckpointInfo) -> Mapping[str, Any]:
    """The same metrics; CheckpointError when they were measured on another model."""
    if found.get("checkpoint", checkpoint.hash) != checkpoint.hash:
        raise CheckpointError(f"The metrics under {key!r} in metrics.json were measured on model "
                              f"{found['checkpoint'][:12]}, but model {checkpoint.hash[:12]} is loaded; allowed: "
                              "metrics of this model. Measure them again.")
    return found


def how_to_measure(what: str, command: str, checkpoint: CheckpointInfo) -> None:
    """The empty state of a panel: what is missing, and the command that adds it to this checkpoint."""
    st.info(f"{what} was not measured for this checkpoint yet. This command measures it and stores the result with the "
            "checkpoint; then open this page again.", icon=":material/straighten:")
    show_command(command, checkpoint)


def show_command(command: str, checkpoint: CheckpointInfo, options: str = "") -> None:
    """A command that measures this checkpoint on its data set's dev split, to be copied."""
    named = "" if checkpoint.path == DEFAULT_CHECKPOINT else f" --checkpoint '{checkpoint.path}'"
    st.code(f"python -m sparsecbm {command} {data_options()} --split dev{options}{named}", language="sh",
            wrap_lines=True)


def data_options() -> str:
    """How a command names the data set of the model that is shown."""
    schema = load_explainer().schema
    return f"--dataset {schema.name} --data {'hub:CEBaB/CEBaB' if schema == CEBAB else 'FOLDER'}"
