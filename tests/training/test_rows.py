"""A split as tensors: what is known, what is not, and every row once per epoch."""

import torch

from sparsecbm.data.split import Review
from sparsecbm.training.rows import TrainingRows
from tests.helpers import toy_reviews, toy_split

SHARES = ((0.0, 0.4, 0.6), (0.5, 0.5, 0.0))


def rows(targets: str = "majority") -> TrainingRows:
    reviews = [Review("a", "The soup.", 2, (2, -1), SHARES), Review("b", "The room.", -1, (0, 1), SHARES)]
    return TrainingRows.of(toy_split(reviews=reviews), targets)


def test_what_has_no_majority_is_not_known() -> None:
    made = rows()
    assert made.known.tolist() == [[True, False], [True, True]]
    assert made.labels.tolist() == [2, -1]
    assert made.texts == ("The soup.", "The room.")


def test_hard_targets_are_the_majority() -> None:
    assert torch.equal(rows().targets[1], torch.tensor([[1.0, 0, 0], [0, 1, 0]]))
    assert torch.equal(rows().targets[0, 0], torch.tensor([0.0, 0, 1]))


def test_soft_targets_are_the_annotators_shares() -> None:
    torch.testing.assert_close(rows("shares").targets, torch.tensor([SHARES, SHARES]))


def test_every_row_comes_once_in_random_batches() -> None:
    made = TrainingRows.of(toy_split(4), "majority")
    seen = [[text for batch in made.batches(5, torch.Generator().manual_seed(seed)) for text in batch.texts]
            for seed in (0, 0, 1)]
    assert all(sorted(texts) == sorted(made.texts) for texts in seen)
    assert seen[0] == seen[1] != seen[2]
    sizes = [len(batch) for batch in made.batches(5, torch.Generator().manual_seed(0))]
    assert sorted(sizes) == [1, 5, 5, 5, 5, 5, 5, 5]


def test_rows_keep_together() -> None:
    """Text, targets and label of a row travel through sampling and batching as one."""
    made = TrainingRows.of(toy_split(4), "majority")
    truth = {review.text: (*review.concepts, review.label) for review in toy_reviews(4)}
    for part in (made.sample(7, seed=3), *made.batches(5, torch.Generator().manual_seed(0))):
        for row, text in enumerate(part.texts):
            assert (*part.targets[row].argmax(-1).tolist(), int(part.labels[row])) == truth[text]


def test_a_sample_has_no_row_twice_and_follows_its_seed() -> None:
    made = TrainingRows.of(toy_split(4), "majority")
    sample = made.sample(10, seed=0)
    assert len(sample) == len(set(sample.texts)) == 10
    assert sample.texts == made.sample(10, seed=0).texts != made.sample(10, seed=1).texts
    assert len(made.sample(1000, seed=0)) == len(made)
