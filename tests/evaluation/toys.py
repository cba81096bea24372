"""A model small enough to compute by hand: features are the concept logits themselves, one pass per concept.

Two concepts ("soup", "seats") of three values and three labels. Head k copies the first three features of pass k, the
residual's head those of the last pass, so that pooled features *are* concept logits and residual.
"""

from collections.abc import Sequence
from typing import Any

import torch
from jaxtyping import Float
from torch import Tensor
from transformers import PreTrainedModel

from sparsecbm.config import ModelConfig
from sparsecbm.data import LoadReport, Review, Split
from sparsecbm.model.backbone import empty_backbone
from sparsecbm.model.network import SparseCBM
from sparsecbm.schema import SENTIMENT, ConceptSchema

SOUP_AND_SEATS = ConceptSchema(
    name="toy", concepts=("soup", "seats"), values=SENTIMENT, labels=("bad", "fair", "good"), label_title="verdict",
    label_display=("Bad", "Fair", "Good"), concept_help=("The soup.", "The seats."),
)
HIDDEN = 4


def tiny_bert() -> PreTrainedModel:
    """A random BERT of one layer."""
    return empty_backbone({"model_type": "bert", "hidden_size": HIDDEN, "num_hidden_layers": 1, "intermediate_size": 8,
                           "num_attention_heads": 2, "vocab_size": 20, "max_position_embeddings": 64})


def toy_model(**config: Any) -> SparseCBM:
    """The model above; a label's logit is 2 x the share of its value, summed over both concepts, plus the residual."""
    model = SparseCBM(ModelConfig(SOUP_AND_SEATS, **config), tiny_bert())
    copy = torch.eye(3, HIDDEN)
    with torch.no_grad():
        model.concept_weight.copy_(copy.expand(2, 3, HIDDEN))
        model.residual_weight.copy_(copy)
        if config.get("kind") != "black_box":
            model.label_weight.copy_(2 * torch.eye(3).expand(2, 3, 3))
        model.typical_logits.copy_(4 * torch.eye(3).expand(2, 3, 3))
    return model


def says(value: int, strength: float = 50.0) -> list[float]:
    """Features by which a head says one value, by default as good as surely; -1 means no preference."""
    return [strength * (index == value) for index in range(HIDDEN)]


def pooled(rows: Sequence[tuple[int, int, Sequence[float]]]) -> Float[Tensor, "row pass_ hidden"]:
    """Features of rows given as (value of soup, value of seats, residual per label)."""
    return torch.tensor([[says(soup), says(seats), [*residual, 0.0]] for soup, seats, residual in rows])


def toy_split(rows: Sequence[tuple[int, int, int]]) -> Split:
    """A split of rows given as (label, true value of soup, true value of seats); -1 stands for no majority."""
    even = ((1 / 3, 1 / 3, 1 / 3),) * 2
    texts = [f"Toy review {number}" + number % 3 * " with a few words" for number in range(len(rows))]
    reviews = [Review(text, text, label, (soup, seats), even)
               for text, (label, soup, seats) in zip(texts, rows, strict=True)]
    return Split.from_reviews(reviews, SOUP_AND_SEATS, LoadReport("toy", "dev", len(rows), len(rows), {}, {}))
