"""What the shipped checkpoint makes of sentences written for this project: idioms, plain praise, plain complaints."""

import pytest

from sparsecbm.data.samples import load_samples
from sparsecbm.service import Explainer
from tests.model.idioms import misread, read_idioms

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def explainer() -> Explainer:
    return Explainer.load(device="cpu")


def test_it_reads_most_idioms(explainer: Explainer) -> None:
    """Well above the third that a guess would get, and below what a reader gets: 25 of 41 when it was trained."""
    idioms = read_idioms()
    wrong = misread(explainer, idioms)
    assert len(wrong) <= 0.4 * len(idioms), [idiom.text for idiom in wrong]


def test_it_reads_most_of_what_is_said_plainly(explainer: Explainer) -> None:
    """Ratings within one star, and the concepts that a review speaks of."""
    samples = [sample for sample in load_samples() if sample.kind in ("plain praise", "plain complaint")]
    schema, near, right = explainer.schema, list[bool](), list[bool]()
    for sample, found in zip(samples, explainer.predict_many([sample.text for sample in samples]), strict=True):
        near.append(abs(schema.label_index(found.label) - schema.label_index(sample.label)) <= 1)
        right += [found.value(concept) == value for concept, value in sample.concepts.items() if value != "unknown"]
    assert len(samples) == 16 and sum(near) >= 0.85 * len(near) and sum(right) >= 0.7 * len(right)
