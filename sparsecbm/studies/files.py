"""A protocol as a file: made by one who wants to repeat a study, or to write it without the app."""

import json
from pathlib import Path

from sparsecbm.errors import DataError
from sparsecbm.studies.protocol import Protocol


def load_protocol(path: Path) -> Protocol:
    """Read a protocol. DataError when the file is no JSON object, ConfigError when it is no protocol."""
    try:
        values = json.loads(path.read_bytes())
    except ValueError as error:
        raise DataError(f"{path} is not JSON ({error}); allowed: a protocol as `study export` writes it. Check the "
                        "file.") from None
    if not isinstance(values, dict):
        raise DataError(f"{path} holds a JSON {type(values).__name__}; allowed: one object, a protocol. Check it.")
    return Protocol.from_json(values, str(path))
