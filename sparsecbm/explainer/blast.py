"""What lasting edits do: to one review, and to a whole split."""

from collections.abc import Hashable, Mapping, Sequence

from cachetools import LRUCache

from sparsecbm.data.split import Split
from sparsecbm.edits.blast_radius import BlastRadius
from sparsecbm.edits.rule import Lasting, Rule
from sparsecbm.explain.attribution import Progress
from sparsecbm.explainer.resident import Resident
from sparsecbm.intervene.blast_radius import blast_radius
from sparsecbm.intervene.rules import Answers, apply_rules
from sparsecbm.model.checkpoint import Checkpoint
from sparsecbm.types import InterventionResult, Prediction

#: Answers before any edit that are kept, in bytes; the least recently used go first. About 0.1 MB for 1,700 reviews.
ANSWERS_BYTES = 16 * 2**20


class BlastExplainer(Resident):
    """Rules, and the blast radius of rules and revisions."""

    def __init__(self, checkpoint: Checkpoint, load_ms: float = 0.0) -> None:
        super().__init__(checkpoint, load_ms)
        self._answers: LRUCache[Hashable, Answers] = LRUCache(
            ANSWERS_BYTES, getsizeof=lambda answers: min(answers.nbytes, ANSWERS_BYTES))  # a huge split stays alone

    def apply_rules(
        self,
        prediction: Prediction,
        rules: Sequence[Rule],
        overrides: Mapping[str, Sequence[float]] | None = None,
        residual: bool = True,
    ) -> InterventionResult:
        """A prediction with what rules set, and then what a person sets of this review; only the label head runs."""
        with self._lock:
            return apply_rules(self._model, prediction, rules, overrides, residual)

    def blast_radius(
        self,
        edits: Sequence[Lasting],
        split: Split,
        sample: int | None = None,
        seed: int = 0,
        residual: bool = True,
        progress: Progress = lambda _: None,
    ) -> BlastRadius:
        """What edits put right and what they break in a split, or in `sample` of its rows drawn by `seed`.

        The answers before any edit come from a cache the next time. `progress` gets the share done, 0..1, and may raise
        Cancelled; others get their turn meanwhile.
        """
        with self._lock:
            return blast_radius(self._loaded, edits, split, sample, seed, residual, self._giving_way(progress),
                                self._weights, self._answers)
