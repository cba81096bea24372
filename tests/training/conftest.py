"""A pretrained backbone and splits that training tests share."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from sparsecbm.data.split import Review, Split
from sparsecbm.training.train import train
from tests.helpers import backbone_folder, toy_reviews, toy_split, train_config


@pytest.fixture(scope="session")
def backbone(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A tiny random BERT of one layer on disk."""
    return backbone_folder(tmp_path_factory.mktemp("backbones") / "tiny-bert", num_hidden_layers=1)


@pytest.fixture(scope="session")
def rows() -> Split:
    """Eighteen toy reviews to learn from, one without majority label and one without majority for the soup."""
    reviews = toy_reviews()
    first, second = reviews[3], reviews[7]
    reviews[3] = Review(first.id, first.text, -1, first.concepts, first.shares)
    reviews[7] = Review(second.id, second.text, second.label, (-1, second.concepts[1]), second.shares)
    return toy_split(reviews=reviews)


@pytest.fixture(scope="session")
def other_rows() -> Split:
    """Eighteen others to choose and score on."""
    return toy_split(name="dev", reviews=toy_reviews(4)[18:])


@pytest.fixture(scope="session")
def trained(
    backbone: Path, rows: Split, other_rows: Split, tmp_path_factory: pytest.TempPathFactory
) -> Callable[..., Path]:
    """The checkpoint of a run with these settings, trained once for all tests that only read it."""
    folders: dict[str, Path] = {}

    def run(**changes: Any) -> Path:
        key = json.dumps(changes, sort_keys=True)
        if key not in folders:
            folders[key] = train(train_config(backbone, **changes), rows, other_rows,
                                 tmp_path_factory.mktemp("runs") / "run", "cpu")
        return folders[key]
    return run
