"""The report: the agreed JSON, every row of the split scored, and each part from the right rows."""

import json
from pathlib import Path

import numpy as np
import pytest
import torch
from sklearn import metrics as oracle
from tokenizers import Tokenizer
from tokenizers.models import WordLevel
from tokenizers.pre_tokenizers import Whitespace
from transformers import PreTrainedTokenizerFast

from sparsecbm.data import LoadReport, Split
from sparsecbm.errors import DataError
from sparsecbm.evaluation.compute import EvaluationReport, evaluate, evaluate_pooled
from sparsecbm.evaluation.correction import KINDS
from sparsecbm.model.checkpoint import Checkpoint
from sparsecbm.model.encoding import Encoder
from sparsecbm.model.masks import ConceptMasks
from sparsecbm.model.network import SparseCBM
from sparsecbm.schema import CEBAB
from tests.evaluation.toys import pooled, toy_model, toy_split

NONE = (0.0, 0.0, 0.0)
FEATURES = [(2, 2, NONE), (0, 0, NONE), (1, 1, NONE), (0, 2, (0.0, 0.0, 1.0)), (2, 2, NONE), (0, 1, NONE)]
GOLD = [(2, 2, 2), (0, 0, -1), (2, 1, 1), (2, 2, 2), (-1, 0, 2), (0, 0, 1)]


def random_masks(model: SparseCBM) -> ConceptMasks:
    return ConceptMasks.from_bools(
        model.config.passes,
        {name: torch.rand(len(model.config.passes), *site.shape) > 0.7 for name, site in model.sites.items()})


def toy_report(kind: str = "sparse") -> EvaluationReport:
    model = toy_model(kind=kind)
    return evaluate_pooled(model, random_masks(model) if kind == "sparse" else None, pooled(FEATURES), toy_split(GOLD))


def test_the_json_keeps_the_contract() -> None:
    found = toy_report().to_json()
    assert json.loads(json.dumps(found)) == found
    assert set(found) == {"n", "label", "concepts", "specificity", "correction", "residual_share", "residual_by",
                          "sparsity", "jaccard", "split", "data_hash", "rows"}
    baseline = {"value", "accuracy", "macro_f1"}
    scores = {"n", "accuracy", "macro_f1", "ece", "reliability", "ci95", "majority"}
    assert set(found["label"]) == scores | {"f1_ovr_paper"}
    assert set(found["label"]["reliability"][0]) == {"n", "confidence", "accuracy", "ci95"}
    assert set(found["label"]["majority"]) == baseline
    assert set(found["label"]["ci95"]) == {"accuracy", "macro_f1"}
    assert list(found["concepts"]) == ["soup", "seats"]
    for concept in found["concepts"].values():
        assert set(concept) == scores
        assert set(concept["majority"]) == baseline
    assert np.shape(found["specificity"]) == np.shape(found["jaccard"]) == (2, 2)
    assert list(found["correction"]) == [*KINDS, "gain"]
    for row in map(found["correction"].get, KINDS):
        assert set(row) == {"all", "rows_with_wrong_concept", "no_residual"}
    assert 0 <= found["residual_share"] <= 1
    assert set(found["residual_by"]) == {"label", "outcome"}
    assert set(found["residual_by"]["label"]["good"]) == {"n", "mean", "ci95"}
    assert set(found["sparsity"]) == {"masked_weights", "whole_model", "union"}
    assert set(found["sparsity"]["masked_weights"]) == {"soup", "seats", "residual"}


def test_each_score_rests_on_the_rows_whose_truth_is_known() -> None:
    report = toy_report()
    assert (report.n, report.rows.scored, report.label.n) == (6, 6, 5)
    assert report.concepts is not None
    assert {name: scores.n for name, scores in report.concepts.items()} == {"soup": 6, "seats": 5}
    # labels of the five rated rows; row 3 is a tie of bad and good that the residual gives to good,
    # row 5 a tie of bad and fair that goes to the first
    gold, predicted = [2, 0, 2, 2, 0], [2, 0, 1, 2, 0]
    assert report.label.accuracy == 4 / 5
    assert report.label.macro_f1 == pytest.approx(oracle.f1_score(gold, predicted, average="macro"))
    assert report.label.majority.value == "good"
    assert report.concepts["soup"].accuracy == 4 / 6
    assert report.concepts["seats"].accuracy == 5 / 5
    assert report.rows.with_wrong_concept == 1  # row 3; row 4 is wrong too, but has no label
    assert report.correction is not None
    assert report.correction.predicted.all == 4 / 5
    assert report.correction.predicted.no_residual == 3 / 5
    assert report.residual_by is not None  # row 2 has a wrong label, row 3 a wrong concept, row 4 no label
    assert {name: share.n for name, share in report.residual_by["outcome"].items()} == {
        "right": 3, "label wrong, concepts right": 1, "concept wrong, label right": 1}
    assert {name: share.n for name, share in report.residual_by["label"].items()} == {"bad": 2, "good": 3}
    assert [sum(one.n for one in scores.reliability) for scores in (report.label, *report.concepts.values())] == [
        5, 6, 5]
    assert report.mean_concept_macro_f1 == pytest.approx(np.mean([s.macro_f1 for s in report.concepts.values()]))


def test_label_calibration_is_of_the_label_probabilities() -> None:
    """Only row 0 with a weak residual: logits 0, 0, 4 + 1, and the answer is right: the gap is 1 - p."""
    model = toy_model(kind="dense")
    report = evaluate_pooled(model, None, pooled([(2, 2, (0.0, 0.0, 1.0))]), toy_split([(2, 2, 2)]))
    assert report.label.ece == pytest.approx(1 - float(torch.tensor([0.0, 0.0, 5.0]).softmax(-1)[2]), abs=1e-6)


def test_a_dense_model_has_no_subnetworks() -> None:
    report = toy_report("dense")
    assert report.specificity is None
    assert report.jaccard is None
    assert report.concepts is not None
    assert report.correction is not None
    assert (report.sparsity.whole_model, report.sparsity.union) == (0, 0)


def test_a_black_box_has_a_label_only() -> None:
    """The label is the residual's: right on row 3; elsewhere the first of a tie wins, rightly on rows 1 and 5."""
    found = toy_report("black_box").to_json()
    for part in ("concepts", "specificity", "jaccard", "correction", "residual_share", "residual_by"):
        assert found[part] is None
    assert found["rows"]["with_wrong_concept"] is None
    assert found["label"]["accuracy"] == 3 / 5


def test_jaccard_is_of_the_concepts_masks() -> None:
    model = toy_model()
    masks = random_masks(model)
    report = evaluate_pooled(model, masks, pooled(FEATURES), toy_split(GOLD))
    np.testing.assert_array_equal(np.array(report.jaccard), masks.jaccard()[:2, :2])


def test_dropped_rows_and_content_are_told() -> None:
    toy = toy_split(GOLD)
    split = Split(toy.dataset, toy.schema, "dev", LoadReport("toy", "dev", 9, 6, {"blank text": 3}, {}))
    found = evaluate_pooled(toy_model(), None, pooled(FEATURES), split).to_json()
    assert found["rows"] == {"read": 9, "dropped": {"blank text": 3}, "scored": 6, "with_wrong_concept": 1}
    assert (found["split"], found["data_hash"]) == ("dev", split.data_hash)


def test_the_seed_moves_only_the_intervals() -> None:
    model, split = toy_model(kind="dense"), toy_split(GOLD * 20)
    first, again, other = (evaluate_pooled(model, None, pooled(FEATURES * 20), split, seed=seed).to_json()
                           for seed in (1, 1, 2))
    assert first == again
    assert first["label"].pop("ci95") != other["label"].pop("ci95")
    assert first["label"] == other["label"]


def test_features_of_other_rows_are_refused() -> None:
    with pytest.raises(ValueError, match="5 rows of features for the 6 rows"):
        evaluate_pooled(toy_model(), None, pooled(FEATURES[:5]), toy_split(GOLD))


def test_what_no_row_tells_of_is_left_out() -> None:
    """The seats' truth is never known, then the label's: the other figures stay as they are."""
    model = toy_model()
    masks, whole = random_masks(model), toy_report().to_json()
    seats = evaluate_pooled(model, masks, pooled(FEATURES), toy_split([(label, soup, -1) for label, soup, _ in GOLD]))
    found = seats.to_json()
    assert found["concepts"] == {"soup": whole["concepts"]["soup"], "seats": None} and not seats.complete
    assert found["label"] == whole["label"]
    assert [[cell is None for cell in row] for row in found["specificity"]] == [[False, True]] * 2
    assert seats.mean_concept_macro_f1 == whole["concepts"]["soup"]["macro_f1"]
    unrated = evaluate_pooled(model, masks, pooled(FEATURES), toy_split([(-1, *rest) for _, *rest in GOLD]))
    found = unrated.to_json()
    assert [found[part] for part in ("label", "correction", "residual_by")] == [None] * 3 and not unrated.complete
    assert found["concepts"] == whole["concepts"] and found["rows"]["with_wrong_concept"] is None
    assert found["residual_share"] == whole["residual_share"] and toy_report().complete


@pytest.mark.parametrize(("kind", "gold"), [("sparse", (-1, -1, -1)), ("black_box", (-1, 2, 2))])
def test_nothing_to_score_is_an_error(kind: str, gold: tuple[int, int, int]) -> None:
    with pytest.raises(DataError, match="so it cannot be scored"):
        evaluate_pooled(toy_model(kind=kind), None, pooled(FEATURES), toy_split([gold] * 6))


def test_data_of_other_concepts_are_refused() -> None:
    toy = toy_split(GOLD)
    with pytest.raises(DataError, match="The model's concepts are soup, seats, but data set cebab has food, ambiance"):
        evaluate_pooled(toy_model(), None, pooled(FEATURES), Split(toy.dataset, CEBAB, "dev", toy.report))


def toy_checkpoint(path: Path) -> Checkpoint:
    words = ["[PAD]", "[UNK]", "Toy", "review", "with", "a", "few", "words", *map(str, range(9))]
    tokenizer = Tokenizer(WordLevel({word: index for index, word in enumerate(words)}, unk_token="[UNK]"))
    tokenizer.pre_tokenizer = Whitespace()
    fast = PreTrainedTokenizerFast(tokenizer_object=tokenizer, pad_token="[PAD]")  # type: ignore[no-untyped-call]
    model = toy_model()
    return Checkpoint(model, random_masks(model), "hash", path, encoder=Encoder(fast, 32))


@pytest.mark.parametrize("batch_size", [1, 4, 64])
def test_rows_scored_are_the_rows_of_the_split(tmp_path: Path, batch_size: int) -> None:
    """METHOD's inflated scores mixed in rows of another split; here each row counts once, in its own place."""
    checkpoint, split = toy_checkpoint(tmp_path), toy_split(GOLD)
    heard: list[int] = []
    report = evaluate(checkpoint, split, batch_size, heard.append)
    assert report.n == len(split) == sum(heard) == 6

    model, masks = checkpoint.model.eval(), checkpoint.masks
    with torch.no_grad():  # text by text, so that no order can be mistaken
        features = torch.cat([model.pool(checkpoint.encoder.encode([text]), masks) for text in split.texts])
    right, wrong = (evaluate_pooled(model, masks, rows, split).label.ece for rows in (features, features.flip(0)))
    assert report.label.ece == pytest.approx(right, abs=1e-5) != pytest.approx(wrong, abs=1e-5)


def test_evaluation_leaves_the_model_as_it_was(tmp_path: Path) -> None:
    checkpoint = toy_checkpoint(tmp_path)
    checkpoint.model.train()
    before = {name: tensor.clone() for name, tensor in checkpoint.model.state_dict().items()}
    evaluate(checkpoint, toy_split(GOLD))
    assert checkpoint.model.training
    for name, tensor in checkpoint.model.state_dict().items():
        assert torch.equal(tensor, before[name])
