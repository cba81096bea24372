"""The one door for pages and command line."""

import time
from pathlib import Path

from sparsecbm.model.checkpoint import load_checkpoint
from sparsecbm.service.concepts import FixableExplainer
from sparsecbm.service.impact import ImpactExplainer, PairExplainer
from sparsecbm.service.resident import CheckpointInfo as CheckpointInfo
from sparsecbm.service.revision import RevisionExplainer
from sparsecbm.service.subnetworks import ComparisonExplainer, SubnetworkExplainer
from sparsecbm.service.words import WordExplainer
from sparsecbm.service.words import default_targets as default_targets
from sparsecbm.shipped import DEFAULT_CHECKPOINT


class Explainer(WordExplainer, SubnetworkExplainer, ComparisonExplainer, ImpactExplainer, RevisionExplainer,
                FixableExplainer, PairExplainer):
    """A loaded model that predicts, explains, and lets a person set concepts and take weights out.

    Safe for many threads, and nothing a caller does changes the model.
    """

    @classmethod
    def load(cls, source: str | Path = DEFAULT_CHECKPOINT, device: str | None = None) -> "Explainer":
        """Load a checkpoint folder, or one from the Hub by its id. CheckpointError says what is wrong with it."""
        started = time.perf_counter()
        checkpoint = load_checkpoint(source, device)
        return cls(checkpoint, 1000 * (time.perf_counter() - started))
