"""A pretrained backbone and splits that training tests share."""

from pathlib import Path

import pytest

from sparsecbm.data.split import Review, Split
from tests.helpers import backbone_folder, toy_reviews, toy_split


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
