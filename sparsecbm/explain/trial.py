"""Methods on trial: every method on the same reviews, with the trained weights and with shuffled ones."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from sparsecbm.explain.attribution import attribute
from sparsecbm.explain.faithfulness import faithfulness
from sparsecbm.explain.randomisation import rank_correlation, shuffled_weights
from sparsecbm.explain.removal import REMOVALS, WordRemoval
from sparsecbm.model.checkpoint import Checkpoint
from sparsecbm.model.prediction import predict
from sparsecbm.types import Faithfulness, Prediction, Target


@dataclass(frozen=True)
class Trial:
    """What came out, review by review.

    `alike` gives each method's correlation with its own scores under shuffled weights, the mean over a review's targets
    and None where no target has one.
    """

    measured: list[Faithfulness] = field(default_factory=list)
    alike: dict[str, list[float | None]] = field(default_factory=dict)


def try_methods(
    checkpoint: Checkpoint,
    texts: Sequence[str],
    targets: Callable[[Prediction], Sequence[Target]],
    methods: Mapping[str, int | None],
    removals: Sequence[str] = REMOVALS,
    shuffled: int = 0,
    seed: int = 0,
    progress: Callable[[int], None] = lambda _: None,
) -> Trial:
    """Test each method, with its steps, for the targets that each prediction calls for.

    The first `shuffled` texts are also explained with weights shuffled by `seed`. `progress` hears of every method that
    is done with a text: `len(texts) * len(methods)` in all.
    """
    model, encoder, masks = checkpoint.model, checkpoint.encoder, checkpoint.masks
    weights = None if masks is None else model.masked_weights(masks)
    senseless = shuffled_weights(model, weights, seed) if shuffled else None
    trial = Trial(alike={method: [] for method in methods} if shuffled else {})
    for number, text in enumerate(texts):
        asked = targets(predict(model, encoder, weights, text, checkpoint.hash))
        review = WordRemoval(model, encoder, weights, text)
        for method, steps in methods.items():
            made = attribute(model, encoder, weights, text, asked, method, steps)
            trial.measured.extend(faithfulness(review, one, removal) for one in made for removal in removals)
            if number < shuffled:
                others = attribute(model, encoder, senseless, text, asked, method, steps)
                trial.alike[method].append(_mean(map(rank_correlation, made, others)))
            progress(1)
    return trial


def _mean(values: Iterable[float | None]) -> float | None:
    there = [value for value in values if value is not None]
    return sum(there) / len(there) if there else None
