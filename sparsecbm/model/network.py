"""SparseCBM: one backbone, one masked pass per concept and one for the residual, then concepts, then the label.

Tan et al., "Sparsity-Guided Holistic Explanation for LLMs with Interpretable Inference-Time Intervention", AAAI 2024.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property

import torch
from jaxtyping import Float, Int
from torch import Tensor, nn
from torch.func import functional_call
from transformers import PreTrainedModel

from sparsecbm.config import ModelConfig
from sparsecbm.model.backbone import attention_heads, output_width, weight_sites
from sparsecbm.model.encoding import Encoded
from sparsecbm.model.kept_units import KeptUnits
from sparsecbm.model.masks import ConceptMasks
from sparsecbm.model.side_by_side import SideBySide, side_by_side
from sparsecbm.model.small_pass import SmallPass, small_pass
from sparsecbm.model.units import UnitLayout
from sparsecbm.schema import ConceptSchema

#: What one pass runs on: changed matrices of the backbone by parameter, or a small pass.
PassWeights = Mapping[str, Float[Tensor, "_row _column"]] | SmallPass

#: The first bias, in nats, of a value that a concept cannot have. No gradient to speak of ever reaches it.
IMPOSSIBLE = -30.0


@dataclass(frozen=True, eq=False)
class MaskedWeights:
    """The masked matrices of all passes, kept on the device between requests.

    Masks of single weights have stacks of whole matrices, and `instead` holds changed matrices of single passes, which
    run in place of the stacked ones. Structured masks have a small pass each, and whole passes in `instead`.
    """

    stacks: Mapping[str, Float[Tensor, "pass_ row column"]] = field(default_factory=dict)
    small: tuple[SmallPass, ...] = ()
    instead: Mapping[int, PassWeights] = field(default_factory=dict)

    @property
    def passes(self) -> int:
        """The number of passes."""
        return len(self.small) or next(iter(self.stacks.values())).shape[0]

    @property
    def memory_bytes(self) -> int:
        """Bytes of all matrices, on the device."""
        tensors = [*self.stacks.values(), *(tensor for one in self.small for tensor in one.tensors.values())]
        return sum(tensor.numel() * tensor.element_size() for tensor in tensors)

    def of(self, k: int) -> PassWeights:
        """The matrices of pass k, for `SparseCBM.run_pass`."""
        instead = self.instead.get(k, {})
        if isinstance(instead, SmallPass):
            return instead
        return self.small[k] if self.small else {name: stack[k] for name, stack in self.stacks.items()} | dict(instead)

    def with_instead(self, instead: Mapping[int, PassWeights]) -> "MaskedWeights":
        """The same with other matrices for some passes."""
        return MaskedWeights(self.stacks, self.small, instead)


@dataclass(frozen=True, eq=False)
class Ledger:
    """The label logits and their exact parts: `logits = bias + contributions.sum(concept) + residual`."""

    contributions: Float[Tensor, "batch concept label"]
    bias: Float[Tensor, " label"]
    residual: Float[Tensor, "batch label"]
    logits: Float[Tensor, "batch label"]


class SparseCBM(nn.Module):
    """The network, without any I/O. Masks are an argument of every call, never a state of the module.

    z_k = A_k mean(backbone(x; W * M_k)) + a_k          concept logits
    r   = R mean(backbone(x; W * M_r)) + c              residual
    y   = B concat(bottleneck(z_1..z_K)) + b + r        label logits
    """

    typical_logits: Float[Tensor, "concept value value"]

    def __init__(self, config: ModelConfig, backbone: PreTrainedModel) -> None:
        super().__init__()
        hidden = output_width(backbone)
        schema = config.schema
        concepts, values, labels = (len(names) for names in (schema.concepts, schema.values, schema.labels))
        self.config, self.backbone, self.sites = config, backbone, weight_sites(backbone)
        self.concept_weight = nn.Parameter(torch.randn(concepts, values, hidden) * 0.02)
        self.concept_bias = nn.Parameter(impossible_values(schema))
        self.residual_weight = nn.Parameter(torch.zeros(labels, hidden))
        self.residual_bias = nn.Parameter(torch.zeros(labels))
        self.label_weight = nn.Parameter(torch.zeros(concepts, values, labels))
        self.label_bias = nn.Parameter(torch.zeros(labels))
        self.register_buffer("typical_logits", torch.zeros(concepts, values, values))

    @property
    def device(self) -> torch.device:
        """The device of the weights."""
        return self.label_bias.device

    def forward(
        self, encoded: Encoded, masks: ConceptMasks | MaskedWeights | None = None
    ) -> tuple[Float[Tensor, "batch concept value"], Float[Tensor, "batch label"]]:
        """Concept logits and residual of a batch; without masks every pass keeps all weights."""
        pooled = self.pool(encoded, masks)
        return self.concept_logits(pooled), self.residual_logits(pooled)

    @cached_property
    def layout(self) -> UnitLayout:
        """Where the heads and neurons lie; ConfigError for a backbone whose parts have unknown names."""
        return UnitLayout.of(self.sites, attention_heads(self.backbone))

    @property
    def mask_layout(self) -> UnitLayout | None:
        """The layout of the masks that this model has: none where they are of single weights."""
        return self.layout if self.config.mask_kind == "structured" else None

    # -- backbone passes -------------------------------------------------------------------------------------------

    def masked_weights(self, masks: ConceptMasks) -> MaskedWeights:
        """W * M for every pass, differentiable in W; of structured masks, what they keep of W, cut out."""
        if masks.layout is not None:
            kept = KeptUnits.of(masks)
            return MaskedWeights(small=tuple(small_pass(self.backbone, kept, k)
                                             for k in range(len(masks.passes))))
        parameters = dict(self.backbone.named_parameters())
        return MaskedWeights({name: parameters[name] * masks.unpack(name) for name in masks.matrices})

    def embed(self, input_ids: Int[Tensor, "batch token"]) -> Float[Tensor, "batch token embedding"]:
        """Word embeddings, the input that attributions score."""
        embedded: Tensor = self.backbone.get_input_embeddings()(input_ids)
        return embedded

    def pool(
        self, encoded: Encoded, masks: ConceptMasks | MaskedWeights | None = None
    ) -> Float[Tensor, "batch pass_ hidden"]:
        """Mean over real tokens of each pass's last hidden states."""
        return self.pool_embeddings(self.embed(encoded.input_ids), encoded.attention_mask, masks)

    def pool_embeddings(
        self,
        embedded: Float[Tensor, "batch token embedding"],
        attention_mask: Int[Tensor, "batch token"],
        masks: ConceptMasks | MaskedWeights | None = None,
    ) -> Float[Tensor, "batch pass_ hidden"]:
        """As `pool`, from word embeddings. Without masks all passes are equal, so that one is run and shared."""
        if masks is None:
            pooled = self.run_passes([{}], embedded, attention_mask)[0]
            return pooled.unsqueeze(1).expand(-1, len(self.config.passes), -1)
        weights = self.masked_weights(masks) if isinstance(masks, ConceptMasks) else masks
        passes = [weights.of(k) for k in range(weights.passes)]
        return self.run_passes(passes, embedded.repeat(len(passes), 1, 1), attention_mask).transpose(0, 1)

    @cached_property
    def _side_by_side(self) -> SideBySide | None:
        return side_by_side(self.backbone)

    def run_passes(
        self,
        weights: Sequence[PassWeights],
        embedded: Float[Tensor, "run token embedding"],
        attention_mask: Int[Tensor, "row token"],
    ) -> Float[Tensor, "pass_ row hidden"]:
        """Several passes over as many rows each, in one run where the backbone and its mode allow it.

        `embedded` has the rows of the first pass, then those of the second and so on; row by row they have the same
        padding. Hooks on modules may not be called.
        """
        if self._side_by_side is None or self.training:
            rows = embedded.split(len(attention_mask))
            return torch.stack([self.run_pass(own, some, attention_mask)
                                for own, some in zip(weights, rows, strict=True)])
        own = [one.tensors if isinstance(one, SmallPass) else one for one in weights]
        states = self._side_by_side.states(own, embedded, attention_mask)  # [run, token, hidden]
        return mean_over_tokens(states.unflatten(0, (len(weights), -1)), attention_mask)

    def run_pass(
        self,
        weights: PassWeights,
        embedded: Float[Tensor, "batch token embedding"],
        attention_mask: Int[Tensor, "batch token"],
    ) -> Float[Tensor, "batch hidden"]:
        """One pass of the backbone with some matrices replaced; the mean leaves out padding."""
        inputs = {"inputs_embeds": embedded, "attention_mask": attention_mask}
        states = (weights.states(embedded, attention_mask) if isinstance(weights, SmallPass) else
                  functional_call(self.backbone, dict(weights), (), inputs).last_hidden_state)  # [batch, token, hidden]
        return mean_over_tokens(states, attention_mask)

    # -- heads -----------------------------------------------------------------------------------------------------

    def concept_logits(self, pooled: Float[Tensor, "batch pass_ hidden"]) -> Float[Tensor, "batch concept value"]:
        """Logits of each concept's values, each from the concept's own pass."""
        concepts = pooled[:, : len(self.config.schema.concepts)]
        return torch.einsum("bkh,kvh->bkv", concepts, self.concept_weight) + self.concept_bias

    def cross_logits(self, pooled: Float[Tensor, "batch pass_ hidden"]) -> Float[Tensor, "batch mask concept value"]:
        """Logits of every concept's head on every concept's pass; the diagonal is `concept_logits`."""
        concepts = pooled[:, : len(self.config.schema.concepts)]
        return torch.einsum("bmh,kvh->bmkv", concepts, self.concept_weight) + self.concept_bias

    def residual_logits(self, pooled: Float[Tensor, "batch pass_ hidden"]) -> Float[Tensor, "batch label"]:
        """What the residual's pass adds to the label logits; zero in a model without residual."""
        if not self.config.residual:
            return pooled.new_zeros(pooled.shape[0], len(self.config.schema.labels))
        return pooled[:, -1] @ self.residual_weight.T + self.residual_bias

    def bottleneck(self, concept_logits: Float[Tensor, "*rows value"]) -> Float[Tensor, "*rows value"]:
        """The input of the label head: concept probabilities, or the logits themselves."""
        return concept_logits.softmax(-1) if self.config.bottleneck == "probabilities" else concept_logits

    def override_bottleneck(self, distribution: Float[Tensor, " value"], concept: int) -> Float[Tensor, " value"]:
        """The label head's input for a concept that a person set: the distribution, or its values' typical logits."""
        if self.config.bottleneck == "probabilities":
            return distribution
        return distribution @ self.typical_logits[concept]

    def label(
        self, bottleneck: Float[Tensor, "batch concept value"], residual: Float[Tensor, "batch label"]
    ) -> Ledger:
        """The label logits as an exact sum; predictions and overrides both use this."""
        contributions = (bottleneck.unsqueeze(-1) * self.label_weight).sum(-2)  # [batch, concept, label]
        return Ledger(contributions, self.label_bias, residual, self.label_bias + contributions.sum(1) + residual)


def impossible_values(schema: ConceptSchema) -> Float[Tensor, "concept value"]:
    """A first bias of the concept logits that leaves out, but for e^-30, values that a concept cannot have; else 0."""
    return torch.tensor([[0.0 if value in own else IMPOSSIBLE for value in schema.values]
                         for own in map(schema.values_of, schema.concepts)])


def mean_over_tokens(
    states: Float[Tensor, "*pass_ row token hidden"], attention_mask: Int[Tensor, "row token"]
) -> Float[Tensor, "*pass_ row hidden"]:
    """The mean over real tokens, without padding."""
    real = attention_mask.unsqueeze(-1).to(states.dtype)
    pooled: Tensor = (states * real).sum(-2) / real.sum(-2)
    return pooled
