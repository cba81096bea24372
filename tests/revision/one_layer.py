"""A model so small that its revisions can be worked out by hand."""

from collections.abc import Mapping, Sequence

import torch
from torch import Tensor, nn

from sparsecbm.config import ModelConfig
from sparsecbm.model.encoding import Encoded
from sparsecbm.model.masks import ConceptMasks
from sparsecbm.model.network import SparseCBM
from sparsecbm.schema import ConceptSchema

#: One concept, no or yes.
SCHEMA = ConceptSchema("one", ("soup",), ("no", "yes"), ("bad", "good"), "verdict", ("Bad", "Good"), ("The soup.",))


class OneLayer(SparseCBM):
    """The review is a vector x, and the concept's logits are (W * M) x: value 0 is row 0 of W, value 1 is row 1."""

    def __init__(self, weights: Sequence[Sequence[float]], x: Sequence[float]) -> None:
        nn.Module.__init__(self)
        self.config = ModelConfig(SCHEMA, residual=False)
        self.backbone = nn.Linear(len(x), 2, bias=False)  # type: ignore[assignment]
        self.backbone.weight = nn.Parameter(torch.tensor(weights))
        self.x = torch.tensor([[list(x)]])
        self.concept_weight, self.concept_bias = nn.Parameter(torch.eye(2)[None]), nn.Parameter(torch.zeros(1, 2))
        self.label_bias = nn.Parameter(torch.zeros(2))
        self.requires_grad_(False)

    def embed(self, input_ids: Tensor) -> Tensor:
        return self.x

    def run_pass(self, weights: Mapping[str, Tensor], embedded: Tensor, attention_mask: Tensor) -> Tensor:
        return embedded[:, 0] @ weights["weight"].T


ENCODED = Encoded(torch.zeros(1, 1, dtype=torch.long), torch.ones(1, 1, dtype=torch.long))


def masks_of(used: Sequence[Sequence[int]]) -> ConceptMasks:
    """The concept's mask of the one matrix."""
    return ConceptMasks.from_bools(("soup",), {"weight": torch.tensor([used], dtype=torch.bool)})


def own_matrices(model: SparseCBM, masks: ConceptMasks, k: int = 0) -> dict[str, Tensor]:
    """The matrices of one pass."""
    parameters = dict(model.backbone.named_parameters())
    return {name: parameters[name] * masks.unpack_pass(name, k) for name in masks.matrices}
