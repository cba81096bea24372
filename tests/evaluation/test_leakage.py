"""The correction table and the residual's share, worked out by hand on the toy model.

With sure concepts a label's logit is 2 x (number of concepts that say its value) + residual; the first of a tie wins.
"""

import pytest
import torch

from sparsecbm.evaluation.compute_leakage import (
    Correction,
    CorrectionTable,
    correction_table,
    residual_share,
    residual_slices,
    wrong_concepts,
)
from sparsecbm.model.network import Ledger, SparseCBM
from tests.evaluation.toys import pooled, toy_model

NONE = (0.0, 0.0, 0.0)

#: (predicted soup, predicted seats, residual), (label, true soup, true seats), by row:
#: 0  both concepts right and they give the label
#: 1  both wrong; set right they give the label
#: 2  both right, but the residual (+5 on fair) decides, wrongly: only without it the label is right
#: 3  soup wrong; predicted, the tie of bad and good goes to bad, wrongly; corrected both say good
#: 4  soup's truth unknown, so it is neither wrong nor replaced; seats right; label right with the residual alone
ROWS = [(2, 2, NONE), (0, 0, NONE), (0, 0, (0.0, 5.0, 0.0)), (0, 2, NONE), (0, 0, (0.0, 5.0, 0.0))]
LABELS = torch.tensor([2, 2, 0, 2, 1])
CONCEPTS = torch.tensor([[2, 2], [2, 2], [0, 0], [2, 2], [-1, 0]])


def table(model: SparseCBM) -> CorrectionTable:
    features = pooled(ROWS)
    with torch.no_grad():
        concept_logits, residual = model.concept_logits(features), model.residual_logits(features)
        return correction_table(model, concept_logits, residual, CONCEPTS, LABELS)


def test_correction_table_by_hand() -> None:
    found = table(toy_model(kind="dense"))
    # predicted: rows 0 and 4; of the wrong ones (1, 3) none; without residual rows 0 and 2
    assert found.predicted == Correction(all=2 / 5, rows_with_wrong_concept=0.0, no_residual=2 / 5)
    # corrected: rows 1 and 3 turn right; without residual 0, 1, 2, 3
    assert found.corrected == Correction(all=4 / 5, rows_with_wrong_concept=1.0, no_residual=4 / 5)
    # true: the same labels, for right concepts were sure already and row 4's soup stays predicted
    assert found.true == found.corrected
    assert found.gain is not None and (found.gain.mean, found.gain.n) == (1.0, 2) and found.gain.ci95[0] < 1


def test_only_true_makes_unsure_right_concepts_sure() -> None:
    """Soup says good, rightly but weakly (share .4); the residual's +1 on bad wins until soup is set to the truth.

    Seats without a known truth stay even. Predicted and corrected: bad 1 + 2 x (.3 + 1/3) beats good 2 x (.4 + 1/3).
    """
    model = toy_model(kind="dense")
    logits = torch.tensor([[[0.3, 0.3, 0.4], [1.0, 1.0, 1.0]]]).log()
    found = correction_table(model, logits, torch.tensor([[1.0, 0.0, 0.0]]), torch.tensor([[2, -1]]), torch.tensor([2]))
    assert found.predicted == found.corrected == Correction(0.0, None, 1.0)
    assert found.true == Correction(1.0, None, 1.0) and found.gain is None


def test_without_a_residual_the_columns_agree() -> None:
    found = table(toy_model(kind="dense", residual=False))
    for row in (found.predicted, found.corrected, found.true):
        assert row.all == row.no_residual


def test_concepts_are_set_as_an_override_sets_them() -> None:
    """A head on logits gets each value's typical logits, not one-hot: here 4, against a residual of 5 on fair."""
    model = toy_model(kind="dense", bottleneck="logits")
    features = pooled([(0, -1, (0.0, 5.0, 0.0))])
    with torch.no_grad():
        found = correction_table(model, model.concept_logits(features), model.residual_logits(features),
                                 torch.tensor([[2, -1]]), torch.tensor([2]))
    assert found.predicted.all == 0  # 2 x 50 on bad
    assert found.corrected.all == 1  # 2 x 4 on good beats 5; a one-hot 2 x 1 would not


def test_a_wrong_concept_needs_a_known_truth() -> None:
    logits = torch.eye(3).expand(2, 3, 3)[:, :2]  # both rows say values 0 and 1
    truth = torch.tensor([[0, -1], [2, 1]])
    assert wrong_concepts(logits, truth).tolist() == [[False, False], [True, False]]


def ledger(contributions: list[list[float]], residual: list[float], rows: int = 1) -> Ledger:
    parts, rest = torch.tensor([contributions] * rows), torch.tensor([residual] * rows)
    return Ledger(parts, torch.tensor([9.0, 0.0]), rest, parts.sum(1) + rest)


@pytest.mark.parametrize(
    ("contributions", "residual", "share"),
    [
        ([[1.0, -1.0], [3.0, 1.0]], [2.0, -2.0], 2 / 4),  # spreads 1 and 1 against 2
        ([[1.0, -1.0], [-1.0, 1.0]], [1.0, -1.0], 1 / 3),  # concepts that cancel out still count
        ([[7.0, 7.0], [2.0, 2.0]], [0.5, 0.0], 1.0),  # the same for every label moves nothing
        ([[1.0, 0.0], [0.0, 0.0]], [4.0, 4.0], 0.0),
        ([[1.0, 1.0], [0.0, 0.0]], [4.0, 4.0], 0.0),  # nothing is spread at all
    ],
)
def test_residual_share_by_hand(contributions: list[list[float]], residual: list[float], share: float) -> None:
    assert residual_share(ledger(contributions, residual, rows=3)).tolist() == pytest.approx([share] * 3)


def test_every_row_has_a_residual_share_of_its_own() -> None:
    parts = torch.tensor([[[1.0, -1.0]], [[100.0, -100.0]]])
    rest = torch.tensor([[1.0, -1.0], [0.0, 0.0]])
    assert residual_share(Ledger(parts, torch.zeros(2), rest, parts.sum(1) + rest)).tolist() == pytest.approx([0.5, 0])


def test_the_residuals_share_in_slices_by_hand() -> None:
    """Two rows of 0.2 and 0.6: mean 0.4, standard deviation 0.2 x sqrt 2, so 0.4 give or take 1.96 x 0.2."""
    shares, labels = torch.tensor([0.2, 0.6, 0.5, 1.0]), torch.tensor([0, 0, 1, 1])
    wrong, misread = torch.tensor([[False, False, True, True], [False, False, False, True]])
    found = residual_slices(shares, labels, wrong, misread, ("bad", "good", "never"))
    assert {by: {name: part.n for name, part in parts.items()} for by, parts in found.items()} == {
        "label": {"bad": 2, "good": 2}, "outcome": {"right": 2, "label wrong, concepts right": 1, "both wrong": 1}}
    assert found["label"]["bad"].mean == pytest.approx(0.4)
    assert found["label"]["bad"].ci95 == pytest.approx((0.4 - 1.96 * 0.2, 0.4 + 1.96 * 0.2), abs=1e-5)
    assert (found["outcome"]["both wrong"].mean, found["outcome"]["both wrong"].ci95) == (1.0, None)
