"""One model for all sessions, and results that no session can spoil for another."""

import gc

from sparsecbm.data.samples import load_samples
from sparsecbm.ui.engine import SURVEYED_OF_EACH_KIND, load_explainer, predicted, surveyed

TEXT = "The soup was cold, but the waiter was kind."


def test_every_session_gets_the_same_explainer() -> None:
    assert load_explainer() is load_explainer()
    assert gc.get_freeze_count() > 10_000


def test_a_cached_result_is_a_copy() -> None:
    explainer = load_explainer()
    first = predicted(explainer, TEXT)
    wanted = first.label_probabilities.copy()
    first.label_probabilities[:] = 0
    again = predicted(explainer, TEXT)
    assert (again.label_probabilities == wanted).all() and (wanted == explainer.predict(TEXT).label_probabilities).all()


def test_the_survey_tries_every_kind_and_counts_right() -> None:
    found = surveyed(load_explainer())
    assert found.tried == SURVEYED_OF_EACH_KIND * len({sample.kind for sample in load_samples()})
    assert found.labels_wrong == sum(failure.label != failure.sample.label for failure in found.failures) <= found.tried
