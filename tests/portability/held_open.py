"""Windows' rules for files that this process holds open or mapped into memory, told apart by Linux's /proc."""

import builtins
import io
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import safetensors.numpy
import safetensors.torch

Patch = Callable[[Any, str, Any], None]
_SELF = Path("/proc/self")


def mapped() -> set[str]:
    """The files that are mapped into memory."""
    lines = (_SELF / "maps").read_text(encoding="utf-8", errors="surrogateescape").splitlines()
    return {path for line in lines if (path := line[73:].strip()).startswith("/")}


def held() -> set[str]:
    """The files that are open or mapped."""
    opened = set()
    for descriptor in os.listdir(_SELF / "fd"):
        try:
            place = os.readlink(_SELF / "fd" / descriptor)
        except FileNotFoundError:  # that of the list itself
            continue
        if os.path.isfile(place):
            opened.add(place)
    return opened | mapped()


def windows_rules(patch: Patch) -> list[str]:
    """From now on no held file is removed, renamed or replaced, and no mapped one overwritten; nor a folder of such.

    Returns what was refused, as it happens: also where the PermissionError was passed over.
    """
    refused: list[str] = []

    def check(path: Any, dir_fd: int | None, files: Callable[[], set[str]], what: str) -> None:
        if isinstance(path, int):
            return
        folder = os.getcwd() if dir_fd is None else os.readlink(_SELF / "fd" / str(dir_fd))
        named = os.path.join(folder, os.fsdecode(path))
        place = os.path.join(os.path.realpath(os.path.dirname(named)), os.path.basename(named))
        for file in files():
            if file == place or file.startswith(f"{place}/"):
                refused.append(f"{what} {place}: {file} is held")
                raise PermissionError(32, "The process cannot access the file because it is being used", named)

    def one(name: str) -> None:
        before = getattr(os, name)

        def checked(path: Any, *more: Any, dir_fd: int | None = None) -> Any:
            check(path, dir_fd, held, name)
            return before(path, *more, dir_fd=dir_fd)

        patch(os, name, checked)

    def two(name: str) -> None:
        before = getattr(os, name)

        def checked(source: Any, target: Any, *, src_dir_fd: int | None = None, dst_dir_fd: int | None = None) -> Any:
            check(source, src_dir_fd, held, name)
            check(target, dst_dir_fd, held, name)
            return before(source, target, src_dir_fd=src_dir_fd, dst_dir_fd=dst_dir_fd)

        patch(os, name, checked)

    for name in ("unlink", "remove", "rmdir"):
        one(name)
    for name in ("rename", "replace"):
        two(name)

    opened = io.open

    def checked_open(file: Any, mode: str = "r", *more: Any, **named: Any) -> Any:
        if set(mode) & set("w+a"):
            check(file, None, mapped, "overwrite")
        return opened(file, mode, *more, **named)

    patch(io, "open", checked_open)
    patch(builtins, "open", checked_open)
    for module in (safetensors.torch, safetensors.numpy):
        written = module.serialize_file

        def checked_write(tensors: Any, file: Any, *more: Any, written: Any = written, **named: Any) -> None:
            check(file, None, mapped, "overwrite")
            written(tensors, file, *more, **named)

        patch(module, "serialize_file", checked_write)
    return refused
