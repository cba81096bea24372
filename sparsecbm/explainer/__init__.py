"""The one door for pages and command line."""

import time
from pathlib import Path

from sparsecbm.explainer.blast import BlastExplainer
from sparsecbm.explainer.comparison import ComparisonExplainer
from sparsecbm.explainer.fixable import FixableExplainer
from sparsecbm.explainer.pairs import PairExplainer
from sparsecbm.explainer.resident import DEFAULT_CHECKPOINT as DEFAULT_CHECKPOINT
from sparsecbm.explainer.resident import CheckpointInfo as CheckpointInfo
from sparsecbm.explainer.revisions import RevisionExplainer
from sparsecbm.explainer.subnetworks import SubnetworkExplainer
from sparsecbm.explainer.words import WordExplainer
from sparsecbm.explainer.words import default_targets as default_targets
from sparsecbm.model.checkpoint import load_checkpoint


class Explainer(WordExplainer, SubnetworkExplainer, ComparisonExplainer, BlastExplainer, RevisionExplainer,
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
