"""A split as tensors: what is known, what is not, and every row once per epoch."""

from dataclasses import replace

import torch

from sparsecbm.data.split import Review
from sparsecbm.training.rows import TrainingRows, evenly
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


def lengths(made: TrainingRows) -> list[int]:
    return [len(text) for text in made.texts]


def test_every_row_comes_once_in_random_batches() -> None:
    made = TrainingRows.of(toy_split(4), "majority")
    seen = [[text for batch in made.batches(lengths(made), 5, 10_000, torch.Generator().manual_seed(seed))
             for text in batch.texts] for seed in (0, 0, 1)]
    assert all(sorted(texts) == sorted(made.texts) for texts in seen)
    assert seen[0] == seen[1] != seen[2]
    plan = made.plan(lengths(made), 5, 10_000, torch.Generator().manual_seed(0))
    assert sorted(map(len, plan)) == [1, 5, 5, 5, 5, 5, 5, 5]


def test_a_batch_holds_no_more_tokens_than_it_may() -> None:
    """Lengths 1 to 36 with at most 4 rows and 40 tokens: a text of 41 is alone, and small batches could not be joined.
    """
    made, sizes = TrainingRows.of(toy_split(4), "majority"), [*range(1, 36), 41]
    plan = made.plan(sizes, 4, 40, torch.Generator().manual_seed(0))
    assert sorted(row for batch in plan for row in batch) == [*range(36)]
    assert [35] in plan
    filled = [(len(batch), max(sizes[row] for row in batch)) for batch in plan if batch != [35]]
    assert all(count <= 4 and count * longest <= 40 for count, longest in filled)
    assert max(count for count, _ in filled) == 4 and len(plan) < 36


def test_rows_keep_together() -> None:
    """Text, targets, label and weight of a row travel through sampling, joining and batching as one."""
    parts = [TrainingRows.of(toy_split(reviews=toy_reviews(4)[start : start + 18]), "majority", 1.0 + start)
             for start in (0, 18)]
    made = TrainingRows.joined(parts)
    truth = {review.text: (*review.concepts, review.label, 1 + 18 * (number >= 18))
             for number, review in enumerate(toy_reviews(4))}
    for part in (made, evenly(parts, 9, seed=0), *made.batches(lengths(made), 5, 99, torch.Generator().manual_seed(0))):
        for row, text in enumerate(part.texts):
            found = (*part.targets[row].argmax(-1).tolist(), int(part.labels[row]), int(part.weights[row]))
            assert found == truth[text]


def test_heavy_rows_are_likelier_in_a_sample_where_all_weigh_one() -> None:
    """Of 18 rows of weight 99 and 18 of weight 1, the light ones are one in a hundred draws."""
    light = {text: replace(review, text=text) for review in toy_reviews() if (text := f"Light. {review.text}")}
    made = TrainingRows.joined([TrainingRows.of(toy_split(), "majority", 99.0),
                                TrainingRows.of(toy_split(reviews=[*light.values()]), "majority", 1.0)])
    samples = [made.sample(5, seed) for seed in range(40)]
    assert sum(text in light for sample in samples for text in sample.texts) < 12
    assert all(len(set(sample.texts)) == 5 and (sample.weights == 1).all() for sample in samples)
    assert len(set(made.sample(99, 0).texts)) == 36


def test_each_source_gives_as_many_rows_as_it_has() -> None:
    """Of 2, 18 and 18 rows, ten are 2 + 4 + 4, and a hundred are all; their weights stay."""
    parts = [TrainingRows.of(toy_split(reviews=reviews), "majority", weight) for weight, reviews in
             ((3.0, toy_reviews()[:2]), (1.0, toy_reviews()), (0.5, toy_reviews()))]
    ten = evenly(parts, 10, seed=0)
    assert [int((ten.weights == weight).sum()) for weight in (3.0, 1.0, 0.5)] == [2, 4, 4]
    assert ten.texts == evenly(parts, 10, seed=0).texts != evenly(parts, 10, seed=1).texts
    assert len(evenly(parts, 100, seed=0)) == 38


def test_a_sample_has_no_row_twice_and_follows_its_seed() -> None:
    made = TrainingRows.of(toy_split(4), "majority")
    sample = made.sample(10, seed=0)
    assert len(sample) == len(set(sample.texts)) == 10
    assert sample.texts == made.sample(10, seed=0).texts != made.sample(10, seed=1).texts
    assert len(made.sample(1000, seed=0)) == len(made)
