"""Integrated gradients of all concepts at once, compared with one captum call per concept; and their completeness.

    python -m benchmarks.attributions
    python -m benchmarks.attributions --data CEBAB_FOLDER       also the completeness gap on documents of the dev split

Both explain the last value of every concept for one document of up to 45 tokens, with the same number of steps, and
must give the same scores. They take turns; the ratio of their medians is limited.
"""

import json
import sys
from collections.abc import Sequence
from typing import Any

import numpy as np
import torch
from captum.attr import LayerIntegratedGradients

from benchmarks.passes import REVIEW, REVIEW_TOKENS, medians, options_on_a_checkpoint
from sparsecbm.data import load_split
from sparsecbm.model.checkpoint import Checkpoint, load_checkpoint
from sparsecbm.model.network import MaskedWeights
from sparsecbm.service import Explainer
from sparsecbm.types import Target
from sparsecbm.words.compute import attribute

STEPS = 32
MOST_OF_NAIVE = 1 / 3
MOST_MEDIAN_GAP, MOST_HIGH_GAP = 0.02, 0.10


def beginning(checkpoint: Checkpoint) -> str:
    """The first words of the review, at most 45 tokens."""
    words = REVIEW.split()
    while checkpoint.encoder.count_tokens(" ".join(words)) > REVIEW_TOKENS:
        words.pop()
    return " ".join(words)


def targets(checkpoint: Checkpoint) -> tuple[Target, ...]:
    """The last value of every concept."""
    schema = checkpoint.model.config.schema
    return tuple(Target(concept, schema.values[-1]) for concept in schema.concepts)


def naive(checkpoint: Checkpoint, weights: MaskedWeights, text: str) -> np.ndarray:
    """One `LayerIntegratedGradients` call per concept on the whole model, scores per token: [concept, token]."""
    model, encoder = checkpoint.model, checkpoint.encoder
    encoded = encoder.encode([text]).to(model.device)
    _, token_words = encoder.words(text)
    special = torch.tensor([[word is None for word in token_words]], device=model.device)
    pad = torch.full_like(encoded.input_ids, encoder.tokenizer.pad_token_id)
    baseline = torch.where(special, encoded.input_ids, pad)
    scores = []
    for target in targets(checkpoint):
        k, value = model.config.schema.concept_index(str(target.concept)), target.indices(model.config.schema)[0]

        def logit(ids: torch.Tensor, mask: torch.Tensor, k: int = k, value: int = value) -> torch.Tensor:
            pooled = model.pool_embeddings(model.embed(ids), mask, weights)
            return model.concept_logits(pooled)[:, k, value]

        layer = LayerIntegratedGradients(logit, model.backbone.get_input_embeddings())
        made = layer.attribute(encoded.input_ids, baselines=baseline, n_steps=STEPS, method="gausslegendre",
                               additional_forward_args=(encoded.attention_mask,))
        scores.append(made.detach().sum(-1)[0].cpu().numpy())
    return np.stack(scores)


def measure(checkpoint: Checkpoint, repeats: int, threads: int) -> dict[str, Any]:
    """The comparison as plain values; raises when the scores differ."""
    if checkpoint.masks is None:
        raise SystemExit(f"{checkpoint.path} has no masks; give a sparse checkpoint.")
    torch.set_num_threads(threads)
    model, encoder = checkpoint.model, checkpoint.encoder
    text = beginning(checkpoint)
    with torch.no_grad():
        weights = model.masked_weights(checkpoint.masks)
    wanted = targets(checkpoint)

    def ours() -> np.ndarray:
        return np.stack([a.scores for a in attribute(model, encoder, weights, text, wanted, steps=STEPS)])

    _, token_words = encoder.words(text)
    tokens = naive(checkpoint, weights, text)
    words = np.zeros((len(wanted), max(word for word in token_words if word is not None) + 1))
    for token, word in enumerate(token_words):
        if word is not None:
            words[:, word] += tokens[:, token]
    np.testing.assert_allclose(ours(), words, atol=1e-3)
    ours_ms, naive_ms = medians([ours, lambda: naive(checkpoint, weights, text)], repeats, model.device)
    return {"concepts": len(wanted), "tokens": len(token_words), "steps": STEPS, "ours_ms": ours_ms,
            "naive_ms": naive_ms, "ours_over_naive": ours_ms / naive_ms, "limit": MOST_OF_NAIVE,
            "within_limits": ours_ms <= MOST_OF_NAIVE * naive_ms, "repeats": repeats, "threads": threads,
            "device": str(model.device), "checkpoint": checkpoint.hash}


def gaps(checkpoint: Checkpoint, data: str, split: str, sample: int, seed: int) -> dict[str, Any]:
    """Completeness gaps of the concepts' predicted values, as shares of |f(x) - f(baseline)|."""
    explainer, texts = Explainer(checkpoint), load_split("cebab", data, split).texts
    rows = np.random.default_rng(seed).choice(len(texts), min(sample, len(texts)), replace=False)
    found = []
    for row in rows:
        text = texts[int(row)]
        prediction = explainer.predict(text)
        chosen = [Target(concept, prediction.value(concept)) for concept in explainer.schema.concepts]
        found += [a.relative_gap for a in explainer.explain(text, chosen, steps=STEPS).attributions]
    median, high = (float(np.percentile(found, share)) for share in (50, 95))
    return {"split": split, "n": len(rows), "seed": seed, "targets": len(found), "steps": STEPS, "median": median,
            "percentile_95": high, "largest": float(max(found)),
            "within_limits": median <= MOST_MEDIAN_GAP and high <= MOST_HIGH_GAP}


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the comparison; returns 0 within the limits, otherwise 1."""
    parser = options_on_a_checkpoint("attributions", __doc__, repeats=5)
    parser.add_argument("--data", help="folder or zip with the CEBaB release files, to measure completeness, too")
    parser.add_argument("--split", default="dev", help="its split (default: %(default)s)")
    parser.add_argument("--sample", type=int, default=100, help="number of its documents (default: %(default)s)")
    parser.add_argument("--seed", type=int, default=0, help="seed of the sample (default: %(default)s)")
    options = parser.parse_args(arguments)
    checkpoint = load_checkpoint(options.checkpoint, options.device)
    result = {"time": measure(checkpoint, options.repeats, options.threads)}
    if options.data:
        result["completeness"] = gaps(checkpoint, options.data, options.split, options.sample, options.seed)
    sys.stdout.write(json.dumps(result, indent=1) + "\n")
    return 0 if all(part["within_limits"] for part in result.values()) else 1


if __name__ == "__main__":
    sys.exit(main())
