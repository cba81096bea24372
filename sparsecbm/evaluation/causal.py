"""How near the effect that an explanation predicts comes to what a person's rewriting did: CEBaB's three errors."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from jaxtyping import Float, Int

from sparsecbm.errors import CheckpointError

#: The key of the report in metrics.json.
METRICS_KEY = "causal"
#: The errors, all smaller for better: L2 in 0..sqrt(2), cosine distance in 0..2, difference of the norms in 0..sqrt(2).
ERRORS = ("l2", "cosine", "norm_difference")


@dataclass(frozen=True, eq=False)
class PairEffects:
    """What a rewriting did to each pair, and what setting the concept predicted, as changes of label probabilities.

    `base` holds the probabilities of the text before the rewriting, `values` the predicted value of the concept in both
    texts, as indices; `errors` are those of ERRORS, pair by pair.
    """

    base: Float[np.ndarray, "pair label"]
    actual: Float[np.ndarray, "pair label"]
    predicted: Float[np.ndarray, "pair label"]
    values: Int[np.ndarray, "pair 2"]
    errors: Mapping[str, Float[np.ndarray, " pair"]]


@dataclass(frozen=True)
class Mean:
    """A mean over pairs with its 95 % percentile interval over resampled originals."""

    mean: float
    ci95: tuple[float, float]


@dataclass(frozen=True)
class ExplainerScore:
    """The errors of one explainer over its `n` pairs, by name of the error.

    `aspects` holds the means over the pairs in which one concept was rewritten, with their number `n`. `to_override`
    is the error less that of the override on the same pairs: above 0 where the override is nearer; None for itself.
    """

    n: int
    errors: Mapping[str, Mean]
    aspects: Mapping[str, Mapping[str, int | float]]
    to_override: Mapping[str, Mean] | None

    def to_json(self) -> dict[str, Any]:
        """Plain JSON values; the errors stand next to `n`."""
        nearer = None if self.to_override is None else _plain(self.to_override)
        return {"n": self.n, **_plain(self.errors),
                "aspects": {name: dict(errors) for name, errors in self.aspects.items()}, "to_override": nearer}


@dataclass(frozen=True)
class CausalReport:
    """Every explainer on the pairs of a split.

    `checkpoint` and the two data hashes are of the content; references that need other texts took them from `train`.
    """

    checkpoint: str
    split: str
    data_hash: str
    train: str
    train_hash: str
    seed: int
    all: int
    kept: int
    explainers: Mapping[str, ExplainerScore]

    def to_json(self) -> dict[str, Any]:
        """Plain JSON values."""
        return {
            "checkpoint": self.checkpoint, "split": self.split, "data_hash": self.data_hash, "train": self.train,
            "train_hash": self.train_hash, "seed": self.seed, "pairs": {"all": self.all, "kept": self.kept},
            "explainers": {name: score.to_json() for name, score in self.explainers.items()},
        }

    @classmethod
    def from_json(cls, values: Mapping[str, Any]) -> "CausalReport":
        """The inverse of `to_json`; CheckpointError when it holds something else."""
        try:
            plain = {name: values[name] for name in ("checkpoint", "split", "data_hash", "train", "train_hash", "seed")}
            return cls(**plain, all=values["pairs"]["all"], kept=values["pairs"]["kept"], explainers={
                name: ExplainerScore(score["n"], _means({error: score[error] for error in ERRORS}), score["aspects"],
                                     score["to_override"] and _means(score["to_override"]))
                for name, score in values["explainers"].items()})
        except (KeyError, TypeError, ValueError, AttributeError) as error:
            raise CheckpointError(f"The causal effects cannot be read ({error!r}); allowed: what `causal --save` "
                                  "writes. Measure them again.") from None


def _plain(means: Mapping[str, Mean]) -> dict[str, Any]:
    return {name: {"mean": mean.mean, "ci95": list(mean.ci95)} for name, mean in means.items()}


def _means(values: Mapping[str, Any]) -> dict[str, Mean]:
    return {name: Mean(mean["mean"], (mean["ci95"][0], mean["ci95"][1])) for name, mean in values.items()}
