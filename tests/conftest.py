"""What tests share: fixed seeds, and a tiny backbone, data folder and checkpoint to run whole commands on.

What is slow to import is imported where it is used: the process that only hands out tests reads this file, too.
"""

import gc
import json
import os
import random
import sys
import tempfile
from collections.abc import Generator, Iterator
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from playwright.sync_api import Browser

# The libraries read these when they are imported, here and in the servers that tests start.
os.environ["OMP_NUM_THREADS"] = "1"  # the models are tiny, and test processes share the cores
os.environ["TOKENIZERS_PARALLELISM"] = "false"
os.environ["HF_HUB_DISABLE_PROGRESS_BARS"] = "1"
os.environ["HF_HUB_OFFLINE"] = "1"  # no test needs the network
_CACHE = tempfile.TemporaryDirectory(prefix="sparsecbm-cache-")
os.environ["SPARSECBM_CACHE"] = _CACHE.name  # what is kept between starts is kept for this run alone


#: What takes longest, by the beginning of its path.
_LONGEST = ("tests/test_structure.py", "tests/browser/", "tests/portability/test_device.py")


@pytest.hookimpl(wrapper=True)
def pytest_collection() -> Generator[None, object, object]:
    """Nothing that is imported here is garbage, so none is looked for meanwhile."""
    gc.disable()
    try:
        return (yield)
    finally:
        gc.freeze()
        gc.enable()


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """The longest files come first, so that no process is left alone with one at the end."""
    items.sort(key=lambda item: [not item.nodeid.startswith(place) for place in _LONGEST])


@pytest.fixture(autouse=True)
def _seeded() -> None:
    """The same random numbers in every test, whatever ran before it."""
    import numpy as np
    import torch

    random.seed(0)
    np.random.seed(0)
    torch.manual_seed(0)


@pytest.fixture(autouse=True)
def _main_module() -> Iterator[None]:
    """A test of a page leaves that page's script as the main module, and processes that are started would run it."""
    main = sys.modules["__main__"]
    yield
    sys.modules["__main__"] = main


@pytest.fixture(scope="session", autouse=True)
def _scanned_once() -> Iterator[None]:
    """Streamlit looks for components in all installed packages whenever a page is opened in a test: once will do."""
    from streamlit.components.v2 import manifest_scanner

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(manifest_scanner, "scan_component_manifests", cache(manifest_scanner.scan_component_manifests))
        yield


PHRASES = {
    "food": ("The soup was bland.", "The soup was tasty."),
    "ambiance": ("The room felt shabby.", "The room felt warm."),
    "service": ("The waiter was rude.", "The waiter was kind."),
    "noise": ("It was far too loud.", "It was pleasantly quiet."),
}


def review(number: int, opening: str = "") -> dict[str, Any]:
    """A row whose four aspects are the binary digits of its number, and whose rating counts the good ones."""
    good = [bool(number >> k & 1) for k in range(4)]
    row: dict[str, Any] = {
        "id": f"{number:06d}_000000",
        "description": opening + " ".join(phrases[ok] for ok, phrases in zip(good, PHRASES.values(), strict=True)),
        "review_majority": str(1 + sum(good)),
    }
    for ok, concept in zip(good, PHRASES, strict=True):
        value = "Positive" if ok else "Negative"
        row |= {f"{concept}_aspect_majority": value, f"{concept}_aspect_label_distribution": {value: 5}}
    return row


def write_splits(folder: Path) -> Path:
    """Splits of sixteen rows; no text to learn from is one to score."""
    for split, opening in (("train_exclusive", "We came on Monday. "), ("dev", ""), ("test", "")):
        rows = [review(number, opening) for number in range(16)]
        (folder / f"{split}.json").write_text(json.dumps(rows), encoding="utf-8")
    return folder


@pytest.fixture(scope="session")
def tiny_data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the splits that the tests use."""
    return write_splits(tmp_path_factory.mktemp("data"))


@pytest.fixture(scope="session")
def tiny_backbone(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A random BERT and its tokenizer, with as many positions as a model reads by default."""
    from tests.helpers import backbone_folder

    return backbone_folder(tmp_path_factory.mktemp("backbone"), max_position_embeddings=256)


@pytest.fixture(scope="session")
def tiny_checkpoint(tiny_data: Path, tiny_backbone: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A tiny sparse model, trained from the command line."""
    from sparsecbm.__main__ import main

    folder = tmp_path_factory.mktemp("runs") / "tiny"
    settings = folder.parent / "settings.json"
    settings.write_text(json.dumps({"prune": {"block": 8, "steps": 2}, "epochs_dense": 1, "learning_rate": 0.001}),
                        encoding="utf-8")
    code = main(["train", "--data", str(tiny_data), "--backbone", str(tiny_backbone), "--output", str(folder),
                 "--device", "cpu", "--config", str(settings), "--epochs-finetune", "1", "--gradients", "4",
                 "--batch-size", "8"])
    assert code == 0
    return folder


@pytest.fixture
def measure(base: list[str], capsys: pytest.CaptureFixture[str]) -> Any:
    """Run a test file's `base` command with --json and return what standard output held; standard error must stay
    empty."""
    from sparsecbm.__main__ import main

    def run(*arguments: str) -> Any:
        assert main([*base, "--json", *arguments]) == 0
        out, err = capsys.readouterr()
        assert err == ""
        return json.loads(out)
    return run


@pytest.fixture(scope="session")
def browser() -> Iterator["Browser"]:
    """One Chromium for all tests of a process: Playwright cannot be started twice in one."""
    from playwright.sync_api import sync_playwright

    from benchmarks.browser import ARGUMENTS, CHROMIUM

    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=CHROMIUM, headless=True, args=ARGUMENTS)
        yield chromium
        chromium.close()
