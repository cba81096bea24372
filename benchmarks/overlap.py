"""The time and memory to count the overlap of ten random masks of the size of BERT-base.

    python -m benchmarks.overlap

Ten concepts and the residual, 85 million weights each, are packed at random. Counted are densities, all pairs,
exclusive weights, and how many concepts use a weight: in total, in every layer and in every module. Exit code 1 when
the median exceeds 2 seconds, or counting needs more than 1.5 times the memory of the packed masks in addition to them.
On a busy machine, CPU time estimates the wall time of an idle one.
"""

import argparse
import json
import statistics
import sys
import time
import tracemalloc
from collections.abc import Sequence
from typing import Any

import numpy as np
import torch

from sparsecbm.model.backbone import WeightSite
from sparsecbm.model.masks import ConceptMasks
from sparsecbm.model.subnetwork_masks import Subnetworks
from sparsecbm.subnetworks.compute_overlap import layer_overlap, mask_overlap

MOST_SECONDS, MOST_MEMORY = 2.0, 1.5
BERT_BASE = {"layers": 12, "hidden": 768, "inner": 3072, "heads": 12}


def random_subnetworks(concepts: int, layers: int, hidden: int, inner: int, heads: int, seed: int = 0) -> Subnetworks:
    """Random masks of density one half for some concepts and the residual, over the matrices of a BERT."""
    square = ("query", "key", "value", "attention_output")
    shapes = {**dict.fromkeys(square, (hidden, hidden)), "feed_forward_in": (inner, hidden),
              "feed_forward_out": (hidden, inner)}
    sites = [WeightSite(f"{layer}.{role}", layer, role, shape, False) for layer in range(layers)
             for role, shape in shapes.items()]
    names = tuple(f"concept {number}" for number in range(concepts))
    generator = np.random.default_rng(seed)

    def packed(site: WeightSite) -> torch.Tensor:
        size = (concepts + 1, -(-site.shape[0] * site.shape[1] // 8))
        return torch.from_numpy(generator.integers(0, 256, size, dtype=np.uint8))

    masks = ConceptMasks((*names, "residual"), {site.name: site.shape for site in sites},
                         {site.name: packed(site) for site in sites})
    return Subnetworks(masks, {site.name: site for site in sites}, names, heads)


def measure(subnetworks: Subnetworks, repeats: int, threads: int) -> dict[str, Any]:
    """Wall and CPU seconds, and the peak memory in addition to the masks."""
    torch.set_num_threads(threads)
    wall, cpu = [], []
    for _ in range(repeats):
        started, used = time.perf_counter(), time.process_time()
        report = mask_overlap(subnetworks).to_json()
        wall.append(time.perf_counter() - started)
        cpu.append(time.process_time() - used)
    started = time.perf_counter()
    layer_overlap(subnetworks, subnetworks.layers[0])
    drill_down = time.perf_counter() - started
    tracemalloc.start()
    mask_overlap(subnetworks).to_json()
    extra = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    packed = sum(bits.numel() for bits in subnetworks.masks.bits.values())
    seconds = statistics.median(wall)
    return {
        "concepts": len(subnetworks.concepts), "passes": len(subnetworks.masks.passes), "weights": report["weights"],
        "seconds": seconds, "cpu_seconds": statistics.median(cpu), "layer_seconds": drill_down,
        "packed_bytes": packed, "extra_bytes": extra, "extra_over_packed": extra / packed,
        "limits": {"seconds": MOST_SECONDS, "extra_over_packed": MOST_MEMORY},
        "within_limits": seconds <= MOST_SECONDS and extra <= MOST_MEMORY * packed,
        "repeats": repeats, "threads": threads,
    }


def main(arguments: Sequence[str] | None = None) -> int:
    """Count and measure; returns 0 within the limits, otherwise 1."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.overlap", description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--concepts", type=int, default=10,
                        help="number of concepts, without the residual (default: %(default)s)")
    for name, size in BERT_BASE.items():
        parser.add_argument(f"--{name}", type=int, default=size, help="size of the model (default: %(default)s)")
    parser.add_argument("--repeats", type=int, default=5, help="timed rounds (default: %(default)s)")
    parser.add_argument("--threads", type=int, default=2, help="CPU threads of torch (default: %(default)s)")
    options = parser.parse_args(arguments)
    subnetworks = random_subnetworks(options.concepts, **{name: getattr(options, name) for name in BERT_BASE})
    result = measure(subnetworks, options.repeats, options.threads)
    sys.stdout.write(json.dumps(result, indent=1) + "\n")
    return 0 if result["within_limits"] else 1


if __name__ == "__main__":
    sys.exit(main())
