"""The impact of another checkpoint in place of the loaded one."""

import time

from sparsecbm.data.reviews import Reviews
from sparsecbm.errors import InputError
from sparsecbm.failures.panel_predictions import predictions
from sparsecbm.impact.impact import Impact, ImpactSettings, impact_between
from sparsecbm.service import Explainer
from sparsecbm.types import Receipt
from sparsecbm.ui.tasks import Progress


def impact_of_checkpoint(explainer: Explainer, other: Explainer, reviews: Reviews, progress: Progress) -> Impact:
    """What changes when the other model answers in place of the loaded one.

    `progress` gets the share done, 0..1, and may raise Cancelled; what is predicted by then is kept. InputError when
    the other model has other concepts.
    """
    require_same(explainer, other)
    started, split = time.perf_counter(), reviews.split
    before = predictions(explainer, reviews, lambda share: progress(share / 2))
    after = predictions(other, reviews, lambda share: progress((1 + share) / 2))
    settings = ImpactSettings(explainer.checkpoint.hash, reviews.name, reviews.digest, len(reviews), 0, True,
                              (f"checkpoint {other.checkpoint.hash}",))
    receipt = Receipt(explainer.checkpoint.hash, "two checkpoints", explainer.checkpoint.device,
                      explainer.checkpoint.dtype, 1000 * (time.perf_counter() - started))
    return impact_between(before, after, split, settings, receipt)


def require_same(explainer: Explainer, other: Explainer) -> None:
    """InputError when two models do not have the same concepts, values and labels."""
    for axis in ("concepts", "values", "labels"):
        ours, theirs = getattr(explainer.schema, axis), getattr(other.schema, axis)
        if ours != theirs:
            raise InputError(f"{other.checkpoint.name} has the {axis} {', '.join(theirs)}, and the loaded model "
                             f"{', '.join(ours)}; allowed: a checkpoint with the same {axis}. Choose another one.")
