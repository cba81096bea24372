"""A model whose answers a reader can work out, and a table to ask it about."""

from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np

from sparsecbm.batch.compute import BatchModel, Progress
from sparsecbm.data.table_source import TableSource, open_table
from sparsecbm.types import Predictions
from tests.helpers import TOY


def stub(key: str = "model", asked: list[list[str]] | None = None, concepts: bool = True,
         hook: Callable[[Sequence[str]], None] = lambda _: None, measured: bool = True) -> BatchModel:
    """Texts with "good" in them are good by 0.75 to 0.25, others bad by 0.5 to 0.375; over 20 characters is too long.

    The soup is always Positive with 0.5, the room Negative with 0.75. “ is unread. Good texts are unlike the training
    texts, unless nothing was `measured`. `asked` gets the texts of every call.
    """
    def predict(texts: Sequence[str], progress: Progress) -> Predictions:
        if asked is not None:
            asked.append(list(texts))
        hook(texts)
        progress(0.5)
        labels = [[0.0, 0.25, 0.75] if "good" in text.lower() else [0.5, 0.375, 0.125] for text in texts]
        unlike = np.array([0.96875 if "good" in text.lower() else 0.5 for text in texts])
        soup_room = [[0.25, 0.25, 0.5], [0.75, 0.125, 0.125]]
        return Predictions(TOY, np.array(labels, dtype=np.float32).reshape(-1, 3),
                           np.array([soup_room] * len(texts), dtype=np.float32).reshape(-1, 2, 3),
                           np.array([len(text) > 20 for text in texts], dtype=bool),
                           np.array([text.count("“") for text in texts], dtype=np.int64),
                           unlike if measured else None)

    return BatchModel(key, TOY, concepts, predict)


def table(folder: Path, content: str, name: str = "reviews.csv") -> TableSource:
    """A file with this content, opened."""
    (folder / name).write_text(content, encoding="utf-8", newline="")
    return open_table(folder / name)
