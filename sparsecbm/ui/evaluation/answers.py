"""What becomes of the answers on a source when another model takes the loaded one's place."""

import time

import numpy as np

from sparsecbm.data.reviews import Reviews
from sparsecbm.edits.blast_radius import BlastRadius, BlastSettings, Effect
from sparsecbm.errors import InputError
from sparsecbm.explainer import Explainer
from sparsecbm.types import LABEL_TARGET, Receipt
from sparsecbm.ui.failures.state import predictions
from sparsecbm.ui.job import Progress


def changed_answers(explainer: Explainer, other: Explainer, reviews: Reviews, progress: Progress) -> BlastRadius:
    """The answers of both, the loaded model's first. `progress` gets the share done, 0..1, and may raise Cancelled;
    what is predicted by then is kept. InputError when the other model reads other concepts."""
    require_same(explainer, other)
    started, schema = time.perf_counter(), explainer.schema
    one = predictions(explainer, reviews, lambda share: progress(share / 2))
    two = predictions(other, reviews, lambda share: progress((1 + share) / 2))
    effects = [Effect(LABEL_TARGET, True, one.labels, two.labels, reviews.labels)]
    effects += [Effect(concept, True, one.values[:, k], two.values[:, k], reviews.values[:, k])
                for k, concept in enumerate(schema.concepts)]
    settings = BlastSettings(explainer.checkpoint.hash, reviews.name, reviews.digest, len(reviews), 0, True,
                             (f"checkpoint {other.checkpoint.hash}",))
    receipt = Receipt(explainer.checkpoint.hash, "two checkpoints", explainer.checkpoint.device,
                      explainer.checkpoint.dtype, 1000 * (time.perf_counter() - started))
    return BlastRadius(settings, schema, np.arange(len(reviews)), reviews.ids, tuple(effects), (), (), receipt)


def require_same(explainer: Explainer, other: Explainer) -> None:
    """InputError when two models do not speak of the same concepts, values and labels."""
    for axis in ("concepts", "values", "labels"):
        ours, theirs = getattr(explainer.schema, axis), getattr(other.schema, axis)
        if ours != theirs:
            raise InputError(f"{other.checkpoint.name} has the {axis} {', '.join(theirs)}, and the loaded model "
                             f"{', '.join(ours)}; allowed: a checkpoint with the same {axis}. Choose another one.")
