"""Learning from concept labels that may be wrong: MixUp, weights of their own, and wrong labels made to measure both.

Concept-level MixUp is that of C3M (Tan et al., 2023, arXiv 2311.05014), which learns with it from concepts that people
labelled and concepts that a machine labelled.
"""

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import torch
from jaxtyping import Float
from torch import Tensor

from sparsecbm.config import TrainConfig
from sparsecbm.errors import ConfigError
from sparsecbm.schema import ConceptSchema
from sparsecbm.training.rows import TrainingRows
from sparsecbm.training.training_sources import Source

#: The loss of features and what is known of their rows, in nats.
Loss = Callable[[Tensor, TrainingRows], Tensor]


def mixup_loss(
    loss: Loss, pooled: Float[Tensor, "batch chosen hidden"], rows: TrainingRows, share: float, partners: list[int]
) -> Float[Tensor, ""]:
    """The loss of a batch in which each text is mixed with its partner, `share` to 1 - `share`, 0..1.

    C3M mixes features h, concepts c and label y of two texts with one lambda ~ Beta(alpha, alpha) a batch:

        h' = lambda h_i + (1 - lambda) h_j        c' = lambda c_i + (1 - lambda) c_j        y' likewise

    Here h is each pass's pooled features, mixed with the same pass's of the partner. A cross-entropy is linear in its
    targets, so its loss on mixed targets is `lambda L(h', i) + (1 - lambda) L(h', j)`; that form lets either text lack
    a label or a concept, which then says nothing, and lets each keep its weights.
    """
    mixed = share * pooled + (1 - share) * pooled[partners]
    return share * loss(mixed, rows) + (1 - share) * loss(mixed, rows.select(partners))


def drawn_mix(alpha: float, count: int, generator: torch.Generator) -> tuple[float, list[int]]:
    """A share from Beta(alpha, alpha), and a partner for each of `count` rows; a text may be its own."""
    numbers = np.random.default_rng(int(torch.randint(2**31, (1,), generator=generator)))
    return float(numbers.beta(alpha, alpha)), torch.randperm(count, generator=generator).tolist()


def check_concept_weights(config: TrainConfig, sources: tuple[Source, ...]) -> None:
    """ConfigError for a weight of what is neither a concept nor one of the training sources."""
    names = (*config.model.schema.concepts, *(source.name for source in sources))
    for name in config.concept_weights:
        if name not in names:
            raise ConfigError(f"concept_weights names {name!r}; allowed: a concept or a training source, which are "
                              f"{', '.join(names)}. Use one of these, spelt exactly so.")


def trust_of(source: Source, config: TrainConfig) -> Float[Tensor, "row concept"] | None:
    """What each concept label of a source counts: the concept's weight times the source's; None where all count 1."""
    if not config.concept_weights:
        return None
    own = torch.tensor([config.concept_weights.get(concept, 1.0) for concept in config.model.schema.concepts])
    return (own * config.concept_weights.get(source.name, 1.0)).repeat(len(source.split), 1)


def corrupted(
    rows: TrainingRows, schema: ConceptSchema, share: float, seed: int
) -> tuple[TrainingRows, dict[str, int]]:
    """The same rows, but with another value of every known concept in a `share` of them, 0..1; and how many that were.

    The value is drawn evenly from the concept's others, and what was said of it changes places with what was said of
    the true one, so that soft targets stay as soft. With the same seed, a larger share has the smaller one's rows and
    values, and more. What is not known stays so; labels, weights and a teacher's answers are as they were.
    """
    generator = torch.Generator().manual_seed(seed)
    order = torch.randperm(len(rows), generator=generator)
    shifts = torch.rand(len(rows), len(schema.concepts), generator=generator)
    wrong = torch.zeros(len(rows), dtype=torch.bool)
    wrong[order[: round(share * len(rows))]] = True
    targets = rows.targets.clone()
    for k, concept in enumerate(schema.concepts):
        places = torch.tensor(schema.value_places(concept))
        hit = (wrong & rows.known[:, k]).nonzero().squeeze(1)
        true = targets[hit, k][:, places].argmax(-1)  # among the concept's own values
        other = (true + 1 + (shifts[hit, k] * (len(places) - 1)).long()) % len(places)
        targets[hit, k, places[true]], targets[hit, k, places[other]] = (
            rows.targets[hit, k, places[other]], rows.targets[hit, k, places[true]])
    counts = {"rows": int(wrong.sum()), "labels": int((rows.known & wrong.unsqueeze(1)).sum())}
    return replace(rows, targets=targets), counts
