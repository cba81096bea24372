"""The app, or any script of Streamlit, as a server of its own, which may be killed at any moment and started again."""

import os
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import TracebackType

ROOT = Path(__file__).parents[1]
APP = ROOT / "app.py"
PATIENCE = 300.0


class Server:
    """Runs a script with the app's settings, and some more of the environment, while the block lasts."""

    def __init__(self, script: Path, **environment: str) -> None:
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self._port = free.getsockname()[1]
        self._script, self._environment = script, os.environ | environment
        self.may_be_gone = False

    @property
    def address(self) -> str:
        """Host and port."""
        return f"127.0.0.1:{self._port}"

    @property
    def pid(self) -> int:
        """The process that serves."""
        return self._process.pid

    def __enter__(self) -> "Server":
        self._start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self._process.kill()
        self._process.wait()

    def kill_and_start(self) -> None:
        """SIGKILL, wherever it is, and then the same server once more."""
        self.may_be_gone = True
        self._process.kill()
        self._process.wait()
        self._start()

    def _start(self) -> None:
        command = [sys.executable, "-m", "streamlit", "run", str(self._script), f"--server.port={self._port}",
                   "--server.address=127.0.0.1"]
        self._process = subprocess.Popen(command, cwd=ROOT, env=self._environment, stdout=subprocess.DEVNULL,
                                         stderr=subprocess.DEVNULL)
        end = time.monotonic() + PATIENCE
        while not self._answers():
            if self._process.poll() is not None or time.monotonic() > end:
                raise SystemExit(f"{self._script} does not start; run `streamlit run {self._script}` to see why.")
            time.sleep(0.1)

    def _answers(self) -> bool:
        try:
            with urllib.request.urlopen(f"http://{self.address}/_stcore/health", timeout=1) as answer:
                return bool(answer.read() == b"ok")
        except OSError:
            return False


def app_with(checkpoint: Path, database: str) -> Server:
    """The app with a checkpoint and a studies' database."""
    return Server(APP, SPARSECBM_CHECKPOINT=str(checkpoint), SPARSECBM_DATABASE_URL=database)


@contextmanager
def served(script: Path, **environment: str) -> Iterator[str]:
    """The URL of a script that runs while the block lasts."""
    with Server(script, **environment) as server:
        yield f"http://{server.address}"
