"""Reading the files of a checkpoint folder: what is missing or damaged is said, and nothing is ever unpickled."""

import json
from pathlib import Path
from typing import Any

from safetensors import SafetensorError
from safetensors.torch import load
from torch import Tensor

from sparsecbm.errors import CheckpointError


def require(folder: Path, names: list[str]) -> None:
    """CheckpointError that names the files which a checkpoint folder lacks."""
    missing = [name for name in names if not (folder / name).is_file()]
    if missing:
        raise CheckpointError(f"The checkpoint {folder} lacks {', '.join(missing)}; it needs {', '.join(names)}. "
                              "Copy the folder again in full.")


def read_json(folder: Path, name: str) -> dict[str, Any]:
    """The object that a JSON file holds; CheckpointError says what is wrong with it."""
    require(folder, [name])
    try:
        values = json.loads((folder / name).read_bytes())
    except (ValueError, RecursionError) as error:  # also integers too long and brackets too deep to read
        raise CheckpointError(f"{folder / name} is not valid JSON ({error}); restore the file.") from None
    if not isinstance(values, dict):
        raise CheckpointError(f"{folder / name} holds a {type(values).__name__}, not an object; restore the file.")
    return values


def read_tensors(path: Path) -> dict[str, Tensor]:
    """The tensors of a safetensors file; CheckpointError when it is damaged.

    The file is read once and not mapped into memory: whoever overwrites it later changes nothing that is loaded.
    """
    return read_noted_tensors(path)[0]


def read_noted_tensors(path: Path) -> tuple[dict[str, Tensor], dict[str, str]]:
    """The same, and the texts that are stored with the tensors."""
    try:
        content = path.read_bytes()
        tensors = load(content)
    except (SafetensorError, OSError) as error:
        raise CheckpointError(f"{path} is truncated or damaged ({error}); copy the file again.") from None
    return tensors, stored_texts(content)


def stored_texts(content: bytes) -> dict[str, str]:
    """The texts that are stored with the tensors of a safetensors file, which `load` has checked."""
    header: dict[str, dict[str, str]] = json.loads(content[8 : 8 + int.from_bytes(content[:8], "little")])
    return header.get("__metadata__", {})
