"""Several sources: what may be learned from and scored on, what is dropped, and what a run makes of them."""

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from sparsecbm.config import ModelConfig
from sparsecbm.data.split import Review, Split, normalised
from sparsecbm.errors import ConfigError, DataError
from sparsecbm.model.checkpoint import CARD_FILE, METRICS_FILE
from sparsecbm.training import loop
from sparsecbm.training.loop import summary
from sparsecbm.training.train import train
from sparsecbm.training.training_sources import Source, prepared, read_notes
from tests.helpers import TOY, toy_reviews, toy_split, train_config
from tests.training.test_resume import assert_same, interrupt

MODEL = ModelConfig(TOY)


def told(reviews: list[Review], label: bool = True, soup: bool = True, room: bool = True) -> list[Review]:
    """The reviews with only so much known of them."""
    return [replace(review, label=review.label if label else -1,
                    concepts=tuple(value if known else -1
                                   for value, known in zip(review.concepts, (soup, room), strict=True)))
            for review in reviews]


def split(start: int, stop: int, name: str = "train", **known: bool) -> Split:
    return toy_split(name=name, reviews=told(toy_reviews(4)[start:stop], **known))


FULL, UNRATED, SOUP = split(0, 9), split(9, 18, label=False), split(9, 18, label=False, room=False)
DEV, OTHER_DEV = split(18, 27, "dev"), split(27, 36, "dev", label=False, room=False)


# -- what is learned from ------------------------------------------------------------------------------------------


def test_texts_to_score_are_not_learned() -> None:
    """Case, blanks and width of letters make no other text; the report counts what is left out, by source."""
    shouted = toy_reviews(4)[18]
    same = replace(shouted, id="x", text=f"  {shouted.text.upper()}\u00a0")
    learned = [Source("a", FULL), Source("b", toy_split(reviews=[*toy_reviews(1)[:2], same]))]
    training, evaluation = prepared(learned, [Source("a", OTHER_DEV_WITH_ALL), Source("c", DEV)], MODEL)
    assert [len(source.split) for source in training] == [9, 2] and training[0].split is FULL
    assert training[1].split.report.dropped == {"also in c/dev": 1} and training[1].split.report.kept == 2
    assert training[1].split.texts == [review.text for review in toy_reviews(1)[:2]]
    assert evaluation[1].split is DEV


OTHER_DEV_WITH_ALL = split(27, 36, "dev")


def test_a_source_that_is_all_scored_is_refused() -> None:
    with pytest.raises(DataError, match="all 9 texts are dropped"):
        prepared([Source("a", FULL)], [Source("b", FULL)], MODEL)


def test_normalised_texts() -> None:
    assert normalised(" Good\u00a0\n ＳＯＵＰ ") == "good soup" != normalised("good soup.")


@pytest.mark.parametrize(("learned", "scored", "says"), [
    ([], [DEV], "0 training and 1 evaluation sources"),
    ([FULL], [], "1 training and 0 evaluation"),
    ([UNRATED], [DEV], "The training sources tell nothing of verdict;"),
    ([SOUP], [DEV], "The training sources tell nothing of verdict, room;"),
    ([FULL], [OTHER_DEV, DEV], "a/dev, the first evaluation source, tell nothing of verdict, room"),
    ([FULL], [DEV, split(27, 36, "dev2", label=False, soup=False, room=False)], "nothing that a sparse model"),
])
def test_sources_that_cannot_be_used_are_refused(learned: list[Split], scored: list[Split], says: str) -> None:
    with pytest.raises(ConfigError, match=says):
        prepared([Source("a", one) for one in learned],
                 [Source("ab"[number], one) for number, one in enumerate(scored)], MODEL)


@pytest.mark.parametrize("weight", [0.0, -1.0, float("nan"), float("inf")])
def test_weights_are_positive(weight: float) -> None:
    with pytest.raises(ConfigError, match="The weight of a/train is"):
        prepared([Source("a", FULL, weight)], [Source("a", DEV)], MODEL)


def test_no_source_is_scored_twice() -> None:
    with pytest.raises(ConfigError, match="a/dev came twice"):
        prepared([Source("a", FULL)], [Source("a", DEV), Source("a", DEV)], MODEL)


def test_what_was_read_is_noted_for_each_and_for_all() -> None:
    alone, both = read_notes([Source("a", FULL)]), read_notes([Source("a", FULL), Source("b", UNRATED, 0.5)])
    assert (alone["split"], alone["rows"], alone["data_hash"]) == ("train", 9, FULL.data_hash)
    assert (both["split"], both["rows"], both["read"]) == ("a/train + b/train", 18, 18)
    assert [(one["name"], one["weight"], one["rows"]) for one in both["sources"]] == [
        ("a/train", 1, 9), ("b/train", 0.5, 9)]
    assert both["data_hash"] != read_notes([Source("b", UNRATED), Source("a", FULL)])["data_hash"]


def test_scores_are_means_over_the_sources_that_have_them() -> None:
    found = summary({"a/dev": {"label": 0.5, "concept": 0.7}, "b/dev": {"concept": 0.9}})
    assert found == pytest.approx({"label": 0.5, "concept": 0.8, "a/dev label": 0.5, "a/dev concept": 0.7,
                                   "b/dev concept": 0.9})
    assert summary({"a/dev": {"label": 0.5}}) == {"label": 0.5}


# -- whole runs ----------------------------------------------------------------------------------------------------


def mixture(weight: float = 0.5) -> tuple[list[Source], list[Source]]:
    """One whole source and one that tells of the soup alone; the same to score on."""
    return [Source("a", FULL), Source("b", SOUP, weight)], [Source("a", DEV), Source("b", OTHER_DEV)]


@pytest.mark.slow
def test_a_mixture_is_trained_and_reported_by_source(
    backbone: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The best epoch has the highest mean over sources: 1 and 0 of the first are less than .6 and .6 of the second."""
    scores = iter([{"concept_macro_f1": value} for value in (1.0, 0.0, 0.6, 0.6)])
    monkeypatch.setattr(loop, "selection_scores", lambda *_: next(scores))
    folder = train(train_config(backbone), *mixture(), tmp_path, "cpu")
    metrics = json.loads((folder / METRICS_FILE).read_text(encoding="utf-8"))
    assert list(metrics["sources"]) == ["a/dev", "b/dev"] and metrics["sources"]["a/dev"] == metrics["dev"]
    other = metrics["sources"]["b/dev"]
    assert other["label"] is None and other["concepts"]["room"] is None and other["concepts"]["soup"]["n"] == 9
    training = metrics["training"]
    assert training["rows"] == 18 and training["best_epoch"] == 2
    assert training["epochs"][1]["concept_macro_f1"] == 0.5 and training["epochs"][2]["b/dev concept_macro_f1"] == 0.6
    assert [(one["dataset"], one["split"], one["weight"], one["data_hash"]) for one in training["config"]["sources"]] \
        == [("a", "train", 1, FULL.data_hash), ("b", "train", 0.5, SOUP.data_hash)]
    card = (folder / CARD_FILE).read_text(encoding="utf-8")
    assert "b/train" in card and SOUP.data_hash[:12] in card and "0.5" in card and "b/dev" in card


@pytest.mark.slow
def test_a_mixture_is_resumed_with_the_same_sources_only(backbone: Path, tmp_path: Path) -> None:
    config: Any = train_config(backbone)
    unbroken = train(config, *mixture(), tmp_path / "unbroken", "cpu")
    interrupt(4, tmp_path / "cut", config, *mixture())
    with pytest.raises(ConfigError, match="other settings"):
        train(config, *mixture(0.6), tmp_path / "cut", "cpu", resume=True)
    assert_same(train(config, *mixture(), tmp_path / "cut", "cpu", resume=True), unbroken)
