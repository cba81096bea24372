"""Settings of a model and of a training run: validated when made, JSON both ways."""

import json
from dataclasses import field
from pathlib import Path
from typing import Any, Literal, TypeVar

from pydantic import ConfigDict, TypeAdapter, ValidationError
from pydantic.dataclasses import dataclass

from sparsecbm.errors import ConfigError
from sparsecbm.schema import ConceptSchema

Kind = Literal["black_box", "dense", "sparse"]
Bottleneck = Literal["probabilities", "logits"]
Regime = Literal["independent", "sequential", "joint"]
MaskKind = Literal["weights", "structured"]
Scheme = Literal["core_exclusive", "independent", "contrastive"]
Saliency = Literal["obert", "magnitude", "random"]
Targets = Literal["majority", "shares"]
Precision = Literal["auto", "float32", "bfloat16"]

_STRICT = ConfigDict(extra="forbid")


@dataclass(frozen=True, config=_STRICT)
class ModelConfig:
    """What a checkpoint is.

    kind        black_box (label only), dense (concepts, every mask all ones) or sparse (a mask per concept)
    bottleneck  what the label head reads: the concepts' probabilities, or their logits as published
    residual    whether the label also gets a residual from its own pass (METHOD: concept first)
    mask_kind   what a mask keeps or drops: single weights, or whole attention heads and feed-forward neurons
    max_tokens  longer texts are cut here, and the result says so
    """

    schema: ConceptSchema
    kind: Kind = "sparse"
    bottleneck: Bottleneck = "probabilities"
    residual: bool = True
    mask_kind: MaskKind = "weights"
    max_tokens: int = 256

    def __post_init__(self) -> None:
        if self.max_tokens < 8:
            raise ConfigError(f"max_tokens is {self.max_tokens}; allowed: 8 or more.")
        if self.kind == "black_box" and not self.residual:
            raise ConfigError("A black box has nothing but the residual; set residual to true.")

    @property
    def passes(self) -> tuple[str, ...]:
        """Names along the `pass_` axis: one per concept, then the residual's where there is one."""
        return (*self.schema.concepts, "residual") if self.residual else self.schema.concepts


@dataclass(frozen=True, config=_STRICT)
class PruneConfig:
    """How the subnetworks are found.

    scheme     independent: each pass keeps what matters most to it; core_exclusive: a core in common and disjoint parts
               of its own; contrastive: what matters more to it than to the others
    saliency   what "matters" means: oBERT (of single weights) or squared gradients (of units), magnitude, or chance
    sparsity   share of the weights that every pass drops at the end, 0..1: of each matrix, or, of structured or
               contrastive masks, of the whole network, so that layers differ
    start      sparsity after the first pruning step (cubic from here to `sparsity`)
    steps      pruning steps, spread evenly over the pruning epochs
    refresh    recompute the saliency every so many steps
    gradients  per-review gradients that estimate the Fisher blocks
    block      consecutive weights of one output row that share a Fisher block
    damp       damping as a share of the mean Fisher diagonal of the matrix; large means magnitude
    core       smallest share of each matrix that all passes keep in common (core_exclusive only)
    beta       how much it counts that the others do not need it (contrastive only): 0 is independent
    floor      smallest share that each pass keeps of every matrix, or of every layer's neurons, so that no layer is cut
               off (structured or contrastive only); never more than the density
    """

    scheme: Scheme = "core_exclusive"
    saliency: Saliency = "obert"
    sparsity: float = 0.7
    start: float = 0.2
    steps: int = 4
    refresh: int = 2
    gradients: int = 64
    block: int = 48
    damp: float = 0.01
    core: float = 0.0
    beta: float = 1.0
    floor: float = 0.01

    def __post_init__(self) -> None:
        if not 0 <= self.start <= self.sparsity < 1:
            raise ConfigError(f"Sparsity goes from {self.start} to {self.sparsity}; "
                              "allowed: 0 <= start <= sparsity < 1.")
        if min(self.steps, self.refresh, self.gradients, self.block) < 1:
            raise ConfigError("steps, refresh, gradients and block must each be at least 1.")
        if self.damp <= 0:
            raise ConfigError(f"damp is {self.damp}; it must be positive, or the Fisher blocks cannot be inverted.")
        if not 0 <= self.core <= 1 - self.sparsity:
            raise ConfigError(f"core is {self.core}; allowed: 0 up to the density {1 - self.sparsity:.2f}.")
        if not 0 <= self.beta < float("inf"):
            raise ConfigError(f"beta is {self.beta}; allowed: 0 or more.")
        if not 0 <= self.floor < 1:
            raise ConfigError(f"floor is {self.floor}; allowed: 0 or more and less than 1.")


@dataclass(frozen=True, config=_STRICT)
class SourceConfig:
    """A split of a data set, with the hash of its content. In training, `weight` multiplies the loss of each row."""

    dataset: str
    split: str
    weight: float
    data_hash: str


@dataclass(frozen=True, config=_STRICT)
class TrainConfig:
    """How a model is trained. Epochs run in the order dense warm-up, pruning, fine-tuning.

    start            checkpoint that training goes on from: with its weights and masks, in fine-tuning epochs only, or a
                     dense one that is pruned; None starts from the backbone
    teacher          checkpoint whose answers to the training texts are learned as well; None for none
    teacher_weight   how much they count, 0..1, beside the annotators'
    temperature      by which the logits of teacher and model are divided before they are compared; more than 1 also
                     teaches which wrong answers are nearly right
    regime           how the label head is learned: on true concepts (independent: concept first), on predicted
                     concepts (sequential), or with the backbone (joint)
    concept_targets  hard majority labels, or the annotators' shares as soft targets
    gamma            weight of the concept loss relative to the label loss
    mixup            alpha of concept-level MixUp, for concept labels that may be wrong: the model learns from mixtures
                     of two texts, in proportions drawn from Beta(alpha, alpha); 0 leaves it out
    concept_weights  what the labels of a concept count, or all concept labels of a source such as yelp/train, beside
                     the weights of rows and sources; 1 for what is not named
    concept_noise    share of the training texts whose concept labels are replaced by wrong ones, 0..1, to measure how
                     much that costs; 0 for any other purpose
    foreign_penalty  weight of the leakage loss in masked epochs: what concepts' heads can predict from each other's
                     passes; 0 leaves it out
    passes_per_step  passes trained per step in masked epochs, drawn at random; None trains all K + 1
    residual_l2      strengths of the residual's penalty to choose from, on the evaluation split
    head_rows        training rows whose features fit the residual and the label head: as many of each source that has
                     labels
    selection_rows   rows of each evaluation split that choose the best epoch; the reports use all
    probe_rows       rows of the first one, drawn at random, on which the subnetworks are probed at the end; 0 leaves
                     that out
    batch_size       most texts per step
    batch_tokens     most tokens per step, padding included; a longer text is a step of its own
    precision        of the passes in training; auto takes bfloat16 where a short trial shows that it is faster
    sources          what the model learns from, and `evaluation` what it is scored on; the run itself writes them down
    """

    backbone: str
    model: ModelConfig
    prune: PruneConfig = field(default_factory=PruneConfig)
    start: str | None = None
    teacher: str | None = None
    teacher_weight: float = 0.5
    temperature: float = 2.0
    regime: Regime = "independent"
    concept_targets: Targets = "shares"
    gamma: float = 2.0
    mixup: float = 0.0
    concept_weights: dict[str, float] = field(default_factory=dict)
    concept_noise: float = 0.0
    foreign_penalty: float = 0.0
    epochs_dense: int = 3
    epochs_prune: int = 1
    epochs_finetune: int = 2
    batch_size: int = 32
    batch_tokens: int = 512
    learning_rate: float = 1e-4
    head_learning_rate: float = 2e-3
    weight_decay: float = 0.01
    freeze_embeddings: bool = True
    passes_per_step: int | None = None
    residual_l2: tuple[float, ...] = (0.003, 0.01, 0.03, 0.1, 0.3, 0.5, 1.0, 3.0, 10.0)
    head_rows: int = 4000
    selection_rows: int = 512
    probe_rows: int = 400
    precision: Precision = "auto"
    seed: int = 0
    sources: tuple[SourceConfig, ...] = ()
    evaluation: tuple[SourceConfig, ...] = ()

    def __post_init__(self) -> None:
        if min(self.epochs_dense, self.epochs_prune, self.epochs_finetune) < 0 or self.epochs < 1:
            raise ConfigError("Epochs must not be negative, and at least one epoch is needed.")
        if self.model.kind == "sparse" and min(self.epochs_prune + (self.start is not None), self.epochs_finetune) < 1:
            raise ConfigError("A sparse model needs at least one epochs_prune, to find its masks, and one "
                              "epochs_finetune: the best epoch is chosen at the final sparsity.")
        if self.model.mask_kind == "structured" and self.prune.scheme == "core_exclusive":
            raise ConfigError("Structured masks came with the scheme core_exclusive, which fixes the same shares in "
                              "every matrix; allowed: contrastive or independent.")
        if self.batch_size < 1 or self.learning_rate <= 0 or self.head_learning_rate <= 0:
            raise ConfigError("batch_size must be at least 1 and learning rates must be positive.")
        if self.batch_tokens < 1:
            raise ConfigError(f"batch_tokens is {self.batch_tokens}; allowed: 1 or more.")
        if not 0 <= self.teacher_weight <= 1 or not 0 < self.temperature < float("inf"):
            raise ConfigError(f"teacher_weight is {self.teacher_weight} and temperature {self.temperature}; allowed: "
                              "a weight 0..1 and a temperature above 0.")
        if not 0 <= self.foreign_penalty < float("inf"):
            raise ConfigError(f"foreign_penalty is {self.foreign_penalty}; allowed: 0 or more.")
        if not 0 <= self.mixup < float("inf") or not 0 <= self.concept_noise <= 1:
            raise ConfigError(f"mixup is {self.mixup} and concept_noise {self.concept_noise}; allowed: a mixup of 0 or "
                              "more and a share of noise 0..1.")
        for name, weight in self.concept_weights.items():
            if not 0 <= weight < float("inf"):
                raise ConfigError(f"The concept weight of {name!r} is {weight}; allowed: 0 or more.")
        if self.probe_rows < 0:
            raise ConfigError(f"probe_rows is {self.probe_rows}; allowed: 0 or more.")
        passes = len(self.model.passes)
        if self.passes_per_step is not None and not 1 <= self.passes_per_step <= passes:
            raise ConfigError(f"passes_per_step is {self.passes_per_step}; allowed: 1..{passes} or none.")
        if self.regime == "joint" and self.passes_per_step is not None:
            raise ConfigError("The joint regime needs every concept in every step; set passes_per_step to none.")
        if self.regime == "joint" and self.model.residual:
            raise ConfigError("The joint regime learns the label from the concepts alone; set residual to false.")

    @property
    def epochs(self) -> int:
        """Epochs in all."""
        return self.epochs_dense + self.epochs_prune + self.epochs_finetune


ConfigT = TypeVar("ConfigT")


def to_json(config: object) -> dict[str, Any]:
    """A configuration, or any other pydantic dataclass, as plain JSON values."""
    plain: dict[str, Any] = TypeAdapter(type(config)).dump_python(config, mode="json")
    return plain


def from_json(kind: type[ConfigT], values: dict[str, Any], source: str | Path = "config") -> ConfigT:
    """The inverse of `to_json`; ConfigError names the first setting that is wrong and where it stood."""
    try:
        return TypeAdapter(kind).validate_json(json.dumps(values))
    except ValidationError as error:
        first = error.errors()[0]
        where, given = ".".join(str(part) for part in first["loc"])[:80], repr(first["input"])[:80]
        raise ConfigError(f"{source}: setting {where!r} is wrong: {first['msg']} (got {given}).") from None
