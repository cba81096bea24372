"""What only a GPU has: graphs of all passes, weights in 16 bits, and memory enough to choose what to keep."""

import copy
from collections.abc import Iterator
from dataclasses import replace
from functools import partial

import torch
from jaxtyping import Float
from torch import Tensor

from sparsecbm.benchmark.compute_clock import in_turns
from sparsecbm.benchmark.compute_subject import DenseBackbone, Subject, random_units
from sparsecbm.benchmark.ratio import Failed, Ratio
from sparsecbm.config import ModelConfig
from sparsecbm.errors import in_short
from sparsecbm.model.backbone import empty_backbone
from sparsecbm.model.cuda_graphs import LengthGraphs
from sparsecbm.model.device import device_problem
from sparsecbm.model.encoding import Encoded
from sparsecbm.model.masks import ConceptMasks
from sparsecbm.model.network import MaskedWeights, SparseCBM
from sparsecbm.schema import ConceptSchema

GRAPH_BOUND, BASE_BOUND = 1.0, 1.5
DTYPES = {"float16": torch.float16, "bfloat16": torch.bfloat16}
#: Concepts of the large model; BERT-base has 12 layers of 768.
CONCEPTS = 10
BASE = {"model_type": "bert", "hidden_size": 768, "num_hidden_layers": 12, "num_attention_heads": 12,
        "intermediate_size": 3072, "max_position_embeddings": 512}


def gpu_ratios(subject: Subject, rounds: int) -> Iterator[Ratio | Failed]:
    """The ratios of a GPU; none on another device. What one part cannot do, the others do all the same."""
    if subject.device.type == "cuda":
        for part in (_graphs, _sixteen_bits, _copies, _base):
            yield from attempted(part.__name__.strip("_"), part(subject, rounds))


def attempted(name: str, part: Iterator[Ratio]) -> Iterator[Ratio | Failed]:
    """The ratios of a part until one cannot be measured, such as where the memory is full; and then why."""
    try:
        yield from part
    except RuntimeError as error:
        yield Failed(name, device_problem(error) or in_short(error))


@torch.inference_mode()
def pooled(model: SparseCBM, weights: MaskedWeights | ConceptMasks, encoded: Encoded) -> Float[Tensor, "b pass_ h"]:
    """All passes without gradients."""
    return model.pool(encoded, weights)


def graph_ratio(
    name: str, compares: str, graphs: LengthGraphs, dense: DenseBackbone, encoded: Encoded, rounds: int, bound: float
) -> Ratio:
    """All passes as a graph, against one dense pass run kernel by kernel. RuntimeError where no graph could be made."""
    run = torch.inference_mode()(graphs.pool)
    run(encoded)
    if graphs.failed:
        raise RuntimeError(f"{name}: {graphs.failed}")
    taken, reference = in_turns([partial(run, encoded), partial(torch.inference_mode()(dense.pass_over), encoded)],
                                rounds, encoded.input_ids.device)
    return Ratio.of(name, compares, taken, reference, bound)


def _graphs(subject: Subject, rounds: int) -> Iterator[Ratio]:
    model = subject.model
    for kind, own in subject.kinds.items():
        graphs = LengthGraphs(partial(model.pool, masks=own.weights), model.config.max_tokens)
        yield graph_ratio(f"graph_{kind}_over_dense", f"all passes as a CUDA graph, {kind} masks / one dense pass",
                          graphs, subject.dense, subject.encoded(), rounds, GRAPH_BOUND)


def _sixteen_bits(subject: Subject, rounds: int) -> Iterator[Ratio]:
    encoded = subject.encoded()
    for kind, own in subject.kinds.items():
        for name, dtype in DTYPES.items():
            small, weights, difference = in_dtype(subject, kind, dtype)
            taken, reference = in_turns([partial(pooled, small, weights, encoded),
                                         partial(pooled, subject.model, own.weights, encoded)], rounds, subject.device)
            what = f"weights in {name}, {kind} masks / in float32; label probabilities up to {difference:.2g} apart"
            yield Ratio.of(f"{name}_{kind}_over_float32", what, taken, reference)


@torch.inference_mode()
def in_dtype(subject: Subject, kind: str, dtype: torch.dtype) -> tuple[SparseCBM, MaskedWeights, float]:
    """The model with weights of another type, its masked weights, and how far the label's probabilities are off."""
    small = copy.deepcopy(subject.model).to(dtype)
    weights, encoded = small.masked_weights(subject.kinds[kind].masks), subject.encoded()
    return small, weights, float((label_probabilities(small, weights, encoded) - label_probabilities(
        subject.model, subject.kinds[kind].weights, encoded)).abs().max())


def label_probabilities(model: SparseCBM, weights: MaskedWeights, encoded: Encoded) -> Float[Tensor, "batch label"]:
    """The label's distribution, in float32 whatever the type of the weights."""
    found = model.pool(encoded, weights)
    ledger = model.label(model.bottleneck(model.concept_logits(found)), model.residual_logits(found))
    return ledger.logits.float().softmax(-1)


def _copies(subject: Subject, rounds: int) -> Iterator[Ratio]:
    encoded = subject.encoded()
    for kind, own in subject.kinds.items():
        taken, reference = in_turns([partial(pooled, subject.model, own.weights, encoded),
                                     partial(pooled, subject.model, own.masks, encoded)], rounds, subject.device)
        yield Ratio.of(f"copies_{kind}_over_on_the_fly", f"masked copies, {kind} masks / masks applied in each request",
                       taken, reference)


def _base(subject: Subject, rounds: int) -> Iterator[Ratio]:
    model = large_model(subject, CONCEPTS, BASE)
    with torch.no_grad():
        weights = model.masked_weights(random_units(model).to(subject.device))
    graphs = LengthGraphs(partial(model.pool, masks=weights), model.config.max_tokens)
    yield graph_ratio("graph_base_over_dense", f"{CONCEPTS} concepts and the residual of a model of the size of "
                       "BERT-base, as a CUDA graph / one dense pass of it", graphs, DenseBackbone(model),
                      subject.encoded(), rounds, BASE_BOUND)


def large_model(subject: Subject, concepts: int, shape: dict[str, object]) -> SparseCBM:
    """A model of random weights that reads the same tokens."""
    own = subject.model.config.schema
    names = tuple(f"concept {number}" for number in range(1, concepts + 1))
    schema: ConceptSchema = replace(own, concepts=names, concept_help=names)
    tokens = subject.model.backbone.get_input_embeddings().num_embeddings
    backbone = empty_backbone({**shape, "vocab_size": tokens})
    model = SparseCBM(ModelConfig(schema, mask_kind="structured"), backbone)
    return model.eval().requires_grad_(False).to(subject.device)
