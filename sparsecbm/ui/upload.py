"""An upload as a file while it is read; its errors do not name the folder that it lay in."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

from sparsecbm.errors import SparseCBMError


@contextmanager
def as_file(name: str, content: bytes) -> Iterator[Path]:
    """A file of this name with this content."""
    with TemporaryDirectory(prefix="sparsecbm-") as folder:
        path = Path(folder) / (Path(name).name or "upload")
        path.write_bytes(content)
        try:
            yield path
        except SparseCBMError as error:
            raise type(error)(str(error).replace(f"{folder}/", "")) from None
