"""The cost of the K + 1 masked passes for one document, compared with one dense pass and the published procedure.

    python -m benchmarks.passes --checkpoint DIR --json

dense      one pass of the same backbone with all its weights
ours       all K + 1 passes as the model runs them: with the masked weights that it keeps between requests
published  the same K + 1 passes, one at a time, the document padded to 512 tokens (or to the number of positions of
           the backbone), every matrix multiplied with its mask in each pass

The three take turns, so that a busy machine slows them equally; their medians are compared. Exit code 1 when a limit
is exceeded: ours may cost at most 5 dense passes, and at most a fifth of the published procedure.
"""

import argparse
import json
import os
import statistics
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import torch

from sparsecbm.model.checkpoint import Checkpoint, load_checkpoint
from sparsecbm.model.encoding import Encoded
from sparsecbm.model.masks import ConceptMasks

MOST_DENSE_PASSES = 5.0
MOST_OF_PUBLISHED = 1 / 5
PUBLISHED_LENGTH = 512
REVIEW_TOKENS = 45
REVIEW = (
    "We came for a late lunch and stayed until dark. The bread was warm, the fish tasted of the sea, and our waiter "
    "remembered every wish. Only the music was too loud for a quiet talk, so we moved outside under the old trees."
)


def review(checkpoint: Checkpoint, tokens: int = REVIEW_TOKENS) -> Encoded:
    """One review, cut or repeated to exactly this number of tokens, on the model's device."""
    encoder = checkpoint.encoder
    text = REVIEW
    while encoder.count_tokens(text) < tokens:
        text = f"{text} {REVIEW}"
    whole = encoder.encode([text])
    kept = torch.cat([whole.input_ids[:, : tokens - 1], whole.input_ids[:, -1:]], dim=1)
    return Encoded(kept, torch.ones_like(kept)).to(checkpoint.model.device)


def dense(checkpoint: Checkpoint, encoded: Encoded) -> torch.Tensor:
    """One pass with all weights: [1, hidden]."""
    model = checkpoint.model
    return model.run_pass({}, model.embed(encoded.input_ids), encoded.attention_mask)


def ours(checkpoint: Checkpoint, masks: ConceptMasks) -> Callable[[Encoded], torch.Tensor]:
    """All passes as the model runs them, the masked weights computed beforehand: [1, pass_, hidden]."""
    weights = checkpoint.model.masked_weights(masks)
    return lambda encoded: checkpoint.model.pool(encoded, weights)


def published(checkpoint: Checkpoint, masks: ConceptMasks) -> Callable[[Encoded], torch.Tensor]:
    """The published procedure, the masks unpacked beforehand as it keeps them: [1, pass_, hidden].

    The mean is taken over real tokens, as in ours, so that both give the same features; the cost is the same.
    """
    model = checkpoint.model
    length = min(PUBLISHED_LENGTH, getattr(model.backbone.config, "max_position_embeddings", PUBLISHED_LENGTH))
    parameters = dict(model.backbone.named_parameters())
    stacks = {name: masks.unpack(name).to(parameters[name].dtype) for name in masks.matrices}
    pad = checkpoint.encoder.tokenizer.pad_token_id or 0

    def run(encoded: Encoded) -> torch.Tensor:
        missing = (0, length - encoded.input_ids.shape[1])
        ids = torch.nn.functional.pad(encoded.input_ids, missing, value=pad)
        attention = torch.nn.functional.pad(encoded.attention_mask, missing)
        features = []
        for k in range(len(masks.passes)):
            weights = {name: parameters[name] * stack[k] for name, stack in stacks.items()}
            features.append(model.run_pass(weights, model.embed(ids), attention))
        return torch.stack(features, dim=1)

    return run


def medians(procedures: Sequence[Callable[[], object]], repeats: int, device: torch.device) -> list[float]:
    """Median milliseconds of each procedure; they take turns, and two rounds warm up."""
    times: list[list[float]] = [[] for _ in procedures]
    for turn in range(repeats + 2):
        for procedure, taken in zip(procedures, times, strict=True):
            if device.type == "cuda":
                torch.cuda.synchronize(device)
            started = time.perf_counter()
            procedure()
            if device.type == "cuda":
                torch.cuda.synchronize(device)
            if turn >= 2:
                taken.append((time.perf_counter() - started) * 1e3)
    return [statistics.median(taken) for taken in times]


def measure(checkpoint: Checkpoint, repeats: int, threads: int) -> dict[str, Any]:
    """The comparison as plain values; raises when both ways to run the passes give different results."""
    if checkpoint.masks is None:
        raise SystemExit(f"{checkpoint.path} has no masks; give a sparse checkpoint.")
    torch.set_num_threads(threads)
    encoded = review(checkpoint)
    all_passes, one_by_one = ours(checkpoint, checkpoint.masks), published(checkpoint, checkpoint.masks)
    with torch.inference_mode():
        torch.testing.assert_close(all_passes(encoded), one_by_one(encoded), atol=1e-3, rtol=1e-3)
        procedures = (lambda: dense(checkpoint, encoded), lambda: all_passes(encoded), lambda: one_by_one(encoded))
        dense_ms, ours_ms, published_ms = medians(procedures, repeats, checkpoint.model.device)
    over_dense, over_published = ours_ms / dense_ms, ours_ms / published_ms
    return {
        "passes": len(checkpoint.masks.passes), "tokens": encoded.input_ids.shape[1],
        "dense_ms": dense_ms, "ours_ms": ours_ms, "published_ms": published_ms,
        "ours_over_dense": over_dense, "ours_over_published": over_published,
        "limits": {"ours_over_dense": MOST_DENSE_PASSES, "ours_over_published": MOST_OF_PUBLISHED},
        "within_limits": over_dense <= MOST_DENSE_PASSES and over_published <= MOST_OF_PUBLISHED,
        "repeats": repeats, "threads": threads, "device": str(checkpoint.model.device), "checkpoint": checkpoint.hash,
    }


def options_on_a_checkpoint(name: str, description: str | None, repeats: int) -> argparse.ArgumentParser:
    """The command line of a benchmark that times a checkpoint; it may add options of its own."""
    parser = argparse.ArgumentParser(prog=f"python -m benchmarks.{name}", description=description,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--checkpoint", type=Path, default=Path("checkpoints/cebab-minilm"), help="a sparse checkpoint")
    parser.add_argument("--repeats", type=int, default=repeats, help="timed rounds (default: %(default)s)")
    parser.add_argument("--threads", type=int, default=os.cpu_count() or 1, help="CPU threads (default: all)")
    parser.add_argument("--device", help="cpu or cuda (default: cuda where there is one)")
    return parser


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the comparison; returns 0 within the limits, otherwise 1."""
    parser = options_on_a_checkpoint("passes", __doc__, repeats=25)
    parser.add_argument("--json", action="store_true", help="write JSON")
    options = parser.parse_args(arguments)
    result = measure(load_checkpoint(options.checkpoint, options.device), options.repeats, options.threads)
    if options.json:
        sys.stdout.write(json.dumps(result, indent=1) + "\n")
    else:
        sys.stdout.write(
            f"{result['passes']} passes over {result['tokens']} tokens: {result['ours_ms']:.1f} ms\n"
            f"  {result['ours_over_dense']:.2f} x one dense pass ({result['dense_ms']:.1f} ms), "
            f"at most {MOST_DENSE_PASSES:g}\n"
            f"  {result['ours_over_published']:.3f} x the published procedure ({result['published_ms']:.1f} ms), "
            f"at most {MOST_OF_PUBLISHED:g}\n")
    return 0 if result["within_limits"] else 1


if __name__ == "__main__":
    sys.exit(main())
