"""Other systems, simulated in this process; to be called before the product is imported."""

import builtins
import io
import os
import signal
import sys
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[2]
#: Modules that Windows lacks.
POSIX_MODULES = ("crypt", "fcntl", "grp", "nis", "ossaudiodev", "posix", "pty", "pwd", "resource", "spwd", "syslog",
                 "termios", "tty")
#: Functions and signals that Windows lacks. Python's own library asks whether they are there.
POSIX_FUNCTIONS = ("chown", "chroot", "fchmod", "fork", "forkpty", "getegid", "geteuid", "getgid", "getgroups",
                   "getloadavg", "getpgid", "getuid", "killpg", "mkfifo", "nice", "pread", "pwrite",
                   "sched_getaffinity", "setsid", "statvfs", "sysconf", "uname", "wait3")
POSIX_SIGNALS = ("SIGALRM", "SIGCHLD", "SIGHUP", "SIGKILL", "SIGPIPE", "SIGQUIT", "SIGUSR1", "SIGUSR2")
#: What our modules are called.
OURS = ("sparsecbm", "benchmarks", "tests", "__main__")


def without_posix() -> None:
    """Our own code can import no module that only POSIX systems have, and finds none of their functions.

    The libraries, which are built for this system, still can.
    """
    before = builtins.__import__

    def checked(name: str, globals: Any = None, locals: Any = None, fromlist: Any = (), level: int = 0) -> Any:
        importer = str((globals or {}).get("__name__", ""))
        if importer.partition(".")[0] in OURS:
            if name in POSIX_MODULES:
                raise ModuleNotFoundError(f"No module named {name!r}", name=name)
            if name in ("os", "signal") and not fromlist:
                return stripped[name]
        return before(name, globals, locals, fromlist, level)

    stripped = {"os": _Without(os, POSIX_FUNCTIONS), "signal": _Without(signal, POSIX_SIGNALS)}
    builtins.__import__ = checked


class _Without:
    """A module that lacks some of its names."""

    def __init__(self, module: Any, names: tuple[str, ...]) -> None:
        self._module, self._names = module, names

    def __getattr__(self, name: str) -> Any:
        if name in self._names:
            raise AttributeError(f"module {self._module.__name__!r} has no attribute {name!r}")
        return getattr(self._module, name)


def unnamed_encodings_are_errors() -> None:
    """Our own code gets an EncodingWarning as an error; needs `-X warn_default_encoding`."""
    assert sys.flags.warn_default_encoding
    ours = "|".join(OURS)
    warnings.filterwarnings("error", category=EncodingWarning, module=rf"({ours}|.*[/\\]pages[/\\].*)(\.|$)")
    warnings.simplefilter = lambda *_, **__: None  # the command line would silence it


def windows_line_ends(patch: Callable[[Any, str, Any], None] = setattr) -> None:
    """Text files that are opened to write without saying how lines end get the ends of lines of Windows."""
    before = io.open

    def opened(file: Any, mode: str = "r", buffering: int = -1, encoding: Any = None, errors: Any = None,
               newline: Any = None, *others: Any, **more: Any) -> Any:
        if newline is None and "b" not in mode and set(mode) & set("wax+"):
            newline = "\r\n"
        return before(file, mode, buffering, encoding, errors, newline, *others, **more)

    patch(io, "open", opened)
    patch(builtins, "open", opened)
