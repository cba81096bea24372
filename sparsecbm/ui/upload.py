"""An upload as a file while it is read; its errors do not name the folder that it lay in."""

import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

from sparsecbm.errors import SparseCBMError
from sparsecbm.file_names import ending_of, last_part


@contextmanager
def as_file(name: str, content: bytes) -> Iterator[Path]:
    """A file with this content, under a name of our own that has the same ending; errors call it as its owner does."""
    with TemporaryDirectory(prefix="sparsecbm-") as folder:
        path = Path(folder) / f"upload-{secrets.token_hex(8)}{ending_of(name)}"
        path.write_bytes(content)
        try:
            yield path
        except SparseCBMError as error:
            message = str(error)
            for ours in (str(path), repr(str(path))[1:-1], path.as_posix(), path.name):  # they differ where \ separates
                message = message.replace(ours, last_part(name) or "upload")
            raise type(error)(message) from None
