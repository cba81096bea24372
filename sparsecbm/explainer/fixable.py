"""Which single concept would put a wrong label right, of many reviews at once."""

import numpy as np
from jaxtyping import Bool, Int

from sparsecbm.errors import InputError
from sparsecbm.explainer.interventions import Interventions
from sparsecbm.intervene.effects import set_one
from sparsecbm.intervene.smallest_fix import LEAST_MARGIN
from sparsecbm.model.many import Predictions


class FixableExplainer(Interventions):
    """What setting one concept would do to a whole table of predictions."""

    def fixable(
        self, predictions: Predictions, labels: Int[np.ndarray, " row"]
    ) -> Bool[np.ndarray, "row concept"] | None:
        """True where setting this concept alone to some value gives the true label, which the model does not give.

        `labels` are indices, -1 where not told. No model runs: a label logit is linear in the concepts' probabilities,
        so y' = log p(y) + B_k (onehot(v) - p_k), up to a constant that all labels share. None for a model whose label
        is not computed from these probabilities. InputError when the predictions are of another schema, or of other
        rows.
        """
        if predictions.schema != self.schema or len(labels) != len(predictions):
            raise InputError(f"{len(predictions):,} predictions of {predictions.schema.name} came with {len(labels):,} "
                             f"labels; allowed: predictions of {self.schema.name} with one label each. Predict the "
                             "labelled reviews with the loaded model.")
        if self.checkpoint.kind == "black_box" or self._model.config.bottleneck != "probabilities":
            return None
        logits = np.log(np.maximum(predictions.label_probabilities.astype(np.float64), np.finfo(np.float32).tiny))
        contributions = np.einsum("rkv,kvy->rky", predictions.concept_probabilities, self.effects())
        after = set_one(logits, contributions, self.effects())  # [row, concept, value, label]
        truth = np.maximum(labels, 0)[:, None, None, None]
        wanted = np.take_along_axis(after, truth, axis=-1)[..., 0]
        np.put_along_axis(after, truth, -np.inf, axis=-1)
        wrong = (labels >= 0) & (predictions.labels != labels)
        return np.asarray(wrong[:, None] & (wanted - after.max(-1) > LEAST_MARGIN).any(-1))
