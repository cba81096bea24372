"""The words behind a prediction, and how far to trust their scores."""

import time
from collections.abc import Hashable, Sequence
from dataclasses import replace

from cachetools import LRUCache

from sparsecbm.model.checkpoint import Checkpoint
from sparsecbm.revision.edit import MaskChange
from sparsecbm.service.predictions import PredictionExplainer, bearing, digests
from sparsecbm.types import Attribution, Explanation, Prediction, Progress, Target, Word
from sparsecbm.words.compute import attribute
from sparsecbm.words.compute_faithfulness import ORDERS, faithfulness
from sparsecbm.words.compute_removal import WordRemoval
from sparsecbm.words.faithfulness import Faithfulness
from sparsecbm.words.methods import DEFAULT_METHOD, method_named

#: Word scores that are kept, in bytes, and as much again for their curves; the least recently used go first.
CACHE_BYTES = 64 * 2**20
#: Reviews whose removals of words are kept for their other attributions; up to some megabytes each.
REVIEWS_KEPT = 4


class WordExplainer(PredictionExplainer):
    """Scores of words, and how faithful they are."""

    def __init__(self, checkpoint: Checkpoint, load_ms: float = 0.0) -> None:
        super().__init__(checkpoint, load_ms)
        self._attributions: LRUCache[Hashable, Attribution] = LRUCache(CACHE_BYTES, getsizeof=_bytes)
        self._faithfulness: LRUCache[Hashable, Faithfulness] = LRUCache(CACHE_BYTES, getsizeof=_bytes)
        self._removals: LRUCache[str, WordRemoval] = LRUCache(REVIEWS_KEPT)

    def words(self, text: str) -> tuple[Word, ...]:
        """The words of a text that the model reads, in the order that scores have; none where it sees none."""
        with self._lock:
            return self._encoder.words(text)[0]

    def explain(
        self,
        text: str,
        targets: Sequence[Target] | None = None,
        method: str = DEFAULT_METHOD,
        steps: int | None = None,
        residual: bool = True,
        progress: Progress = lambda _: None,
        changes: Sequence[MaskChange] = (),
    ) -> Explanation:
        """A prediction and the words behind it; by default for every concept's predicted value and the label.

        The text is predicted once, whoever asks, and scores that were computed before come from a cache. `progress`
        gets the share done, 0..1, and may raise Cancelled; others get their turn meanwhile. With `changes`, all of it
        is as if the masks had been changed so. InputError as in `predict`, and for an unknown target, method or steps.

            >>> target = Target("food", "Negative")
            >>> found = explainer.explain("The soup was cold and bland.", [target]).attributions[0]
            >>> max(zip(found.scores, found.words))[1].text
            'bland'
        """
        started = time.perf_counter()
        prediction = self.predict_changed(text, changes, residual)
        steps = method_named(method).checked_steps(steps)
        keys = {target: (text, target, method, steps, residual, digests(bearing(changes, target.concept)))
                for target in (default_targets(prediction) if targets is None else targets)}
        with self._lock:
            found = {target: self._attributions[key] for target, key in keys.items() if key in self._attributions}
            missing = [target for target in keys if target not in found]
            if missing:
                weights = self._weights_after(tuple(changes)) if changes else self._weights
                made = attribute(self._model, self._encoder, weights, text, missing, method, steps, residual,
                                 self._giving_way(progress))
                found |= zip(missing, made, strict=True)
                self._attributions.update((keys[target], found[target]) for target in missing)
        receipt = replace(prediction.receipt, method=method, milliseconds=1000 * (time.perf_counter() - started))
        return Explanation(prediction, tuple(found[target] for target in keys), receipt)

    def faithfulness(
        self,
        attribution: Attribution,
        text: str,
        residual: bool = True,
        removal: str = "deletion",
        orders: int = ORDERS,
        progress: Progress = lambda _: None,
    ) -> Faithfulness:
        """Whether the target's probability goes with the words of the text in the order of their scores.

        Attributions of one text share what is read without some of its words. `progress` and cache as in `explain`.
        """
        key = (text, attribution.target, attribution.method, attribution.steps, attribution.scores.tobytes(), residual,
               removal, orders)
        with self._lock:
            found = self._faithfulness.get(key)
            if found is None:
                review = self._removals.get(text) or WordRemoval(self._model, self._encoder, self._weights, text)
                self._removals[text] = review
                found = faithfulness(review, attribution, removal, residual, orders, self._giving_way(progress))
                self._faithfulness[key] = found
        return found


def _bytes(result: Attribution | Faithfulness) -> int:
    """Memory of a cached result, roughly: its numbers, its words, and what objects cost."""
    if isinstance(result, Faithfulness):
        return 1000 + 2 * (1 + len(result.random_only)) * result.fractions.nbytes
    scores = sum(array.nbytes for array in (result.scores, *result.parts.values()))
    return 1000 + scores + 200 * len(result.words)


def default_targets(prediction: Prediction) -> tuple[Target, ...]:
    """Every concept's predicted value, then the predicted label."""
    concepts = (Target(concept, prediction.value(concept)) for concept in prediction.schema.concepts)
    return (*concepts, Target(None, prediction.label))
