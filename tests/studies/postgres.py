"""A PostgreSQL server of our own: in a temporary folder, reached by a socket in it, gone at the end."""

import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

#: The account that the server runs as where we are root, under which it refuses to run.
ACCOUNT = "postgres"


def postgres_programs() -> Path | None:
    """The folder with PostgreSQL's programs, the newest one; None where there is none."""
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"), key=lambda path: int(path.parts[-3]))
    elsewhere = shutil.which("initdb")
    return found[-1].parent if found else Path(elsewhere).resolve().parent if elsewhere else None


def why_not() -> str:
    """Why no server can be started here; empty where one can."""
    if postgres_programs() is None:
        return "no PostgreSQL server here (Debian: apt-get install postgresql)"
    if os.name == "nt":
        return "the server is reached by a socket in a folder, which Windows does not have"
    try:
        _account()
    except KeyError:
        return f"as root, a server needs the account {ACCOUNT} to run as"
    return ""


def _account() -> Any:
    """The account that the server runs as where we are root, else None; KeyError where there is none."""
    if hasattr(os, "geteuid"):
        import pwd

        return pwd.getpwnam(ACCOUNT) if os.geteuid() == 0 else None
    return None


@contextmanager
def postgres_server() -> Iterator[str]:
    """Start a server; yields the URL of a database, less its name: append one."""
    programs = postgres_programs()
    assert programs is not None
    folder = Path(tempfile.mkdtemp(prefix="pg-"))  # short: a socket's path has at most 107 characters
    account = _account()
    if account:
        shutil.chown(folder, account.pw_uid, account.pw_gid)

    def run(program: str, *arguments: str) -> None:
        subprocess.run([str(programs / program), "-D", str(folder / "data"), *arguments], check=True, cwd=folder,
                       stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, start_new_session=True,
                       **{"user": account.pw_uid, "group": account.pw_gid, "extra_groups": []} if account else {})

    try:
        run("initdb", "--auth=trust", "--username=sparsecbm", "--no-sync", "--encoding=UTF8", "--locale=C")
        run("pg_ctl", "start", "--wait", "--log", str(folder / "log"), "--options",
            f"-c listen_addresses= -c unix_socket_directories={folder}")
        try:
            yield f"postgresql://sparsecbm@/{{name}}?host={folder}"
        finally:
            run("pg_ctl", "stop", "--mode=immediate", "--wait")
    finally:
        shutil.rmtree(folder, ignore_errors=True)
