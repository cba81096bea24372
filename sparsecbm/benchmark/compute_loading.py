"""Loading a checkpoint, against loading its backbone alone."""

import copy
import tempfile
from collections.abc import Iterator

import torch
from transformers import AutoModel

from sparsecbm.benchmark.compute_clock import in_turns
from sparsecbm.benchmark.compute_subject import Subject
from sparsecbm.benchmark.ratio import Ratio
from sparsecbm.model.checkpoint import load_checkpoint

BOUND = 1.5


def loading_ratio(subject: Subject, rounds: int) -> Iterator[Ratio]:
    """Weights, masks, tokenizer and checks, against the backbone's weights alone, stored in the same 16 bits."""
    device, path = subject.device, subject.checkpoint.path
    with tempfile.TemporaryDirectory() as folder:
        copy.deepcopy(subject.model.backbone).half().save_pretrained(folder)

        def backbone() -> object:
            return AutoModel.from_pretrained(folder, dtype=torch.float32).to(device)

        taken, reference = in_turns([lambda: load_checkpoint(path, device), backbone], rounds, device)
    yield Ratio.of("load_over_backbone", "load the checkpoint / the backbone alone", taken, reference, BOUND)
