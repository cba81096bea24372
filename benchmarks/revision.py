"""The cost of a step of a mask revision, and how many mispredicted concepts revisions correct.

    python -m benchmarks.revision --checkpoint DIR [--data DIR]

pass      one forward and backward pass of one document through the concept's subnetwork, gradients of all its matrices
step      one step of a revision with default settings, a fifth of the portion: gradient, selection, new prediction
sorting   the published edit for the same document: the same gradient, but the absolute saliency of every matrix is
          sorted in full, once to prune and once to grow, over the whole portion; new prediction
published the same with the document padded to 512 tokens, as published

The four take turns, so that a busy machine slows them equally; their medians are compared. With --data, concepts that
the model mispredicts in documents of a split are revised to their gold values, in the default number of steps, and each
revision is compared with a random edit of the same size. Exit code 1 when a limit is exceeded: a step may cost at most
3 passes and at most a fifth of the cheaper published edit, and at least 90 % of the revised concepts must reach their
gold values.
"""

import json
import sys
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import torch

from benchmarks.passes import PUBLISHED_LENGTH, medians, options_on_a_checkpoint, review
from sparsecbm.data import load_split
from sparsecbm.model.checkpoint import Checkpoint, load_checkpoint
from sparsecbm.model.encoding import Encoded
from sparsecbm.model.network import MaskedWeights
from sparsecbm.model.prediction import predict
from sparsecbm.revision.compute import DEFAULT_PORTION, DEFAULT_STEPS, revise
from sparsecbm.revision.compute_masks import concept_logits, replace_passes
from sparsecbm.service import Explainer

MOST_PASSES = 3.0
MOST_OF_PUBLISHED = 1 / 5
LEAST_AGREEING = 0.9


def padded(checkpoint: Checkpoint, encoded: Encoded) -> Encoded:
    """The document padded as published, or to the number of positions of the backbone."""
    positions = getattr(checkpoint.model.backbone.config, "max_position_embeddings", PUBLISHED_LENGTH)
    missing = (0, min(PUBLISHED_LENGTH, positions) - encoded.input_ids.shape[1])
    pad = checkpoint.encoder.tokenizer.pad_token_id or 0
    return Encoded(torch.nn.functional.pad(encoded.input_ids, missing, value=pad),
                   torch.nn.functional.pad(encoded.attention_mask, missing))


def gradients(
    checkpoint: Checkpoint, matrices: dict[str, torch.Tensor], encoded: Encoded, k: int, value: int
) -> tuple[torch.Tensor, ...]:
    """One forward and backward pass: the gradient of CE(z_k, value) for every matrix."""
    model = checkpoint.model
    leaves = {name: matrix.detach().requires_grad_() for name, matrix in matrices.items()}
    pooled = model.run_pass(leaves, model.embed(encoded.input_ids), encoded.attention_mask)
    wanted = torch.tensor([value], device=model.device)
    loss = torch.nn.functional.cross_entropy(concept_logits(model, k, pooled), wanted)
    return torch.autograd.grad(loss, list(leaves.values()))


def published(
    checkpoint: Checkpoint, weights: MaskedWeights, encoded: Encoded, k: int, value: int, portion: float
) -> torch.Tensor:
    """The published edit, which prunes `portion` of *all* weights and ignores the sign; logits: [1, value]."""
    model, masks = checkpoint.model, checkpoint.masks
    assert masks is not None
    parameters, own = dict(model.backbone.named_parameters()), weights.of(k)
    edited = {}
    for (name, matrix), gradient in zip(own.items(), gradients(checkpoint, own, encoded, k, value), strict=True):
        mask, saliency = masks.unpack_pass(name, k).flatten(), (gradient * parameters[name]).flatten()
        inactive = int((~mask).sum())
        order = (saliency * matrix.flatten()).abs().sort().indices
        kept = torch.ones_like(mask)
        kept[order[: inactive + int(portion * len(mask))]] = False
        order = torch.where(kept, torch.inf, saliency.abs()).sort().indices
        kept[order[inactive:]] = True
        edited[name] = parameters[name] * kept.view_as(matrix)
    with torch.inference_mode():
        pooled = model.run_pass(edited, model.embed(encoded.input_ids), encoded.attention_mask)
        return concept_logits(model, k, pooled)


def step(
    checkpoint: Checkpoint, weights: MaskedWeights, encoded: Encoded, concept: str, value: str, portion: float
) -> Callable[[], object]:
    """One step of a revision up to the new prediction; the earlier prediction is computed beforehand."""
    model, masks = checkpoint.model, checkpoint.masks
    assert masks is not None
    k, text = model.config.schema.concept_index(concept), checkpoint.encoder.tokenizer.decode(encoded.input_ids[0])
    before = predict(model, checkpoint.encoder, weights, text, checkpoint.hash)

    def run() -> object:
        made = revise(model, masks, weights.of(k), encoded, concept, value, portion / DEFAULT_STEPS, steps=1,
                      smallest=False)
        return replace_passes(model, before, {k: made.pooled})

    return run


def measure(checkpoint: Checkpoint, repeats: int, threads: int, portion: float = DEFAULT_PORTION) -> dict[str, Any]:
    """The comparison as plain values, for the first concept and its second most probable value."""
    if checkpoint.masks is None:
        raise SystemExit(f"{checkpoint.path} has no masks; give a sparse checkpoint.")
    torch.set_num_threads(threads)
    model, encoded, schema = checkpoint.model, review(checkpoint), checkpoint.model.config.schema
    with torch.no_grad():
        weights = model.masked_weights(checkpoint.masks)
        likely = model(encoded, weights)[0][0, 0].argsort(descending=True)
    value, long, own = int(likely[1]), padded(checkpoint, encoded), weights.of(0)
    procedures: list[Callable[[], object]] = [
        lambda: gradients(checkpoint, own, encoded, 0, value),
        step(checkpoint, weights, encoded, schema.concepts[0], schema.values[value], portion),
        lambda: published(checkpoint, weights, encoded, 0, value, portion),
        lambda: published(checkpoint, weights, long, 0, value, portion),
    ]
    pass_ms, step_ms, sorting_ms, published_ms = medians(procedures, repeats, model.device)
    over_pass, over_sorting = step_ms / pass_ms, step_ms / min(sorting_ms, published_ms)
    return {
        "tokens": encoded.input_ids.shape[1], "concept": schema.concepts[0], "value": schema.values[value],
        "portion": portion, "pass_ms": pass_ms, "step_ms": step_ms, "sorting_ms": sorting_ms,
        "published_ms": published_ms, "step_over_pass": over_pass, "step_over_published": over_sorting,
        "limits": {"step_over_pass": MOST_PASSES, "step_over_published": MOST_OF_PUBLISHED},
        "within_limits": over_pass <= MOST_PASSES and over_sorting <= MOST_OF_PUBLISHED,
        "repeats": repeats, "threads": threads, "device": str(model.device), "checkpoint": checkpoint.hash,
    }


def agreement(
    checkpoint: Checkpoint, data: str, split: str, sample: int, seed: int, portion: float = DEFAULT_PORTION
) -> dict[str, Any]:
    """The share of mispredicted concepts that revisions, and random edits, correct in `sample` documents with some."""
    explainer, rows = Explainer(checkpoint), load_split("cebab", data, split)
    values, concepts = explainer.schema.values, explainer.schema.concepts
    found, used = [], 0
    for row in rows.draw(len(rows), seed):
        text, truth = rows.texts[row], rows.concepts[row]
        made = explainer.predict(text)
        wrong = [k for k, concept in enumerate(concepts) if truth[k] >= 0 and made.value(concept) != values[truth[k]]]
        used += bool(wrong)
        for k in wrong:
            revised = explainer.revise(text, concepts[k], values[truth[k]], portion)
            drawn = explainer.random_edit(text, revised.revision, seed=seed)
            found.append((revised.agrees, drawn.agrees, revised.revision.portion, revised.revision.steps))
        if used == sample:
            break
    agree, by_chance, portions, steps = (np.array(column) for column in zip(*found, strict=True))
    return {
        "split": split, "seed": seed, "reviews": used, "concepts": len(found), "portion": portion,
        "steps": DEFAULT_STEPS, "agree": float(agree.mean()), "agree_after_random_edit": float(by_chance.mean()),
        "portion_median": float(np.median(portions)), "portion_largest": float(portions.max()),
        "steps_largest": int(steps.max()), "limit": LEAST_AGREEING,
        "within_limits": bool(agree.mean() >= LEAST_AGREEING),
    }


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the comparison; returns 0 within the limits, otherwise 1."""
    parser = options_on_a_checkpoint("revision", __doc__, repeats=5)
    parser.add_argument("--data", help="folder or zip with the CEBaB release files, to measure corrections, too")
    parser.add_argument("--split", default="dev", help="its split (default: %(default)s)")
    parser.add_argument("--sample", type=int, default=60,
                        help="documents with a mispredicted concept (default: %(default)s)")
    parser.add_argument("--seed", type=int, default=0, help="seed of the sample (default: %(default)s)")
    parser.add_argument("--portion", type=float, default=DEFAULT_PORTION,
                        help="portion of a revision (default: %(default)s)")
    options = parser.parse_args(arguments)
    checkpoint = load_checkpoint(options.checkpoint, options.device)
    result = {"time": measure(checkpoint, options.repeats, options.threads, options.portion)}
    if options.data:
        result["agreement"] = agreement(checkpoint, options.data, options.split, options.sample, options.seed,
                                        options.portion)
    sys.stdout.write(json.dumps(result, indent=1) + "\n")
    return 0 if all(part["within_limits"] for part in result.values()) else 1


if __name__ == "__main__":
    sys.exit(main())
