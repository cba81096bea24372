"""SparseCBM: one backbone, one masked pass per concept and one for the residual, then concepts, then the label.

Tan et al., "Sparsity-Guided Holistic Explanation for LLMs with Interpretable Inference-Time Intervention", AAAI 2024.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field

import torch
from jaxtyping import Float, Int
from torch import Tensor, nn
from torch.func import functional_call
from transformers import PreTrainedModel

from sparsecbm.config import ModelConfig
from sparsecbm.model.backbone import output_width, weight_sites
from sparsecbm.model.encoding import Encoded
from sparsecbm.model.masks import ConceptMasks

#: Up to this number of tokens in a batch, one vmap over the stacked passes is faster than a loop over them.
VMAP_TOKENS = 512


@dataclass(frozen=True, eq=False)
class MaskedWeights:
    """The masked matrices of all passes, kept on the device between requests.

    `instead` holds changed matrices of single passes, which run in place of the stacked ones.
    """

    stacks: Mapping[str, Float[Tensor, "pass_ row column"]]
    instead: Mapping[int, Mapping[str, Float[Tensor, "_row _column"]]] = field(default_factory=dict)

    @property
    def passes(self) -> int:
        """The number of passes."""
        return next(iter(self.stacks.values())).shape[0]

    def of(self, k: int) -> dict[str, Float[Tensor, "row column"]]:
        """The matrices of pass k, for `SparseCBM.run_pass`."""
        return {name: stack[k] for name, stack in self.stacks.items()} | dict(self.instead.get(k, {}))


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
        self.concept_bias = nn.Parameter(torch.zeros(concepts, values))
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

    # -- backbone passes -------------------------------------------------------------------------------------------

    def masked_weights(self, masks: ConceptMasks) -> MaskedWeights:
        """W * M for every pass; differentiable in W."""
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
            pooled = self.run_pass({}, embedded, attention_mask)
            return pooled.unsqueeze(1).expand(-1, len(self.config.passes), -1)
        weights = self.masked_weights(masks) if isinstance(masks, ConceptMasks) else masks
        if attention_mask.numel() <= VMAP_TOKENS and not weights.instead:
            run = torch.vmap(self.run_pass, in_dims=(0, None, None), out_dims=1, randomness="different")
            together: Tensor = run(weights.stacks, embedded, attention_mask)
            return together
        runs = [self.run_pass(weights.of(k), embedded, attention_mask) for k in range(weights.passes)]
        return torch.stack(runs, dim=1)

    def run_pass(
        self,
        weights: Mapping[str, Float[Tensor, "row column"]],
        embedded: Float[Tensor, "batch token embedding"],
        attention_mask: Int[Tensor, "batch token"],
    ) -> Float[Tensor, "batch hidden"]:
        """One pass of the unmodified backbone with some matrices replaced; the mean leaves out padding."""
        states = functional_call(
            self.backbone, dict(weights), (), {"inputs_embeds": embedded, "attention_mask": attention_mask}
        ).last_hidden_state  # [batch, token, hidden]
        real = attention_mask.unsqueeze(-1).to(states.dtype)
        pooled: Tensor = (states * real).sum(1) / real.sum(1)
        return pooled

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
