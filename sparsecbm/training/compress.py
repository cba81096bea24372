"""A smaller checkpoint that answers as a larger one does: rounded, and without the units that no pass keeps."""

import shutil
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np

from sparsecbm.data.split import Split
from sparsecbm.errors import ConfigError
from sparsecbm.evaluation.compute import evaluate
from sparsecbm.file_names import without_leftovers
from sparsecbm.model.batch_prediction import predict_texts
from sparsecbm.model.checkpoint import Checkpoint, hashed_files, load_checkpoint, save_checkpoint, write_notes
from sparsecbm.training.card import model_card
from sparsecbm.types import Predictions

#: How much of the labels must stay, and how far a probability may move.
LEAST_EQUAL, MOST_MOVED = 0.995, 0.01


@dataclass(frozen=True)
class Compressed:
    """What a smaller checkpoint lost against the one with the hash `of`, on all `n` texts of a split.

    `equal` is the share of texts with the same label, and `moved` the largest difference of a probability, 0..1, of a
    label or a concept's value. `megabytes` are before and after.
    """

    of: str
    form: str
    split: str
    n: int
    equal: float
    moved: float
    megabytes: tuple[float, float]

    def to_json(self) -> dict[str, Any]:
        """Plain JSON values."""
        return asdict(self) | {"megabytes": list(self.megabytes)}


def compress(
    checkpoint: Checkpoint, split: Split, output: Path, form: str, progress: Callable[[float], None] = lambda _: None
) -> Compressed:
    """Write the smaller checkpoint, scored on the split, to a new folder.

    ConfigError, and no folder, when it does not answer as the larger one does. Measurements of the larger one are not
    taken over, but for how it was trained.
    """
    if output.exists() and without_leftovers(path.name for path in output.iterdir()):
        raise ConfigError(f"{output} is not empty; allowed: a new or empty folder. Choose another.")
    save_checkpoint(output, checkpoint.model, checkpoint.encoder, checkpoint.masks, form, whole=False)
    smaller = load_checkpoint(output, checkpoint.model.device)
    before = _answers(checkpoint, split, lambda share: progress(share / 2))
    after = _answers(smaller, split, lambda share: progress((1 + share) / 2))
    found = Compressed(
        checkpoint.hash, form, split.name, len(split), float((before.labels == after.labels).mean()),
        max(_moved(before.label_probabilities, after.label_probabilities),
            _moved(before.concept_probabilities, after.concept_probabilities)),
        (_megabytes(checkpoint.path), _megabytes(output)))
    if found.equal < LEAST_EQUAL or found.moved > MOST_MOVED:
        shutil.rmtree(output)
        raise ConfigError(f"Stored as {form}, the model gives {100 * found.equal:.2f} % of {found.n} texts the same "
                          f"label, and a probability moves by up to {found.moved:.3f}; allowed: at least "
                          f"{100 * LEAST_EQUAL:.1f} % and {MOST_MOVED}. Use float16 or float32.")
    metrics = {"dev": evaluate(smaller, split).to_json(), "baselines": {}, "compressed": found.to_json()}
    if "training" in checkpoint.metrics:
        metrics["training"] = checkpoint.metrics["training"]
    write_notes(output, metrics, model_card(metrics) if "training" in metrics else "")
    return found


def _answers(checkpoint: Checkpoint, split: Split, progress: Callable[[float], None]) -> Predictions:
    masks = checkpoint.masks
    weights = None if masks is None else checkpoint.model.masked_weights(masks)
    return predict_texts(checkpoint.model, checkpoint.encoder, weights, split.texts, progress)


def _moved(before: np.ndarray, after: np.ndarray) -> float:
    return float(np.abs(before - after).max(initial=0.0))


def _megabytes(folder: Path) -> float:
    return sum(path.stat().st_size for path in hashed_files(folder)) / 1e6
