"""One server for all browser tests; every page of theirs must stay free of errors."""

import os
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from benchmarks.browser import CHROMIUM
from sparsecbm.studies.database import URL_VARIABLE
from tests.browser.watch import Visit, Watch

ROOT = Path(__file__).parents[2]
PATIENCE = 30_000  # milliseconds; what is expected may have to be worked out first
expect.set_options(timeout=PATIENCE)
#: What a visitor has unless a test says otherwise; without motion there is less to wait for and to draw.
STILL = {"viewport": {"width": 1280, "height": 900}, "reduced_motion": "reduce"}


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark every test of this folder, and leave it out where there is no browser."""
    for item in items:
        if Path(__file__).parent in item.path.parents:
            item.add_marker(pytest.mark.browser)
            item.add_marker(pytest.mark.flaky(reruns=2))  # a slow machine can miss a deadline; -ra lists every rerun
            if CHROMIUM is None:
                item.add_marker(pytest.mark.skip(reason="needs Chromium: apt-get install chromium"))


@pytest.fixture(scope="session")
def studies_url(tmp_path_factory: pytest.TempPathFactory) -> str:
    """The URL of the database that the server keeps studies in."""
    return f"sqlite:///{tmp_path_factory.mktemp('studies')}/studies.sqlite"


@pytest.fixture(scope="session")
def app_url(tmp_path_factory: pytest.TempPathFactory, studies_url: str) -> Iterator[str]:
    """The address of a server that runs the app as `streamlit run app.py` does."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    log = tmp_path_factory.mktemp("server") / "server.log"
    with log.open("wb") as output:
        server = subprocess.Popen(
            [sys.executable, "-m", "streamlit", "run", "app.py", f"--server.port={port}", "--server.address=127.0.0.1"],
            cwd=ROOT, stdout=output, stderr=subprocess.STDOUT,
            env=os.environ | {"PYTHONWARNINGS": "default", URL_VARIABLE: studies_url})
    try:
        _wait_for(f"http://127.0.0.1:{port}/_stcore/health", server, log)
        yield f"http://127.0.0.1:{port}"
    finally:
        server.terminate()
        try:
            server.wait(10)
        except subprocess.TimeoutExpired:
            server.kill()
            server.wait()
    assert "Traceback" not in log.read_text(encoding="utf-8"), log.read_text(encoding="utf-8")


@pytest.fixture
def visitor(browser: Browser, app_url: str) -> Iterator[Visit]:
    """Opens pages of the app, each for a visitor of its own; after the test, none may have had an error."""
    watches: list[Watch] = []

    def visit(path: str = "/", **settings: object) -> Page:
        context = browser.new_context(**STILL | settings)  # type: ignore[arg-type]
        context.set_default_timeout(PATIENCE)
        page = context.new_page()
        page.on("dialog", lambda dialog: dialog.accept())  # such as the question before a reload loses something
        watches.append(Watch(page, context))
        page.goto(app_url + path)
        return page

    yield visit
    for watch in watches:
        watch.close()


def _wait_for(url: str, server: subprocess.Popen[bytes], log: Path) -> None:
    end = time.monotonic() + 120
    while True:
        assert server.poll() is None and time.monotonic() < end, log.read_text(encoding="utf-8")
        try:
            with urllib.request.urlopen(url, timeout=1) as answer:
                if answer.read() == b"ok":
                    return
        except OSError:
            time.sleep(0.1)
