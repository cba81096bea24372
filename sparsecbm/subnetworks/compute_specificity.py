"""Does a subnetwork carry its concept? Accuracy of each concept's head with other masks, and with knock-outs."""

from collections.abc import Callable, Mapping, Sequence
from functools import partial

import numpy as np
from jaxtyping import Float, Int

from sparsecbm.data.split import Split
from sparsecbm.errors import DataError, InputError
from sparsecbm.model.checkpoint import Checkpoint
from sparsecbm.model.masks import ConceptMasks
from sparsecbm.model.prediction import pool_texts
from sparsecbm.model.subnetwork_masks import Subnetworks
from sparsecbm.subnetworks import compute_variants as variants
from sparsecbm.subnetworks.compute_overlap import head_accuracy
from sparsecbm.subnetworks.specificity import Accuracies, Necessity, SpecificityReport, SpecificitySettings
from sparsecbm.types import Progress

#: Random masks that every concept's own is compared with.
RANDOM_MASKS = 5

#: A kind of mask, for which concept, and with regard to which other concept or draw.
Key = tuple[str, int, int]
Accuracy = Mapping[Key, Float[np.ndarray, " concept"]]


def specificity_settings(
    checkpoint: Checkpoint, split: Split, sample: int | None = None, random_masks: int = RANDOM_MASKS, seed: int = 0
) -> SpecificitySettings:
    """The settings of a measurement; `sample` bounds the rows. InputError or DataError when it cannot be made."""
    for name, number, least in (("sample", sample, 1), ("random_masks", random_masks, 1), ("seed", seed, 0)):
        if number is not None and number < least:
            raise InputError(f"A {name} of {number} came; allowed: {least} or more. Give another number.")
    split.require_schema(checkpoint.model.config.schema)
    rows = len(split) if sample is None else min(sample, len(split))
    return SpecificitySettings(checkpoint.hash, split.name, split.data_hash, rows, random_masks, seed)


def measure_specificity(
    checkpoint: Checkpoint,
    split: Split,
    sample: int | None = None,
    random_masks: int = RANDOM_MASKS,
    seed: int = 0,
    progress: Progress = lambda _: None,
) -> SpecificityReport:
    """Specificity, necessity and what knock-outs cost, on the rows of a split or a random sample of them.

    Every kind of mask takes one pass over the rows: (K + 1)^2 for K concepts, fewer where some share no weights, and
    one per random mask, which concepts of equal density share. `progress` gets the share done, 0..1, and may raise
    Cancelled. CheckpointError when the model has no masks, DataError when some concept's truth is known of no row.
    """
    masks = Subnetworks.of(checkpoint).masks
    settings = specificity_settings(checkpoint, split, sample, random_masks, seed)
    concepts = checkpoint.model.config.schema.concepts
    rows = np.sort(split.draw(settings.n, seed))
    truth = split.concepts[rows]
    unknown = [concept for k, concept in enumerate(concepts) if not (truth[:, k] >= 0).any()]
    if unknown:
        raise DataError(f"None of {len(rows)} rows of split {split.name} has a majority for {', '.join(unknown)}, so "
                        "there is no gold value to compare with; use a larger sample, or rows that have one.")
    random = _random(masks, len(concepts), random_masks, seed)
    kinds = _controls(masks, len(concepts)) | {key: make for draws in random for key, make in draws.items()}
    accuracy = _accuracies(checkpoint, kinds, [split.texts[row] for row in rows], truth, progress)

    def necessity(k: int) -> Necessity:
        gold, own = truth[:, k], accuracy["own", k, k]
        swap = {other: float(accuracy["own", j, j][k]) for j, other in enumerate(concepts) if j != k}
        return Necessity(int((gold >= 0).sum()), float(own[k]), float(accuracy["complement", k, k][k]), swap,
                         tuple(float(accuracy[key][k]) for key in random[k]),
                         float(np.bincount(gold[gold >= 0]).max() / (gold >= 0).sum()))

    return SpecificityReport(settings, concepts, np.stack([accuracy["own", k, k] for k in range(len(concepts))]),
                           {concept: necessity(k) for k, concept in enumerate(concepts)},
                           *_knock_outs(accuracy, len(concepts)))


Kinds = dict[Key, Callable[[], ConceptMasks]]


def _controls(masks: ConceptMasks, concepts: int) -> Kinds:
    """All masks but the random ones, each made when its turn comes."""
    kinds: Kinds = {("nothing", 0, 0): partial(variants.nothing, masks)}
    for k in range(concepts):
        kinds["own", k, k] = partial(variants.own, masks, k)
        kinds["complement", k, k] = partial(variants.complement, masks, k)
        kinds["without exclusive", k, k] = partial(variants.without_exclusive, masks, k, concepts)
        for other in range(concepts):
            if other != k and variants.share_weights(masks, k, other):
                kinds["without", k, other] = partial(variants.without, masks, k, other)
    return kinds


def _random(masks: ConceptMasks, concepts: int, draws: int, seed: int) -> list[Kinds]:
    """Each concept's random masks; concepts that keep as many weights everywhere have them in common."""
    sizes = [variants.sizes(masks, k) for k in range(concepts)]
    firsts = [sizes.index(size) for size in sizes]

    def make(first: int, draw: int) -> ConceptMasks:
        generator = np.random.default_rng([seed, first, draw])
        if masks.layout is not None:
            return variants.random_units(masks, first, generator)
        return variants.random_mask(masks, sizes[first], generator)

    return [{("random", first, draw): partial(make, first, draw) for draw in range(draws)} for first in firsts]


def _accuracies(
    checkpoint: Checkpoint, kinds: Kinds, texts: Sequence[str], truth: Int[np.ndarray, "row concept"],
    progress: Progress,
) -> Accuracy:
    """Accuracy of every concept's head through every kind of mask."""
    model, done, todo = checkpoint.model, 0, len(kinds) * len(texts)

    def heard(rows: int) -> None:
        nonlocal done
        done += rows
        progress(done / todo)

    accuracy = {}
    for key, make in kinds.items():
        pooled = pool_texts(model, checkpoint.encoder, make(), texts, progress=heard)
        accuracy[key] = head_accuracy(model, pooled.to(model.device), truth)[0]
    return accuracy


def _knock_outs(accuracy: Accuracy, concepts: int) -> tuple[Accuracies, Accuracies]:
    """The accuracy left to each concept (column) when another's or its own weights (row) are taken out of every pass.

    A pass that has none of these weights runs as before; a concept without its whole subnetwork runs on nothing. The
    exclusive weights of one concept are in no other's pass.
    """
    own = np.array([accuracy["own", k, k][k] for k in range(concepts)])
    whole, exclusive = np.tile(own, (concepts, 1)), np.tile(own, (concepts, 1))
    for k in range(concepts):
        whole[k, k] = accuracy["nothing", 0, 0][k]
        exclusive[k, k] = accuracy["without exclusive", k, k][k]
        for removed in range(concepts):
            if ("without", k, removed) in accuracy:
                whole[removed, k] = accuracy["without", k, removed][k]
    return whole, exclusive
