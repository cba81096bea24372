"""Paths that people name, what may be written where, and files that are replaced whole or not at all."""

import os
import secrets
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from sparsecbm.errors import InputError

#: A source that starts so is read from the Hub, e.g. hub:CEBaB/CEBaB, or from a folder that is named so.
HUB_PREFIX = "hub:"


def path_of(text: str | Path) -> Path:
    """The path that a person named; `~` is a home folder. InputError for the home folder of nobody.

    >>> path_of("~/reviews.csv")
    PosixPath('/home/ada/reviews.csv')
    """
    try:
        return Path(text).expanduser()
    except RuntimeError:
        raise InputError(f"There is no home folder for {str(text)!r}; allowed: a path, where ~/ stands for your own "
                         "home folder. Write the path in full.") from None


def place_of(text: str) -> str:
    """The same for what may also be a name on the Hub, which stays as it is."""
    prefix = HUB_PREFIX if text.startswith(HUB_PREFIX) else ""
    name = text.removeprefix(prefix)
    return prefix + str(path_of(name)) if name.startswith("~") else text


def path_in(variable: str) -> Path | None:
    """The path that an environment variable names; None where it is not set or empty."""
    named = os.environ.get(variable)
    return path_of(named) if named else None


def check_file(path: Path, called: str) -> None:
    """InputError unless a file can be written there: the folder exists, and no folder has its name."""
    if not path.absolute().parent.is_dir():
        raise InputError(f"{called} {str(path)!r} lies in no folder that exists; allowed: a file in an existing "
                         "folder. Create the folder first.")
    if path.is_dir():
        raise InputError(f"{called} {str(path)!r} is a folder; allowed: a file. Name a file in it.")


def keep_apart(written: Iterable[Path], read: Iterable[str | Path | None]) -> None:
    """InputError when what is written, or removed, is what is read: neither may be the other, or lie in it.

    A folder that is written may lie in one that is read. Links, `..` and, where the file system ignores it, the case of
    letters make no other file. What does not exist, such as a name on the Hub, is passed over.
    """
    sources = [path for one in read if one is not None and (path := _on_disk(one)).exists()]
    for output in written:
        for source in sources if output.exists() else ():
            same = os.path.samefile(output, source)
            inside = _lies_in(source, output) if output.is_dir() else _lies_in(output, source)
            if same or inside:
                how = "is" if same else "holds" if output.is_dir() else "lies in"
                raise InputError(f"The output {str(output)!r} {how} the input {str(source)!r}, which would be lost or "
                                 "changed; allowed: an output apart from every input. Name another output.")


def _on_disk(source: str | Path) -> Path:
    """Where a source is, if it is on this machine; a name on the Hub may also be that of a folder."""
    named = str(source)
    return Path(named.removeprefix(HUB_PREFIX).partition("#")[0] if named.startswith(HUB_PREFIX) else named)


def _lies_in(path: Path, folder: Path) -> bool:
    """Whether the path as it is written, or what it leads to, is somewhere in the folder."""
    parents = {*Path(os.path.abspath(path)).parents, *path.resolve().parents}
    return any(os.path.samefile(parent, folder) for parent in parents if parent.exists())


@contextmanager
def replacing(path: Path, folder: Path | None = None) -> Iterator[Path]:
    """A path to write a file to, which then takes the place of `path` in one step.

    Who reads meanwhile gets the old file or the new one, whole. When the block or the disk fails, the old file stays
    and nothing else does. The block must close what it opens. The new file is made in `folder`, a folder of the same
    disk, or else beside the old one.
    """
    new = (folder or path.parent) / f".{secrets.token_hex(8)}.new"
    try:
        yield new
        with new.open("rb+") as file:
            os.fsync(file.fileno())
        new.replace(path)
    finally:
        with suppress(OSError):
            new.unlink(missing_ok=True)


def write_text(path: Path, text: str) -> None:
    """Replace a file by this text in UTF-8, with the same line ends on every system."""
    write_bytes(path, text.encode())


def write_bytes(path: Path, content: bytes) -> None:
    """Replace a file by these bytes."""
    with replacing(path) as new:
        new.write_bytes(content)
